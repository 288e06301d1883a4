#!/usr/bin/env bun
import { runCli } from "./cli/cli.ts";
import { processHost } from "./cli/process-host.ts";

const host = processHost({
  version: process.env.MUSTER_VERSION ?? "0.0.0-source",
  daemon: {
    run: async (options) => (await import("./daemon/run.ts")).runDaemon(options),
    startDetached: async (argv, options) => (await import("./daemon/detach.ts")).startDetached(argv, options),
  },
  probeShim: async () => undefined,
});

process.exit(await runCli(process.argv.slice(2), host));
