import { CodedError } from "../base/coded-error.ts";
import { nearest } from "../base/nearest.ts";
import { catalogueEntry } from "../model/errors/catalogue.ts";
import { type MusterPaths, resolvePaths } from "../model/paths.ts";
import type { ClientPort } from "./client-port.ts";
import type { Command } from "./command.ts";
import { BrokenPipe, type CliHost, type CommandContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandInput } from "./input.ts";
import { parseArguments, verbIndex } from "./parse-arguments.ts";
import { COMMANDS, COMPLETE_VERB, loadAllCommands } from "./registry.ts";
import { safeLines } from "./render/safe-text.ts";
import { usageError } from "./usage-error.ts";

/**
 * Runs one command line (without the program's own name) to its end.
 * @returns the exit code; never rejects: what goes wrong is said on standard error
 */
export async function runCli(argv: readonly string[], host: CliHost): Promise<number> {
  try {
    return await dispatch(argv, host);
  } catch (error) {
    if (error instanceof BrokenPipe) return EXIT.well;
    try {
      return report(error, argv, host);
    } catch (second) {
      if (second instanceof BrokenPipe) return EXIT.failed;
      throw second;
    }
  }
}

async function dispatch(argv: readonly string[], host: CliHost): Promise<number> {
  const index = verbIndex(argv);
  if (index === -1) return await runWithoutVerb(argv, host);
  const verb = argv[index] ?? "";
  if (verb === COMPLETE_VERB) {
    const { complete } = await import("./completion/complete.ts");
    return await complete(argv.slice(index + 1), host);
  }
  if (verb === "help") return await dispatch([...argv.slice(index + 1, index + 2), "--help"], host);
  const load = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  if (load === undefined) {
    throw usageError("muster", `there is no command "${verb}"`, nearest(verb, Object.keys(COMMANDS)));
  }
  const command = await load();
  const input = parseArguments(command, argv.toSpliced(index, 1));
  if (input.has("help")) {
    const { renderCommandHelp } = await import("./help.ts");
    host.stdout.write(`${renderCommandHelp(command, host.stdout.columns)}\n`);
    return EXIT.well;
  }
  return await command.execute(makeContext(host, input), input);
}

/** `muster`, `muster --help`, `muster --version` */
async function runWithoutVerb(argv: readonly string[], host: CliHost): Promise<number> {
  if (argv.includes("--version") || argv.includes("-V")) {
    host.stdout.write(`muster ${host.version}\n`);
    return EXIT.well;
  }
  parseArguments(NO_COMMAND, argv);
  const { renderOverview } = await import("./help.ts");
  const asked = argv.includes("--help") || argv.includes("-h");
  const output = asked ? host.stdout : host.stderr;
  output.write(renderOverview(await loadAllCommands(), output.columns));
  return asked ? EXIT.well : EXIT.usage;
}

const NO_COMMAND: Command = {
  name: "<command>",
  group: "run",
  summary: "",
  arguments: [],
  options: [{ long: "version", short: "V", about: "" }],
  examples: [],
  execute: async () => EXIT.usage,
};

function makeContext(host: CliHost, input: CommandInput): CommandContext {
  let paths: MusterPaths | undefined;
  let client: Promise<ClientPort> | undefined;
  const resolve = (): MusterPaths => {
    const resolved = resolvePaths({
      environment: host.environment,
      uid: host.uid,
      workingDirectory: host.workingDirectory,
      stateOption: input.text("state-dir"),
      runOption: input.text("run-dir"),
    });
    if (!resolved.ok) throw resolved.error;
    return resolved.value;
  };
  const known = (): MusterPaths => {
    paths ??= resolve();
    return paths;
  };
  return {
    ...host,
    json: input.has("json"),
    colour: wantsColour(host, input),
    paths: known,
    client: () => {
      client ??= host.connect(known().controlSocket);
      return client;
    },
  };
}

function wantsColour(host: CliHost, input: CommandInput): boolean {
  const refused = input.has("no-color") || input.has("json") || (host.environment.NO_COLOR ?? "") !== "";
  return !refused && host.stdout.isTerminal && host.environment.TERM !== "dumb";
}

/** Says an error in one sentence; a stack only for those who asked for it. @returns the exit code */
function report(error: unknown, argv: readonly string[], host: CliHost): number {
  const end = argv.indexOf("--");
  const json = argv.slice(0, end === -1 ? undefined : end).includes("--json");
  if (host.environment.MUSTER_DEBUG === "1")
    host.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  if (error instanceof CodedError) {
    const { code, message, data } = error;
    host.stderr.write(
      json ? `${JSON.stringify({ error: { code, message, data } })}\n` : `muster: ${safeLines(message)}\n`,
    );
    return catalogueEntry(code)?.exitCode ?? EXIT.failed;
  }
  const message = `a fault in this program: ${error instanceof Error ? error.message : String(error)}; MUSTER_DEBUG=1 shows where`;
  const line = json
    ? JSON.stringify({ error: { code: "internal-fault", message, data: {} } })
    : `muster: ${safeLines(message)}`;
  host.stderr.write(`${line}\n`);
  return EXIT.failed;
}
