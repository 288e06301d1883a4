import { describe, expect, test } from "bun:test";
import { CHILD_STEPS } from "../../platform/shim/records.ts";
import { testService } from "../simulation/services.ts";
import { describeFailure } from "./failed-step-words.ts";

const SPEC = testService("web", { command: ["/srv/web", "--fast"], directory: "/srv", user: "ana", priority: -5 });

describe("why no program came to be", () => {
  const table = [
    ["exec", 2, 'its program "/srv/web" cannot be run: there is no such file or directory'],
    ["exec", 13, 'its program "/srv/web" cannot be run: permission is denied'],
    ["directory", 20, "its directory /srv cannot be entered: a part of the path is not a directory"],
    ["uid", 1, 'it cannot run as the user "ana": that is not permitted'],
    ["gid", 1, 'it cannot run with the group of "ana": that is not permitted'],
    ["nice", 13, "its priority -5 cannot be set: permission is denied"],
    ["fork", 11, "no process can be made for it: the system has no room for another process now"],
    ["socket", 36, "its event socket cannot be made: the name is too long"],
    ["limit", 999, 'its "limits" cannot be set: the system says error 999'],
  ] as const;
  for (const [step, errno, words] of table) {
    test(words, () => expect(describeFailure({ step, errno }, SPEC)).toBe(words));
  }

  test("with shell = true it is the shell that cannot be run", () => {
    const shell = testService("web", { shell: true, command: ["a | b"] });
    expect(describeFailure({ step: "exec", errno: 2 }, shell)).toContain('"/bin/sh"');
  });

  for (const step of CHILD_STEPS) {
    test(`step ${step} says what and why, and nothing that is not there`, () => {
      const words = describeFailure({ step, errno: 13 }, testService("web", { command: [] }));
      expect(words).toMatch(/^[a-z].+: permission is denied$/);
      expect(words).not.toContain("undefined");
    });
  }
});
