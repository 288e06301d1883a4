import { describe, expect, test } from "bun:test";
import { readBoot } from "./boot.ts";
import { openLibc } from "./libc.ts";
import { type HandleCalls, ProcessHandles } from "./process-handle.ts";
import { ProcessIdentities, type ProcessIdentity } from "./process-identity.ts";
import { MARK_VARIABLE, ProcessMarks, sessionMembers } from "./process-marks.ts";
import { ProcessTable } from "./process-table.ts";
import { ProcessTree } from "./process-tree.ts";
import { TestChildren, until } from "./testing/children.ts";

const libc = openLibc();
const identities = new ProcessIdentities(readBoot());
const table = new ProcessTable();
const tree = new ProcessTree(table, new ProcessHandles(libc, identities), identities);
const marks = new ProcessMarks(table);

function identityOf(pid: number): ProcessIdentity {
  const identity = identities.identify(pid);
  if (!identity) throw new Error(`${pid} is not alive`);
  return identity;
}

/** A program of our kind, four processes deep and wide: a plain child, one in an own session, a double fork. */
const FAMILY = `
  sh -c '
    trap "" TERM
    sleep 1000 &
    setsid sleep 1001 &
    (setsid sh -c "trap \\"\\" TERM HUP; sleep 1002 & echo complete; wait" &)
    wait' &
  wait`;

/** At any moment only its newest process lives; left alone it ends by itself after some seconds. */
const CHAIN = `[ "$LEFT" = 2000 ] && echo begun
  LEFT=$((LEFT - 1))
  [ "$LEFT" = 0 ] && echo complete && exit
  (sh -c "$LINK" &)`;

describe("killing a tree", () => {
  test("reaches double forks and own sessions, not its root", async () => {
    await using children = new TestChildren();
    const root = children.reaper(FAMILY);
    await root.line();
    await until(() => children.living().length === 6);
    const outcome = await tree.killTree(identityOf(root.pid));
    expect(outcome.refused).toEqual([]);
    expect(outcome.sent.length).toBe(5);
    expect(outcome.sent.map((row) => row.pid)).not.toContain(root.pid);
    expect(await root.rest()).toEqual([]);
    await until(() => children.living().length === 0);
  });

  test("outruns one whose processes each start the next one and end", async () => {
    await using children = new TestChildren();
    const root = children.reaper('sh -c "$LINK" & sleep 1000 & wait', { LINK: CHAIN, LEFT: "2000" });
    expect(await root.line()).toBe("begun");
    const outcome = await tree.killTree(identityOf(root.pid));
    expect(outcome.refused).toEqual([]);
    expect(await root.rest()).toEqual([]);
  });

  test("does nothing when its root is somebody else by now", async () => {
    await using children = new TestChildren();
    const root = children.shell("sleep 1000 & echo here; wait");
    await root.line();
    const identity = identityOf(root.pid);
    expect(await tree.killTree({ ...identity, startTicks: identity.startTicks - 1 })).toEqual({
      sent: [],
      refused: [],
    });
    expect(await tree.killTree({ ...identity, bootId: "another" })).toEqual({ sent: [], refused: [] });
    expect(children.living().length).toBe(2);
  });

  test("names whom it may not signal", async () => {
    await using children = new TestChildren();
    const root = children.shell("sleep 1000 & echo here; wait");
    await root.line();
    const refusing: HandleCalls = { pidfdOpen: () => -38, pidfdSendSignal: () => -38, kill: () => -1, close: () => 0 };
    const weak = new ProcessTree(table, new ProcessHandles(refusing, identities), identities);
    const outcome = await weak.killTree(identityOf(root.pid));
    expect(outcome.sent).toEqual([]);
    expect(outcome.refused.map(({ failure }) => failure)).toEqual([{ kind: "not-permitted" }]);
  });
});

describe("a signal to a tree", () => {
  test("goes to each once and stops nobody", async () => {
    await using children = new TestChildren();
    const inner = `trap 'echo heard' USR1; echo ready; while :; do sleep 1000 & wait "$!"; done`;
    const root = children.shell('sh -c "$INNER" & trap "echo wrong" USR1; while :; do wait; done', { INNER: inner });
    expect(await root.line()).toBe("ready");
    const outcome = await tree.signalTree(identityOf(root.pid), 10);
    expect(outcome.sent.length).toBeGreaterThan(0);
    expect(await root.line()).toBe("heard");
  });
});

describe("what escaped a killed root", () => {
  test("is found by its mark, and killed", async () => {
    await using children = new TestChildren();
    const token = crypto.randomUUID();
    const root = children.shell("(setsid sleep 1000 &); (sleep 1001 &); echo here; wait", { [MARK_VARIABLE]: token });
    await root.line();
    await root.exited;
    const before = identityOf(process.pid).startTicks;
    const found = (await marks.find(new Set([token]), before)).get(token) ?? [];
    expect(found.map((row) => row.pid).toSorted()).toEqual(children.living().toSorted());
    expect(found.length).toBe(2);
    expect((await marks.find(new Set([token.slice(1), "other"]))).size).toBe(0);
    expect((await tree.killAll(marks.quarry(token, before))).sent.length).toBe(2);
    await until(() => children.living().length === 0);
  });

  test("a variable that only ends like the mark, or holds it, is none", async () => {
    await using children = new TestChildren();
    const environment = { [`X${MARK_VARIABLE}`]: "deceiver", Y: `${MARK_VARIABLE}=deceiver` };
    const root = children.shell("echo here; exec sleep 1000", environment);
    await root.line();
    expect((await marks.find(new Set(["deceiver"]))).size).toBe(0);
  });

  test("is found by its session, unless the leader's pid is somebody else's", async () => {
    await using children = new TestChildren();
    const root = children.shell('setsid sh -c "sleep 1000 & echo \\$\\$ \\$!; wait"');
    const [leaderPid, memberPid] = (await root.line()).split(" ").map(Number);
    const leader = identityOf(leaderPid ?? 0);
    const seen = table.scan();
    expect(sessionMembers(seen, leader).length).toBe(2);
    expect(sessionMembers(seen, { ...leader, startTicks: leader.startTicks - 5 })).toEqual([]);
    process.kill(leader.pid, "SIGKILL");
    await until(() => !identities.isAlive(leader));
    expect(sessionMembers(table.scan(), leader).map((row) => row.pid)).toEqual([memberPid ?? 0]);
  });
});
