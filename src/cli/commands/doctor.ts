import type { Command } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { checkCgroup, checkDirectory, checkTools } from "../doctor/check-files.ts";
import { type Finding, failed, ok, warning } from "../doctor/findings.ts";
import { EXIT } from "../exit-codes.ts";
import { printJson } from "../output.ts";
import { type Colour, painter } from "../render/colour.ts";
import { safeText } from "../render/safe-text.ts";

const USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export const doctorCommand: Command = {
  name: "doctor",
  group: "run",
  summary: "look whether this host has what muster needs",
  details: "Exits with 1 when something is missing without which muster cannot work.",
  arguments: [],
  options: [],
  examples: [{ line: "muster doctor", about: "ok, warning or failed, with advice" }],
  execute,
};

async function execute(context: CommandContext): Promise<number> {
  const paths = context.paths();
  const findings: Finding[] = [
    ...(await checkDirectory("state-directory", paths.stateDirectory, "--state-dir")),
    ...(await checkDirectory("run-directory", paths.runDirectory, "--run-dir")),
    await checkCgroup(),
    ...(await checkTools(context.environment.PATH ?? USUAL_PATH)),
    await checkDaemon(context),
    await checkShim(context),
  ];
  if (context.json) printJson(context, { findings });
  else context.stdout.write(findings.map((finding) => renderFinding(context, finding)).join(""));
  return findings.some((finding) => finding.outcome === "failed") ? EXIT.failed : EXIT.well;
}

async function checkDaemon(context: CommandContext): Promise<Finding> {
  const { controlSocket } = context.paths();
  try {
    const client = await context.client();
    const daemon = await client.daemon();
    const seen = `version ${daemon.version} answers on ${controlSocket} (pid ${daemon.pid})`;
    if (daemon.version === context.version) return ok("daemon", seen);
    return warning("daemon", `${seen}; this is ${context.version}`, "start it anew with this version");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return warning("daemon", why, "needed only once services shall run");
  }
}

async function checkShim(context: CommandContext): Promise<Finding> {
  const fault = await context.probeShim();
  if (fault === undefined) return warning("shim", "it could not be tried here", '"muster up" tries it');
  if (fault === null) return ok("shim", "it starts");
  return failed(
    "shim",
    `it does not start: ${fault}`,
    "allow programs to be run from memory or from the state directory",
  );
}

const COLOURS: Readonly<Record<Finding["outcome"], Colour>> = { ok: "green", warning: "yellow", failed: "red" };

function renderFinding(context: CommandContext, finding: Finding): string {
  const paint = painter(context.colour);
  const advice = finding.advice === null ? "" : `\n${" ".repeat(9)}${paint("dim", finding.advice)}`;
  return `${paint(COLOURS[finding.outcome], finding.outcome.padEnd(7))}  ${finding.check}: ${safeText(finding.seen)}${advice}\n`;
}
