#!/usr/bin/env bun
import { runCli } from "./cli/cli.ts";
import { processHost, selfCommand } from "./cli/process-host.ts";

/** The word that makes this program a loader of configurations; not for people. */
const LOADER_WORD = "load-configuration";

async function main(words: readonly string[]): Promise<number> {
  if (words[0] === LOADER_WORD) return await (await import("./daemon/loader.ts")).runLoader(words.slice(1));
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
    rehearse: async () => {
      throw new Error("this part of the daemon is not connected");
    },
    probeShim: async () => await (await import("./daemon/probe-shim.ts")).probeShim(),
  });
  return await runCli(words, host);
}

process.exit(await main(process.argv.slice(2)));
