import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageDescription from "../package.json" with { type: "json" };
import { floor } from "./subjects/floor.ts";
import { muster } from "./subjects/muster.ts";
import { pm2 } from "./subjects/pm2.ts";
import type { Service, Subject } from "./subjects/subject.ts";
import { supervisord } from "./subjects/supervisord.ts";

const ROOT = join(import.meta.dir, "..");

/** What the benchmark is made of: executables of its own, directories, the supervisors that are there. */
export class Workshop implements Disposable {
  /** on tmpfs: run directories, state, marks */
  readonly memory: string;
  /** on the file system of the temporary directory */
  readonly disk: string;
  readonly muster: Subject;
  readonly floor: Subject;
  /** those that are installed */
  readonly others: readonly Subject[];
  /** a compiled program that does nothing */
  readonly trivial: string;
  /** the compiled `muster` */
  readonly executable: string;
  /** whether the services are written in C: then they can write logs, too */
  readonly compiled: boolean;
  private readonly program: string;
  private count = 0;

  constructor() {
    this.memory = mkdtempSync("/dev/shm/muster-bench-");
    this.disk = mkdtempSync(join(tmpdir(), "muster-bench-"));
    this.executable = join(this.disk, "muster");
    this.trivial = join(this.disk, "trivial");
    const floorProgram = join(this.disk, "floor");
    run(process.execPath, join(ROOT, "scripts/build.ts"), "--outfile", this.executable);
    for (const name of ["trivial", "floor"]) this.compile(name);
    this.program = join(this.disk, "program");
    this.compiled = compileProgram(this.program);
    this.muster = muster(this.executable, packageDescription.version);
    this.floor = floor(floorProgram);
    this.others = [supervisord(), pm2()].filter((subject) => subject !== null);
  }

  private compile(name: string): void {
    const source = join(import.meta.dir, `${name}.ts`);
    const options = ["--compile", "--minify", "--bytecode", "--format=esm", "--outfile", join(this.disk, name)];
    run(process.execPath, "build", ...options, source);
  }

  get subjects(): readonly Subject[] {
    return [this.muster, this.floor, ...this.others];
  }

  /** A path for a directory that has never been there. */
  fresh(place: string = this.memory): string {
    return join(place, String(++this.count));
  }

  /** A path for a file of marks. */
  freshMarks(): string {
    return join(this.memory, `${++this.count}.marks`);
  }

  /** @param words what comes after mode, marks and name */
  services(count: number, mode: string, marks: string, words: readonly (string | number)[] = []): readonly Service[] {
    return Array.from({ length: count }, (_, index) => {
      const name = `s${index + 1}`;
      return { name, command: [this.program, mode, marks, name, ...words.map(String)] };
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.memory, { recursive: true, force: true });
    rmSync(this.disk, { recursive: true, force: true });
  }
}

/** @returns false when there is no C compiler; a script stands in then */
function compileProgram(outfile: string): boolean {
  const compiler = ["musl-gcc", "cc", "gcc"].find((name) => Bun.which(name) !== null);
  mkdirSync(join(outfile, ".."), { recursive: true });
  if (compiler !== undefined) {
    run(compiler, "-O2", "-static", "-o", outfile, join(import.meta.dir, "program.c"));
    return true;
  }
  copyFileSync(join(import.meta.dir, "program.sh"), outfile);
  chmodSync(outfile, 0o755);
  return false;
}

function run(...command: readonly string[]): void {
  const ended = Bun.spawnSync([...command], { stdout: "pipe", stderr: "pipe", cwd: ROOT });
  if (ended.exitCode !== 0) throw new Error(`${command.join(" ")}: ${ended.stderr.toString()}`);
}
