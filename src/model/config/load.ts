import type { CodedError } from "../../base/coded-error.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { AlertsSpec } from "../alerts-spec.ts";
import { codedError } from "../errors/catalogue.ts";
import type { HostSpec, ServiceSpec } from "../service.ts";
import { configurationKeys } from "./configuration-keys.ts";
import { checkDependencies } from "./dependencies.ts";
import { checkPorts } from "./ports.ts";
import { type Problem, ProblemList } from "./problem.ts";
import { type FilesRead, FilesReader } from "./read-files.ts";
import { readHead } from "./read-head.ts";
import { type PlacedService, readServices } from "./read-services.ts";
import type { ConfigurationReader, Snapshot } from "./reader.ts";
import { type ConfigurationKeys, contentFiles, type SpecKey } from "./spec-key.ts";
import { environmentVariables } from "./variables.ts";

export interface LoadedConfiguration {
  readonly host: HostSpec;
  /** what the schema says of each key, for comparisons */
  readonly keys: ConfigurationKeys;
  /** all files that were read, the main file first */
  readonly files: readonly string[];
  /** what is not wrong but perhaps not meant, in words */
  readonly warnings: readonly string[];
  /** all that was read, to be kept with an applied configuration */
  readonly snapshot: Snapshot;
}

/**
 * Reads a configuration whole: the file and all that it includes.
 *
 * @param path absolute; messages name files as it is written here
 * @param environment of the daemon, for `${VAR}`
 * @returns the error `config-unreadable`, or `config-invalid` with every mistake as a line "file:line:column: what"
 */
export async function loadConfiguration(
  path: string,
  reader: ConfigurationReader,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Result<LoadedConfiguration, CodedError>> {
  const main = await reader.read(path);
  if (!main.ok) return err(codedError("config-unreadable", { path, reason: main.error }));
  const problems = new ProblemList();
  const taken: Record<string, string> = {};
  const variables = environmentVariables(environment, (name, value) => {
    taken[name] = value;
  });
  const filesReader = new FilesReader(reader, problems);
  await filesReader.addFile(path, main.value, variables, []);
  const read = filesReader.result();
  const head = readHead(read.sources, reader.hostName, problems);
  const services = readAllServices(read, problems);
  if (problems.problems.length > 0) return err(await invalid(path, problems.problems, read.texts));
  const specs = new Map([...services].map(([name, service]) => [name, service.spec]));
  const keys = configurationKeys();
  const digests = await readDigests(specs.values(), keys.service, reader);
  return ok({
    host: { services: specs, daemon: head.daemon, alerts: head.alerts, fileDigests: digests },
    keys,
    files: [...read.texts.keys()],
    warnings: [...read.warnings, ...head.warnings, ...(await secretDoubts(head.alerts, reader))],
    snapshot: {
      path,
      texts: Object.fromEntries(read.texts),
      globs: Object.fromEntries(read.globs),
      digests: Object.fromEntries(digests),
      environment: taken,
      hostName: reader.hostName,
    },
  });
}

function readAllServices(read: FilesRead, problems: ProblemList): ReadonlyMap<string, PlacedService> {
  const services = new Map<string, PlacedService>();
  const files = new Map<string, string>();
  for (const source of read.sources) {
    for (const name of namesIn(source.table)) {
      const other = files.get(name);
      const message = `is declared in ${other} already; remove one of the two`;
      if (other === undefined) files.set(name, source.path);
      else problems.add({ file: source.path, path: ["services", name], at: "key", message });
    }
    for (const service of readServices(source, problems)) {
      if (!services.has(service.spec.name)) services.set(service.spec.name, service);
    }
  }
  if (!read.incomplete) checkDependencies(services, new Set(files.keys()), problems);
  checkPorts(services.values(), problems);
  return services;
}

function namesIn(table: Readonly<Record<string, unknown>>): readonly string[] {
  const services = table.services;
  return typeof services === "object" && services !== null ? Object.keys(services) : [];
}

/** Files of secrets are looked at, not read, and what is wrong with them is no mistake of the configuration. */
async function secretDoubts({ channels }: AlertsSpec, reader: ConfigurationReader): Promise<readonly string[]> {
  const doubts: string[] = [];
  for (const channel of channels) {
    const secret = channel.kind === "mail" ? channel.password : channel.kind === "webhook" ? channel.secret : null;
    const doubt = secret?.kind === "file" ? await reader.secretDoubt(secret.path) : null;
    if (doubt !== null) doubts.push(`alerts.${channel.kind}.${channel.name}: ${doubt}`);
  }
  return doubts;
}

async function invalid(
  path: string,
  problems: readonly Problem[],
  texts: ReadonlyMap<string, string>,
): Promise<CodedError> {
  const { reportProblems } = await import("./report-problems.ts");
  return codedError("config-invalid", { path, problems: reportProblems(problems, texts) });
}

async function readDigests(
  specs: Iterable<ServiceSpec>,
  keys: readonly SpecKey[],
  reader: ConfigurationReader,
): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  const paths = new Set([...specs].flatMap((spec) => contentFiles(spec, keys)));
  for (const path of paths) {
    const digest = await reader.digest(path);
    if (digest !== null) digests.set(path, digest);
  }
  return digests;
}
