import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PR_SET_CHILD_SUBREAPER = 36;

/** A shell that a test started. */
export interface ShellChild {
  readonly pid: number;
  readonly exited: Promise<number>;
  /** The next line of its standard output; rejects when there is none any more. */
  line(): Promise<string>;
  /** All lines until nobody holds its standard output any more. */
  rest(): Promise<string[]>;
  /** Writes to its standard input, which is empty unless it was asked for. */
  say(text: string): void;
}

/**
 * Children of one test. Disposing it ends them and everything that came of them, found by a mark in the environment,
 * so that a test that fails half way leaves nothing either.
 */
export class TestChildren implements AsyncDisposable {
  readonly mark = `MUSTER_TEST_MARK=${crypto.randomUUID()}`;
  private readonly children: Bun.Subprocess[] = [];

  /** Runs `/bin/sh -c script`, with `environment` beside the mark and PATH. */
  shell(script: string, environment: Readonly<Record<string, string>> = {}, listens = false): ShellChild {
    return this.start(["/bin/sh", "-c", script], environment, listens);
  }

  /** The same as a child subreaper, which orphans below it become children of: as a shim is one. */
  reaper(script: string, environment: Readonly<Record<string, string>> = {}): ShellChild {
    const libc = JSON.stringify(join(import.meta.dir, "../libc.ts"));
    const code = `const { openLibc } = await import(${libc});
      openLibc().prctl(${PR_SET_CHILD_SUBREAPER}, 1);
      const environment = Object.entries(process.env).map((pair) => pair.join("="));
      openLibc().execve("/bin/sh", ["sh", "-c", process.argv.at(-1)], environment);`;
    return this.start([process.execPath, "-e", code, script], environment);
  }

  /** Pids of all that carries the mark, those included whose parents are gone. */
  living(): number[] {
    return readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry) && carries(entry, this.mark))
      .map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // One that is just being forked, or is inside execve, is not seen for a moment.
    for (let quietLooks = 0; quietLooks < 4; quietLooks++) {
      for (const pid of this.living()) {
        killIfThere(pid);
        quietLooks = -1;
      }
      await turn();
    }
    await Promise.all(this.children.map((child) => child.exited));
  }

  private start(command: string[], environment: Readonly<Record<string, string>>, listens = false): ShellChild {
    const [name = "", value = ""] = this.mark.split("=");
    const child = Bun.spawn(command, {
      env: { PATH: process.env.PATH ?? "", ...environment, [name]: value },
      stdin: listens ? "pipe" : "ignore",
      stdout: "pipe",
      stderr: "ignore",
    });
    this.children.push(child);
    const lines = readLines(child.stdout);
    return {
      pid: child.pid,
      exited: child.exited,
      say: (text) => {
        child.stdin?.write(text);
        child.stdin?.flush();
      },
      rest: () => Array.fromAsync(lines),
      line: async () => {
        const next = await lines.next();
        if (next.done) throw new Error("the shell wrote no further line");
        return next.value;
      },
    };
  }
}

/** Waits until a fact of the system holds that nobody announces; gives up after 4 s, before the test runner does. */
export async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 4_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`waited 4 s in vain until ${holds}`);
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

function carries(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
  } catch {
    return false;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}
