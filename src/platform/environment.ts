import type { UserEntry } from "./account-files.ts";
import { pathWithTools } from "./tools-directory.ts";

/** What makes the environment of one instance. */
export interface EnvironmentWish {
  /** of the daemon itself */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** `replace`: nothing of it */
  readonly mode: "extend" | "replace";
  /** the user that the service changes to, null when it does not */
  readonly user: UserEntry | null;
  /** from the environment file; null: none */
  readonly file: ReadonlyMap<string, string> | null;
  /** from the configuration */
  readonly declared: Readonly<Record<string, string>>;
  readonly service: string;
  readonly instance: number;
  readonly token: string;
  readonly port: number | null;
  /** sockets and the like that Muster sets besides */
  readonly own?: Readonly<Record<string, string>>;
  /** looked through after all of an inherited `PATH`; one that was declared stays as it is */
  readonly tools?: string | null;
}

/** Of Muster itself, of who started it, or of where it stands; to a service they would be lies. */
const NEVER_INHERITED =
  /^(npm_.*|NPM_.*|MUSTER_.*|LISTEN_.*|BUN_.*|WATCHDOG_.*|MEMORY_PRESSURE_.*|NOTIFY_SOCKET|INIT_CWD|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|MAINPID|MANAGERPID|FDSTORE|PWD|OLDPWD|SHLVL|_)$/;

/** What npm sets besides `npm_*`; without npm these are the operator's. */
const SET_BY_NPM = ["NODE", "COLOR"];

/**
 * The whole environment of an instance, made anew for each start, so that what was removed from the configuration is gone.
 * Later ones win: inherited, the user's, the file's, the declared, Muster's own; but a `PORT` that was declared stays. Pure.
 */
export function buildEnvironment(wish: EnvironmentWish): ReadonlyMap<string, string> {
  const values = wish.mode === "extend" ? cleanInherited(wish.inherited) : new Map<string, string>();
  if (wish.user) {
    values.set("HOME", wish.user.home);
    values.set("USER", wish.user.name);
    values.set("LOGNAME", wish.user.name);
    values.set("SHELL", wish.user.shell);
  }
  const path = values.get("PATH");
  if (wish.tools && path) values.set("PATH", pathWithTools(path, wish.tools));
  if (wish.port !== null) values.set("PORT", String(wish.port));
  for (const [key, value] of wish.file ?? []) values.set(key, value);
  for (const [key, value] of Object.entries(wish.declared)) values.set(key, value);
  values.set("MUSTER_SERVICE", wish.service);
  values.set("MUSTER_INSTANCE", String(wish.instance));
  values.set("MUSTER_TOKEN", wish.token);
  for (const [key, value] of Object.entries(wish.own ?? {})) values.set(key, value);
  return values;
}

/** The daemon's own environment without what is not meant for services. */
export function cleanInherited(inherited: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const byNpm = inherited.npm_execpath !== undefined || inherited.npm_lifecycle_event !== undefined;
  const values = new Map<string, string>();
  for (const [key, value] of Object.entries(inherited)) {
    if (value === undefined || NEVER_INHERITED.test(key)) continue;
    if (byNpm && isNpms(key, value, inherited)) continue;
    values.set(key, key === "PATH" ? cleanPath(value) : value);
  }
  return values;
}

/** npm also copies its own settings to the variables that editors, Node and others read. */
function isNpms(key: string, value: string, inherited: Readonly<Record<string, string | undefined>>): boolean {
  if (SET_BY_NPM.includes(key)) return true;
  if (key === "EDITOR") return value === (inherited.npm_config_editor ?? "vi");
  return key === "NODE_OPTIONS" && value === inherited.npm_config_node_options;
}

function cleanPath(path: string): string {
  return path
    .split(":")
    .filter((part) => !/(^|\/)node_modules\/\.bin\/?$|\/node-gyp-bin\/?$/.test(part))
    .join(":");
}
