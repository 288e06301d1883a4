import { err, ok, type Result } from "../base/result.ts";
import type { ServiceSpec } from "../model/service.ts";

/** What of a service decides about its command line. */
export type CommandWish = Pick<
  ServiceSpec,
  "command" | "shell" | "capabilities" | "noNewPrivileges" | "cpuAffinity" | "ioPriority" | "oomScore"
>;

/** As whom it is to run, in numbers; null: unchanged. */
export interface RunAs {
  readonly uid: number | null;
  readonly gid: number | null;
  readonly groups: readonly number[] | null;
}

export interface CommandLine {
  readonly argv: readonly string[];
  /**
   * Who changes to the user: the shim; or, at the end of the chain of tools, `setpriv`, because a tool before it needs
   * root's rights. Then the shim must start the chain unchanged, and yet make the FIFOs the user's.
   */
  readonly userChangedBy: "shim" | "setpriv";
}

export interface ToolMissing {
  readonly tool: string;
  /** the key of the configuration that needs it */
  readonly key: string;
}

interface Link {
  readonly key: string;
  readonly words: readonly string[];
  /** does what only root may do */
  readonly privileged: boolean;
}

const IO_CLASSES: Readonly<Record<string, string>> = { realtime: "1", "best-effort": "2", idle: "3" };

/**
 * The argv of a program: the shell around it when that was asked for, and before it the chain of util-linux's tools, each of
 * which sets one thing and then becomes the next (the pid stays the same). Pure.
 * @param findTool the path of a tool on this host, undefined when it is not there
 */
export function buildCommandLine(
  wish: CommandWish,
  runAs: RunAs,
  findTool: (name: string) => string | undefined,
): Result<CommandLine, ToolMissing> {
  const links = [...oomLink(wish), ...ioLink(wish), ...cpuLink(wish)];
  const privileged = wish.capabilities !== null || links.some((link) => link.privileged);
  const bySetpriv = privileged && runAs.uid !== null && runAs.uid !== 0;
  links.push(...setprivLink(wish, bySetpriv ? runAs : null));
  const argv: string[] = [];
  for (const { key, words } of links) {
    const [tool = "", ...rest] = words;
    const path = findTool(tool);
    if (path === undefined) return err({ tool, key });
    argv.push(path, ...rest);
  }
  argv.push(...(wish.shell ? ["/bin/sh", "-c", ...wish.command] : wish.command));
  return ok({ argv, userChangedBy: bySetpriv ? "setpriv" : "shim" });
}

function oomLink({ oomScore }: CommandWish): Link[] {
  if (oomScore === null) return [];
  // Anybody may make himself likelier to be killed; less likely only root.
  return [{ key: "oom_score", words: ["choom", "-n", String(oomScore), "--"], privileged: oomScore < 0 }];
}

function ioLink({ ioPriority }: CommandWish): Link[] {
  if (ioPriority === null) return [];
  const [name = "", level] = ioPriority.split(":");
  const words = ["ionice", "-c", IO_CLASSES[name] ?? name];
  if (level !== undefined) words.push("-n", level);
  return [{ key: "io_priority", words, privileged: name === "realtime" }];
}

function cpuLink({ cpuAffinity }: CommandWish): Link[] {
  return cpuAffinity === null
    ? []
    : [{ key: "cpu_affinity", words: ["taskset", "-c", cpuAffinity], privileged: false }];
}

/** Last of all: after it there may be no rights left to do anything else. */
function setprivLink(wish: CommandWish, runAs: RunAs | null): Link[] {
  const words = ["setpriv"];
  if (runAs) words.push(...userWords(runAs));
  if (wish.capabilities !== null) words.push(...capabilityWords(wish.capabilities));
  if (wish.noNewPrivileges) words.push("--no-new-privs");
  if (words.length === 1) return [];
  const key = wish.capabilities !== null ? "capabilities" : wish.noNewPrivileges ? "no_new_privileges" : "user";
  return [{ key, words: [...words, "--"], privileged: false }];
}

function userWords({ uid, gid, groups }: RunAs): string[] {
  const words = uid === null ? [] : ["--reuid", String(uid)];
  if (gid !== null) words.push("--regid", String(gid));
  if (groups === null) words.push("--keep-groups");
  else words.push(...(groups.length === 0 ? ["--clear-groups"] : ["--groups", groups.join(",")]));
  return words;
}

/** The program has exactly these, whoever it runs as: nothing it starts can get others. */
function capabilityWords(capabilities: readonly string[]): string[] {
  const names = capabilities.map((name) => `+${name.toLowerCase().replace(/^cap_/, "")}`);
  const set = ["-all", ...names].join(",");
  return ["--bounding-set", set, "--inh-caps", set, "--ambient-caps", set];
}
