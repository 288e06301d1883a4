#!/usr/bin/env bun
import type { Saying } from "./model/saying.ts";

/** The word that makes this program a loader of configurations; not for people. */
const LOADER_WORD = "load-configuration";
const VME_WORD = "vme";

async function main(words: readonly string[]): Promise<number> {
  // What services call many times a second loads nothing of the command line.
  if (/(^|\/)vme$/.test(process.argv0)) return await runAsVme(words);
  if (words[0] === VME_WORD) return await runAsVme(words.slice(1));
  if (words[0] === LOADER_WORD) return await (await import("./daemon/loader.ts")).runLoader(words.slice(1));
  return await runAsMuster(words);
}

async function runAsMuster(words: readonly string[]): Promise<number> {
  const [{ runCli }, { processHost, selfCommand }] = await Promise.all([
    import("./cli/cli.ts"),
    import("./cli/process-host.ts"),
  ]);
  const self = selfCommand(process.execPath, process.argv);
  const version = process.env.MUSTER_VERSION ?? "0.0.0-source";
  const loader = [...self, LOADER_WORD];
  const host = processHost({
    version,
    daemon: {
      run: async (options) => {
        // From source, a second reading of it would cost more than it gains.
        if (self.length === 1) (await import("./daemon/begin-tuned.ts")).beginTuned();
        const { runDaemon } = await import("./daemon/run.ts");
        return await runDaemon(options, { version, selfCommand: self, loader });
      },
      startDetached: async (argv, options) => {
        const { startDetached } = await import("./daemon/detach.ts");
        await startDetached(argv, options, loader);
      },
    },
    rehearse: async (options) => await (await import("./daemon/rehearsal.ts")).rehearseRecording(options, loader),
    probeShim: async () => await (await import("./daemon/probe-shim.ts")).probeShim(),
    say,
    vme: runAsVme,
  });
  return await runCli(words, host);
}

async function runAsVme(words: readonly string[]): Promise<number> {
  const { runVme } = await import("./compat/vme.ts");
  return await runVme(words, { say, show });
}

async function say(saying: Saying): Promise<void> {
  const { sayToSupervisor } = await import("./platform/event-socket.ts");
  const said = sayToSupervisor(saying, process.env);
  if (!said.ok) throw said.error;
}

async function show(descriptor: 1 | 2, text: string): Promise<void> {
  const [{ terminalOutput }, { safeLines }, { BrokenPipe }] = await Promise.all([
    import("./cli/terminal-output.ts"),
    import("./cli/render/safe-text.ts"),
    import("./cli/context.ts"),
  ]);
  try {
    terminalOutput(descriptor).write(safeLines(text));
  } catch (error) {
    if (!(error instanceof BrokenPipe)) throw error;
  }
}

process.exit(await main(process.argv.slice(2)));
