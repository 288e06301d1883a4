import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MusterClient } from "../../src/client/client.ts";
import type { OrderRequest } from "../../src/model/order.ts";
import type { Chance } from "../../src/services/simulation/chance.ts";
import { programWords } from "../support/program.ts";
import { removeCgroups } from "../support/remove-cgroups.ts";
import { waitFor } from "../support/wait-for.ts";
import { notesDirectory } from "./chaos-services.ts";
import { doubledInstances, isAlive, markedProcesses } from "./marked-processes.ts";

const BOOT_LIMIT_MS = 10_000;
const END_LIMIT_MS = 30_000;

interface Identity {
  readonly pid: number;
  readonly startTicks: number;
}

/** What runs on the host. */
export interface ChaosLoad {
  readonly services: readonly { readonly name: string }[];
  /** @param run marks the environment of every program, so that it is found whatever becomes of it */
  configuration(options: { readonly directory: string; readonly seed: number; readonly run: string }): string;
}

/** A host on which everything that Muster is made of can be killed, and the programs go on. */
export class ChaosHost {
  readonly services: ChaosLoad["services"];
  readonly run: string;
  /** `blocks1.1/7`: a shim of this generation was killed */
  readonly shimKilled = new Set<string>();
  /** what no moment may show, as it was seen */
  readonly faults: string[] = [];
  private readonly directory: string;
  private readonly client: MusterClient;
  private daemon: Bun.Subprocess | null = null;

  constructor(directory: string, seed: number, load: ChaosLoad) {
    this.directory = directory;
    this.services = load.services;
    this.run = `${process.pid}-${seed}-${performance.now().toString(36)}`;
    for (const service of this.services) mkdirSync(notesDirectory(directory, service), { recursive: true });
    writeFileSync(join(directory, "muster.toml"), load.configuration({ directory, seed, run: this.run }));
    this.client = new MusterClient({ socketPath: join(this.runDirectory, "muster.sock"), name: "chaos" });
  }

  get stateDirectory(): string {
    return join(this.directory, "state");
  }

  get runDirectory(): string {
    return join(this.directory, "run");
  }

  startDaemon(): void {
    const output = openSync(join(this.directory, "daemon.log"), "a");
    const places = ["--state-dir", this.stateDirectory, "--run-dir", this.runDirectory];
    this.daemon = Bun.spawn([...programWords(), "up", ...places, "--file", join(this.directory, "muster.toml")], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: output,
    });
    closeSync(output);
  }

  async killDaemon(): Promise<void> {
    this.daemon?.kill("SIGKILL");
    await this.daemon?.exited;
    if (this.daemon?.signalCode !== "SIGKILL") {
      this.faults.push(`the daemon had ended by itself, with ${this.daemon?.exitCode ?? this.daemon?.signalCode}`);
    }
    this.daemon = null;
  }

  /** Shims of up to `most` generations, chosen by chance. */
  killShims(chance: Chance, most: number): void {
    const generations = this.generationDirectories();
    for (let turn = 0; turn < most && generations.length > 0; turn++) {
      const generation = chance.pick(generations);
      const shim = readShim(join(this.runDirectory, "instances", generation));
      if (shim === null || !isAlive(shim)) continue;
      this.shimKilled.add(generation);
      kill(shim.pid);
    }
  }

  private generationDirectories(): string[] {
    const instances = join(this.runDirectory, "instances");
    return entries(instances).flatMap((instance) =>
      entries(join(instances, instance)).map((generation) => `${instance}/${generation}`),
    );
  }

  /** The launcher of the present daemon, if it has one yet: its child that is no thread's worker but the shim's program. */
  killLauncher(): void {
    for (const pid of childrenOf(this.daemon?.pid ?? 0)) {
      const words = commandLine(pid);
      if (words.includes("launch")) kill(pid);
    }
  }

  /** Gives an order if a daemon answers; it need not come to its end. */
  async order(request: OrderRequest): Promise<void> {
    try {
      await this.client.giveOrder(request);
    } catch {
      // Nobody answers while the daemon is away or begins.
    }
  }

  look(): void {
    for (const doubled of doubledInstances(this.run)) this.faults.push(`two generations live together: ${doubled}`);
  }

  async untilAnswered(): Promise<void> {
    const answers = () =>
      this.client.daemon().then(
        () => true,
        () => false,
      );
    await waitFor("the daemon to answer", answers, { limitMs: BOOT_LIMIT_MS, lastSeen: () => this.lastWords() });
  }

  /** Ends all in order and waits for that. */
  async end(): Promise<void> {
    const { daemon } = this;
    if (daemon === null) throw new Error("there is no daemon to end");
    daemon.kill("SIGTERM");
    const late = setTimeout(() => daemon.kill("SIGKILL"), END_LIMIT_MS);
    const code = await daemon.exited;
    clearTimeout(late);
    this.daemon = null;
    if (code !== 0) this.faults.push(`the daemon did not end in order: ${daemon.signalCode ?? code}`);
  }

  /** What is there that should not be, when all has ended. */
  leftovers(): string[] {
    const marked = markedProcesses(this.run).map(({ name, pid, instance }) => `${name} (pid ${pid}) of ${instance}`);
    const shims = this.generationDirectories().filter((generation) => {
      const shim = readShim(join(this.runDirectory, "instances", generation));
      return shim !== null && isAlive(shim);
    });
    return [...marked, ...shims.map((generation) => `the shim of ${generation}`)];
  }

  lastWords(): string {
    return `${tail(join(this.directory, "daemon.log"))}\n${tail(join(this.stateDirectory, "logs", "muster.log"))}`;
  }

  /** After a failure: nothing of it may stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.daemon?.kill("SIGKILL");
    await this.daemon?.exited;
    const left = () => markedProcesses(this.run);
    await waitFor("the programs to be gone", () => {
      for (const { pid } of left()) kill(pid);
      return left().length === 0;
    });
    const shims = this.generationDirectories().map((path) => readShim(join(this.runDirectory, "instances", path)));
    for (const shim of shims) if (shim !== null && isAlive(shim)) kill(shim.pid);
    await waitFor("the shims to be gone", () => shims.every((shim) => shim === null || !isAlive(shim)));
    await removeCgroups(this.stateDirectory);
  }
}

function readShim(directory: string): Identity | null {
  try {
    const [, , pid, startTicks] = readFileSync(join(directory, "shim"), "utf8").trim().split(" ").map(Number);
    return pid === undefined || startTicks === undefined ? null : { pid, startTicks };
  } catch {
    return null;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function childrenOf(pid: number): number[] {
  return entries(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
    } catch {
      return [];
    }
  });
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function tail(path: string): string {
  try {
    return readFileSync(path, "utf8").slice(-2_000);
  } catch {
    return "";
  }
}
