/** A resource limit as `setrlimit` takes it; null is unlimited. */
export interface SpecLimit {
  /** number of the RLIMIT */
  readonly resource: number;
  readonly soft: number | null;
  readonly hard: number | null;
}

/** What the shim must know to start a program: the file `spec` of a generation. What is left out stays as the daemon has it. */
export interface ProgramSpec {
  /** `web:1` */
  readonly name: string;
  readonly generation: number;
  readonly token: string;
  readonly command: readonly string[];
  /** the whole environment; `LISTEN_FDS` and `LISTEN_PID` are added when descriptors are handed over, `WATCHDOG_PID` beside `WATCHDOG_USEC` */
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly umask?: number | undefined;
  readonly nice?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** of the FIFOs, when the program itself changes to this user; else `uid` and `gid` */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** supplementary groups; an empty list takes all away */
  readonly groups?: readonly number[] | undefined;
  readonly limits?: readonly SpecLimit[] | undefined;
  /** directories of cgroups, entered in this order */
  readonly cgroups?: readonly string[] | undefined;
  /** absolute path of the datagram socket that the shim makes for what the service says */
  readonly eventSocket?: string | undefined;
  /** from whom `MAINPID` counts: from the main process alone, or (undefined too) from any process of the service */
  readonly eventAccess?: "main" | "all" | undefined;
  /** the program gets a pipe as this descriptor (3 or more, none of those handed over); its first newline is `ready` */
  readonly readyFd?: number | undefined;
  /** the daemon's own notes; the keys are written with `x-` before them */
  readonly notes?: Readonly<Record<string, string>> | undefined;
}

/** Where output goes: the file `log` of a generation. Paths are absolute. */
export interface LogSettings {
  readonly outPath: string;
  /** null: merged into out */
  readonly errPath: string | null;
  /** rotates at the end of the line that reaches it; 0: never by itself */
  readonly sizeBytes: number;
  readonly onFull: "drop" | "wait";
  /** rotated files go to `<archive>/<year>/<month>/`; null: they stay beside */
  readonly archive: string | null;
}

export interface RecordEntry {
  readonly key: string;
  readonly value: string;
}

const VERSION = 1;

/** @throws Error when a text holds a NUL, or the command is empty: neither can be handed to the system */
export function encodeSpec(spec: ProgramSpec): Buffer {
  if (spec.command.length === 0) throw new Error(`${spec.name} has no command`);
  const entries: RecordEntry[] = [
    { key: "version", value: String(VERSION) },
    { key: "name", value: spec.name },
    { key: "token", value: spec.token },
    { key: "generation", value: String(spec.generation) },
    ...spec.command.map((value) => ({ key: "arg", value })),
    ...Object.entries(spec.environment).map(([name, value]) => ({ key: "env", value: `${name}=${value}` })),
    { key: "directory", value: spec.directory },
    ...processEntries(spec),
    ...Object.entries(spec.notes ?? {}).map(([name, value]) => ({ key: `x-${name}`, value })),
  ];
  return encodeRecords(entries);
}

function processEntries(spec: ProgramSpec): RecordEntry[] {
  const entries: RecordEntry[] = [];
  if (spec.umask !== undefined) entries.push({ key: "umask", value: spec.umask.toString(8) });
  for (const key of ["nice", "uid", "gid"] as const) {
    const value = spec[key];
    if (value !== undefined) entries.push({ key, value: String(value) });
  }
  if (spec.owner !== undefined) entries.push({ key: "owner", value: `${spec.owner.uid} ${spec.owner.gid}` });
  if (spec.groups?.length === 0) entries.push({ key: "groups", value: "none" });
  for (const group of spec.groups ?? []) entries.push({ key: "group", value: String(group) });
  for (const limit of spec.limits ?? []) {
    const words = [limit.resource, limit.soft ?? "-", limit.hard ?? "-"];
    entries.push({ key: "limit", value: words.join(" ") });
  }
  for (const value of spec.cgroups ?? []) entries.push({ key: "cgroup", value });
  if (spec.eventSocket !== undefined) entries.push({ key: "event-socket", value: spec.eventSocket });
  if (spec.eventAccess !== undefined) entries.push({ key: "event-access", value: spec.eventAccess });
  if (spec.readyFd !== undefined) entries.push({ key: "ready-fd", value: String(spec.readyFd) });
  return entries;
}

/** @throws Error when a path holds a NUL */
export function encodeLogSettings(settings: LogSettings): Buffer {
  const entries: RecordEntry[] = [{ key: "out", value: settings.outPath }];
  if (settings.errPath !== null) entries.push({ key: "err", value: settings.errPath });
  entries.push({ key: "size", value: String(settings.sizeBytes) }, { key: "on-full", value: settings.onFull });
  if (settings.archive !== null) entries.push({ key: "archive", value: settings.archive });
  return encodeRecords(entries);
}

/** @returns undefined when the file was cut short: it does not end with a NUL */
export function decodeRecords(bytes: Uint8Array): RecordEntry[] | undefined {
  if (bytes.at(-1) !== 0) return undefined;
  const texts = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength - 1)
    .toString("utf8")
    .split("\0");
  return texts.map((text) => {
    const space = text.indexOf(" ");
    return space < 0 ? { key: text, value: "" } : { key: text.slice(0, space), value: text.slice(space + 1) };
  });
}

function encodeRecords(entries: readonly RecordEntry[]): Buffer {
  for (const { key, value } of entries) {
    if (value.includes("\0")) throw new Error(`a NUL in "${key}" cannot be handed to the system`);
    if (key.includes("\0") || key.includes(" ")) throw new Error(`"${key}" cannot be the key of a record`);
  }
  return Buffer.from(entries.map(({ key, value }) => `${key} ${value}\0`).join(""));
}
