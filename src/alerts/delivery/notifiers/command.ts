import { closeSync } from "node:fs";
import type { Notice } from "../../../model/alert.ts";
import type { CommandSpec } from "../../../model/alerts-spec.ts";
import { openMemoryFile } from "../../../platform/memory-file.ts";
import { DELIVERED, type DeliveryOutcome, failed, type Notifier, type Pace } from "../notifier.ts";
import { oneLine } from "../safe-text.ts";
import { noticesAsJson } from "./body.ts";
import { withDeadline } from "./deadline.ts";
import type { NotifierPorts } from "./ports.ts";

const PACE: Pace = { gapMs: 0, mostNotices: 50, mostBytes: 1_000_000 };
/** sysexits.h: "the user's input data was incorrect in some way": what it got, it does not want. */
const EX_DATAERR = 65;
/** All that a command gets of the daemon's environment, in which secrets may lie. */
const PASSED_ON = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z]+|TZ|TMPDIR)$/;
const COMPLAINT_CHARACTERS = 2_000;
/** How long the end of a complaint is waited for when the command has ended. */
const COMPLAINT_GRACE_MS = 100;

/**
 * Runs a command of the operator, without a shell, with the notices as JSON on its standard input. Exit code 0 means that they were
 * taken, 65 that they never will be; everything else is tried again.
 */
export function commandNotifier(spec: CommandSpec, ports: NotifierPorts): Notifier {
  const { clock } = ports;
  return {
    channel: spec.name,
    recipient: null,
    severity: spec.severity,
    pace: PACE,
    deliver: (notices, signal) =>
      withDeadline({ clock, timeoutMs: spec.timeoutMs, signal }, (inner) => run(spec, notices, ports, inner)),
  };
}

async function run(
  spec: CommandSpec,
  notices: readonly Notice[],
  ports: NotifierPorts,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  let child: ReturnType<typeof start>;
  try {
    child = start(spec, ports, noticesAsJson(notices));
  } catch (error) {
    return failed(`${spec.command[0]} cannot be run (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`);
  }
  const kill = () => killGroup(child.pid);
  signal.addEventListener("abort", kill);
  try {
    const complaint = lastLine(child.stderr, child.exited, ports);
    const code = await child.exited;
    const words = await complaint;
    return judge(code, child.signalCode === null ? null : String(child.signalCode), words);
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** Its input is a file: it gets all of it, also when the daemon is killed in this moment. */
function start(spec: CommandSpec, ports: NotifierPorts, input: string) {
  const kept = Object.entries(ports.environment).filter(([name]) => PASSED_ON.test(name));
  const stdin = openMemoryFile(ports.libc, Buffer.from(input));
  try {
    return Bun.spawn([...spec.command], {
      cwd: "/",
      env: Object.fromEntries(kept),
      stdin,
      stdout: "ignore",
      stderr: "pipe",
      // A session of its own: what it starts can be ended with it.
      detached: true,
    });
  } finally {
    closeSync(stdin);
  }
}

function judge(code: number, signalCode: string | null, words: string): DeliveryOutcome {
  if (code === 0) return DELIVERED;
  if (signalCode !== null) return failed(`it was killed by ${signalCode.replace("SIG", "")}`);
  const reason = words === "" ? `it ended with code ${code}` : `${words} (code ${code})`;
  return failed(reason, { permanent: code === EX_DATAERR });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended in this moment.
  }
}

/** The last line that is not empty. What the command left running may hold the pipe open and is not waited for. */
async function lastLine(
  stream: ReadableStream<Uint8Array>,
  ended: Promise<unknown>,
  { clock }: NotifierPorts,
): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const read = async () => {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      text = (text + decoder.decode(step.value, { stream: true })).slice(-COMPLAINT_CHARACTERS);
    }
  };
  const reading = read();
  await Promise.race([reading, ended]);
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = clock.setTimer(COMPLAINT_GRACE_MS, resolve);
  await Promise.race([reading, late]);
  timer[Symbol.dispose]();
  await reader.cancel();
  return oneLine(text.trimEnd().split("\n").at(-1) ?? "", 300);
}
