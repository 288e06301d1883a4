import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { openLibc } from "../platform/libc.ts";
import { VirtualClock } from "../platform/virtual-clock.ts";
import { takeDirectories } from "./ground.ts";
import { daemonPaths } from "./options.ts";

describe("takeDirectories", () => {
  test("makes them, and lets nobody else in until it ends", async () => {
    using directory = temporaryDirectory("ground");
    const paths = daemonPaths({ stateDirectory: directory.file("state"), runDirectory: directory.file("run") });
    const lock = await takeDirectories(paths, openLibc(), new VirtualClock());
    const second = takeDirectories(paths, openLibc(), new VirtualClock());
    await expect(second).rejects.toMatchObject({ code: "state-directory-in-use", data: { pid: process.pid } });
    lock.release();
    (await takeDirectories(paths, openLibc(), new VirtualClock())).release();
  });

  test("says what is in the way", async () => {
    using directory = temporaryDirectory("ground");
    writeFileSync(directory.file("state"), "");
    const paths = daemonPaths({ stateDirectory: directory.file("state"), runDirectory: directory.file("run") });
    const taken = takeDirectories(paths, openLibc(), new VirtualClock());
    await expect(taken).rejects.toMatchObject({
      code: "state-directory-unusable",
      message: expect.stringContaining("a part of the path is not a directory"),
    });
  });
});
