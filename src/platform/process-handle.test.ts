import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { err, ok, type Result } from "../base/result.ts";
import { readBoot } from "./boot.ts";
import { ERRNO } from "./constants.ts";
import { openLibc } from "./libc.ts";
import { type HandleCalls, ProcessHandles, type SignalFailure } from "./process-handle.ts";
import { ProcessIdentities, type ProcessIdentity } from "./process-identity.ts";
import { TestChildren } from "./testing/children.ts";

const libc = openLibc();
const identities = new ProcessIdentities(readBoot());
const withoutPidfd: HandleCalls = {
  pidfdOpen: () => -ERRNO.ENOSYS,
  pidfdSendSignal: () => -ERRNO.ENOSYS,
  kill: (pid, signal) => libc.kill(pid, signal),
  close: () => -ERRNO.EBADF,
};
const GONE: Result<void, SignalFailure> = err({ kind: "gone" });
const descriptors = () => readdirSync("/proc/self/fd").length;

for (const [how, calls] of [
  ["through a pidfd", libc],
  ["where the kernel gives no pidfd", withoutPidfd],
] as const) {
  describe(`signals ${how}`, () => {
    const handles = new ProcessHandles(calls, identities);

    test("reach the process, and say when it is gone", async () => {
      await using children = new TestChildren();
      const child = children.shell(`trap 'echo heard' USR1; echo here; while :; do sleep 1000 & wait "$!"; done`);
      await child.line();
      const opened = handles.open(identities.identify(child.pid) as ProcessIdentity);
      if (!opened.ok) throw new Error(opened.error.kind);
      expect(opened.value.sendSignal(10)).toEqual(ok(undefined));
      expect(await child.line()).toBe("heard");
      expect(opened.value.sendSignal(9)).toEqual(ok(undefined));
      expect(await child.exited).toBe(137);
      expect(opened.value.sendSignal(0)).toEqual(GONE);
      opened.value.close();
      opened.value.close();
      expect(opened.value.sendSignal(0)).toEqual(GONE);
    });

    test("never reach somebody else who has the pid now", async () => {
      await using children = new TestChildren();
      const child = children.shell("echo here; exec sleep 1000");
      await child.line();
      const identity = identities.identify(child.pid) as ProcessIdentity;
      const before = descriptors();
      expect(handles.signal({ ...identity, startTicks: identity.startTicks + 1 }, 9)).toEqual(GONE);
      expect(handles.signal({ ...identity, bootId: "another" }, 9)).toEqual(GONE);
      expect(handles.signal({ ...identity, pid: 2 ** 30 }, 9)).toEqual(GONE);
      expect(handles.signal(identity, 0)).toEqual(ok(undefined));
      expect(descriptors()).toBe(before);
      expect(identities.isAlive(identity)).toBe(true);
      expect(handles.signal(identity, 9)).toEqual(ok(undefined));
      expect(await child.exited).toBe(137);
    });

    test("that do not exist are refused", () => {
      const myself = identities.identify(process.pid) as ProcessIdentity;
      expect(handles.signal(myself, 999)).toEqual(err({ kind: "refused", errno: ERRNO.EINVAL }));
    });
  });
}

test("a process of another user is told from one that is gone", () => {
  const refusing: HandleCalls = { ...withoutPidfd, kill: () => -ERRNO.EPERM };
  const myself = identities.identify(process.pid) as ProcessIdentity;
  expect(new ProcessHandles(refusing, identities).signal(myself, 15)).toEqual(err({ kind: "not-permitted" }));
});
