import { codedError } from "../../model/errors/catalogue.ts";
import type { Saying } from "../../model/saying.ts";
import { runCli } from "../cli.ts";
import type { ClientPort } from "../client-port.ts";
import { BrokenPipe, type CliHost, type TextOutput } from "../context.ts";
import type { UpOptions } from "../daemon-port.ts";

/** 2026-11-20T12:00:00Z; tests give times with the offset they want. */
export const NOW_MS = Date.UTC(2026, 10, 20, 12, 0, 0);

export interface FakeTerminal {
  readonly columns: number;
  readonly rows: number;
}

/** What a test says about the world; all else of a host refuses to be used. */
export interface FakeWorld {
  readonly client?: Partial<ClientPort>;
  readonly terminal?: FakeTerminal;
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly uid?: number;
  /** ends writing after so many calls, as a reader that goes away does */
  readonly writesBeforeBrokenPipe?: number;
  readonly interruption?: AbortSignal;
  readonly daemonExitCode?: number;
  readonly startDetached?: () => Promise<void>;
  readonly shim?: string | null | undefined;
  readonly rehearse?: CliHost["rehearse"];
  /** takes what is said to the supervisor; nobody is there unless it is given */
  readonly say?: (saying: Saying) => Promise<void>;
}

export interface CliOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** the control sockets that were connected to */
  readonly connected: readonly string[];
  readonly ups: readonly UpOptions[];
  readonly detached: readonly (readonly string[])[];
  /** the command lines of `vme` */
  readonly vmes: readonly (readonly string[])[];
}

/** Runs one command line against a world that the test wrote; no process, no socket, no terminal. */
export async function runFake(argv: readonly string[], world: FakeWorld = {}): Promise<CliOutcome> {
  const stdout = new FakeOutput(world);
  const stderr = new FakeOutput({ ...world, writesBeforeBrokenPipe: Number.POSITIVE_INFINITY });
  const connected: string[] = [];
  const ups: UpOptions[] = [];
  const detached: (readonly string[])[] = [];
  const vmes: (readonly string[])[] = [];
  const host: CliHost = {
    stdout,
    stderr,
    environment: world.environment ?? {},
    workingDirectory: world.workingDirectory ?? "/srv/shop",
    uid: world.uid ?? 0,
    version: "1.2.3",
    selfCommand: ["/usr/bin/muster"],
    daemon: {
      run: async (options) => {
        ups.push(options);
        return world.daemonExitCode ?? 0;
      },
      startDetached: async (command) => {
        detached.push(command);
        await world.startDetached?.();
      },
    },
    nowMs: () => NOW_MS,
    sleep: async () => {},
    interruption: () => world.interruption ?? new AbortController().signal,
    connect: async (socket) => {
      connected.push(socket);
      return fakeClient(world.client ?? {});
    },
    rehearse: world.rehearse ?? (() => Promise.reject(new Error("the test has no rehearsal"))),
    probeShim: async () => ("shim" in world ? world.shim : null),
    say: async (saying) => {
      if (world.say === undefined) throw codedError("not-supervised", { word: saying.id });
      await world.say(saying);
    },
    vme: async (words) => {
      vmes.push(words);
      return 0;
    },
  };
  const exitCode = await runCli(argv, host);
  return { exitCode, stdout: stdout.text, stderr: stderr.text, connected, ups, detached, vmes };
}

class FakeOutput implements TextOutput {
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly rows: number;
  text = "";
  private writesLeft: number;

  constructor(world: FakeWorld) {
    this.isTerminal = world.terminal !== undefined;
    this.columns = world.terminal?.columns ?? Number.POSITIVE_INFINITY;
    this.rows = world.terminal?.rows ?? Number.POSITIVE_INFINITY;
    this.writesLeft = world.writesBeforeBrokenPipe ?? Number.POSITIVE_INFINITY;
  }

  write(text: string): void {
    if (this.writesLeft-- <= 0) throw new BrokenPipe();
    this.text += text;
  }
}

/** A client that knows only what the test wrote; a further call is a mistake of the command and says which. */
function fakeClient(known: Partial<ClientPort>): ClientPort {
  return new Proxy(known, {
    get: (target, name) => {
      if (name === "then") return undefined;
      const method: unknown = Reflect.get(target, name);
      if (method === undefined) throw new Error(`the test's client has no ${String(name)}`);
      return method;
    },
  }) as ClientPort;
}

/** A stream that gives these items and ends. */
export async function* streamOf<Item>(...items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}
