/**
 * The floor: the least that keeps programs running on this runtime. Starts each, starts it again when it ends, and
 * ends them all on TERM. `floor <plan>`: a JSON file, a list of `{ command, output }`.
 */
import { openSync, readFileSync, writeSync } from "node:fs";

interface Program {
  readonly command: readonly string[];
  /** the file that its output is moved to; null: it has none */
  readonly output: string | null;
}

const programs = JSON.parse(readFileSync(process.argv.at(-1) ?? "", "utf8")) as readonly Program[];
const running = new Set<Bun.Subprocess>();
let ending = false;

function start(program: Program): void {
  const child = Bun.spawn([...program.command], {
    stdin: "ignore",
    stdout: program.output === null ? "ignore" : "pipe",
    stderr: "ignore",
    onExit: () => {
      running.delete(child);
      if (!ending) start(program);
      else if (running.size === 0) process.exit(0);
    },
  });
  running.add(child);
  if (program.output !== null && child.stdout instanceof ReadableStream) void move(child.stdout, program.output);
}

async function move(stream: ReadableStream<Uint8Array>, path: string): Promise<void> {
  const file = openSync(path, "a", 0o600);
  for await (const bytes of stream) writeSync(file, bytes);
}

process.on("SIGTERM", () => {
  ending = true;
  for (const child of running) child.kill("SIGTERM");
});
for (const program of programs) start(program);
