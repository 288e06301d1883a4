import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Result } from "../base/result.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { formatInstance, type InstanceId } from "../model/name.ts";
import type { ResourceLimit, ServiceSpec } from "../model/service.ts";
import { buildCommandLine, type CommandLine } from "../platform/command-line.ts";
import { buildEnvironment } from "../platform/environment.ts";
import { parseEnvironmentFile } from "../platform/environment-file.ts";
import { closedDirectory } from "../platform/passable.ts";
import { programFault } from "../platform/program-lookup.ts";
import { numberedLimits } from "../platform/resource-limits.ts";
import type { ProgramSpec } from "../platform/shim/spec-file.ts";
import type { Account, Accounts } from "../platform/users.ts";
import { describeFailure } from "../services/drivers/failed-step-words.ts";
import { toNotes } from "../services/drivers/program-notes.ts";
import type { Preparation } from "../services/drivers/shim-processes.ts";
import type { LaunchRequest } from "../services/ports.ts";

export interface ProgramPreparerParts {
  /** of the daemon */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** names of variables in it that hold secrets of the daemon's own: no service inherits them */
  secretVariables(): ReadonlySet<string>;
  readonly accounts: Pick<Accounts, "resolve">;
  readonly uid: number;
  /** of open files, for services that name none */
  readonly openFiles: ResourceLimit;
  /** the directory of the event sockets */
  readonly events: string;
  /** the directory of `vme` and `muster`; null: there is none */
  readonly tools: string | null;
  /** the path of one of the system's tools, undefined when it is not there */
  findTool(name: string): string | undefined;
}

const UNCHANGED: Account = { uid: null, gid: null, groups: null, entry: null };

/** Turns a service's declaration into what the shim is told: user, environment and command resolved. */
export class ProgramPreparer {
  private readonly parts: ProgramPreparerParts;

  constructor(parts: ProgramPreparerParts) {
    this.parts = parts;
  }

  /** At once when nothing has to be looked up. */
  prepare(request: LaunchRequest): Preparation | Promise<Preparation> {
    const { spec } = request;
    const isPlain = spec.user === null && spec.unixGroup === null && spec.supplementaryGroups === null;
    if (isPlain && spec.environmentFile === null) return this.compose(request, UNCHANGED, null);
    return this.lookUp(request);
  }

  private async lookUp(request: LaunchRequest): Promise<Preparation> {
    const { spec } = request;
    const account = await this.account(spec);
    if (!account.ok) return account;
    const file = spec.environmentFile === null ? ok(null) : await readEnvironmentFile(spec.name, spec.environmentFile);
    return file.ok ? this.compose(request, account.value, file.value) : file;
  }

  private async account(spec: ServiceSpec): Promise<Result<Account, string>> {
    const wish = { user: spec.user, unixGroup: spec.unixGroup, supplementaryGroups: spec.supplementaryGroups };
    const found = await this.parts.accounts.resolve(wish);
    if (!found.ok) {
      const { kind, name: user } = found.error;
      const service = spec.name;
      if (kind === "unanswered") return err(codedError("user-unanswered", { service, user }).message);
      return err(codedError("user-unknown", { service, user }).message);
    }
    const changes = found.value.uid !== null && found.value.uid !== this.parts.uid;
    if (changes && this.parts.uid !== 0) {
      return err(codedError("user-not-permitted", { service: spec.name, user: spec.user ?? "" }).message);
    }
    return ok(this.parts.uid === 0 ? found.value : { ...UNCHANGED, entry: found.value.entry });
  }

  private compose(request: LaunchRequest, account: Account, file: ReadonlyMap<string, string> | null): Preparation {
    const { spec } = request;
    const line = buildCommandLine(spec, account, this.parts.findTool);
    if (!line.ok) return err(codedError("tool-missing", { service: spec.name, ...line.error }).message);
    const socket = spec.notifyAccess === "none" ? null : join(this.parts.events, request.token);
    const closed = socket === null ? null : this.closedTo(account, socket);
    if (closed !== null && spec.ready.kind === "notify") {
      const user = spec.user ?? "";
      return err(codedError("event-socket-unreachable", { service: spec.name, user, directory: closed }).message);
    }
    const own = socket === null ? {} : socketVariables(spec, socket);
    const environment = this.environment(spec, request.instance, request.token, account, file, own);
    const fault = faultBehindTools(spec, line.value, environment.PATH);
    if (fault !== null) return err(describeFailure({ step: "exec", errno: fault }, spec));
    const limits = { open_files: this.parts.openFiles, ...spec.limits };
    return ok({
      ...programSpec(request, line.value, account, environment, limits),
      eventSocket: socket ?? undefined,
      eventAccess: spec.notifyAccess === "none" ? undefined : spec.notifyAccess,
      readyFd: spec.ready.kind === "fd" ? spec.ready.fd : undefined,
    });
  }

  /** The directory on the way to its event socket that the service's user may not pass; null: it reaches it. */
  private closedTo({ uid, gid, groups }: Account, socket: string): string | null {
    if (uid === null || uid === this.parts.uid) return null;
    return closedDirectory(socket, { uid, gids: [...(gid === null ? [] : [gid]), ...(groups ?? [])] });
  }

  /** The environment of an instance, also for its stop and reload commands. */
  environment(
    spec: ServiceSpec,
    instance: InstanceId,
    token: string,
    account: Account,
    file: ReadonlyMap<string, string> | null,
    own: Readonly<Record<string, string>> = {},
  ): Readonly<Record<string, string>> {
    const values = buildEnvironment({
      inherited: withoutSecrets(this.parts),
      mode: spec.environmentMode,
      user: account.entry,
      file,
      declared: spec.environment,
      service: instance.service,
      instance: instance.number,
      token,
      port: spec.port,
      own,
      tools: this.parts.tools,
    });
    return Object.fromEntries(values);
  }

  /** For a stop or reload command: the same user and environment, without being one of the service's processes. */
  async forCommand(
    spec: ServiceSpec,
    instance: InstanceId,
  ): Promise<Result<{ environment: Readonly<Record<string, string>>; account: Account }, string>> {
    const account = await this.account(spec);
    if (!account.ok) return account;
    const file = spec.environmentFile === null ? ok(null) : await readEnvironmentFile(spec.name, spec.environmentFile);
    if (!file.ok) return file;
    const { MUSTER_TOKEN: _marker, ...environment } = this.environment(spec, instance, "", account.value, file.value);
    return ok({ environment, account: account.value });
  }
}

/** sd_notify(3), sd_watchdog_enabled(3). A program that is not asked to speak that way is not told of it. */
function socketVariables({ ready, watchdogMs }: ServiceSpec, socket: string): Readonly<Record<string, string>> {
  const speaks = ready.kind === "notify" || watchdogMs > 0;
  return {
    MUSTER_SOCKET: socket,
    ...(speaks ? { NOTIFY_SOCKET: socket } : {}),
    ...(watchdogMs > 0 ? { WATCHDOG_USEC: String(watchdogMs * 1_000) } : {}),
  };
}

/** Behind a chain of tools the shim does not see that the program is missing, it would look as if the tool had failed. */
function faultBehindTools(spec: ServiceSpec, { argv }: CommandLine, path: string | undefined): number | null {
  const [program = ""] = spec.command;
  if (spec.shell || argv[0] === program || !existsSync(spec.directory)) return null;
  return programFault(program, path, spec.directory);
}

function withoutSecrets({
  environment,
  secretVariables,
}: Pick<ProgramPreparerParts, "environment" | "secretVariables">) {
  const secret = secretVariables();
  if (secret.size === 0) return environment;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !secret.has(name)));
}

async function readEnvironmentFile(
  service: string,
  path: string,
): Promise<Result<ReadonlyMap<string, string>, string>> {
  const unreadable = (reason: string): Result<never, string> =>
    err(codedError("environment-file-unreadable", { service, path, reason }).message);
  try {
    const parsed = parseEnvironmentFile(await readFile(path, "utf8"));
    return parsed.ok
      ? parsed
      : unreadable(parsed.error.map(({ line, reason }) => `line ${line}: ${reason}`).join("; "));
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error));
  }
}

function ownerOf({ uid, gid }: Account): ProgramSpec["owner"] {
  return uid === null || gid === null ? undefined : { uid, gid };
}

function programSpec(
  request: LaunchRequest,
  line: CommandLine,
  account: Account,
  environment: Readonly<Record<string, string>>,
  limits: ServiceSpec["limits"],
): ProgramSpec {
  const { spec } = request;
  const byShim = line.userChangedBy === "shim";
  return {
    name: formatInstance(request.instance),
    generation: request.generation,
    token: request.token,
    command: line.argv,
    environment,
    directory: spec.directory,
    umask: spec.umask,
    nice: spec.priority === 0 ? undefined : spec.priority,
    uid: byShim ? (account.uid ?? undefined) : undefined,
    gid: byShim ? (account.gid ?? undefined) : undefined,
    owner: byShim ? undefined : ownerOf(account),
    groups: byShim ? (account.groups ?? undefined) : undefined,
    limits: numberedLimits(limits).map(({ number, soft, hard }) => ({ resource: number, soft, hard })),
    notes: toNotes(request),
  };
}
