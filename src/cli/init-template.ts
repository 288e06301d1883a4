import { NAME_PATTERN } from "../model/name.ts";

/** The first file of `muster init`: every setting that most services need, most of them commented out with their defaults. */
export function firstFile(command: readonly string[] | null): string {
  const name = command === null ? "web" : serviceName(command);
  const words = command ?? ["sh", "-c", "while :; do date; sleep 5; done"];
  const example = command === null ? "    # put your program here; one string works too: it is split into words" : "";
  return `# What muster keeps alive on this host. "muster up" starts it; after a change, "muster plan" shows what
# "muster apply" would do. Durations are "500ms", "10s", "2m"; sizes "64MB".

[services.${name}]
command = [${words.map(tomlString).join(", ")}]${example}
# directory = "."                 # relative to this file
# user = "www-data"               # only root may change it
# environment = { PORT = "{port}" }
# port = 8080                     # instance n gets port + n - 1
# instances = 1
# group = "backend"               # "muster restart @backend"
# depends_on = ["db"]             # starts when these are ready, stops before them
# restart = "always"              # always | on-failure | never | expected
# ready = "time"                  # "time": ready when it ran for start.wait; { line = "listening" }: when it wrote that
# start = { wait = "1s", timeout = "60s", retries = 5 }
# stop = { signal = "TERM", wait = "10s", retries = 1 }    # then KILL
# reload = { signal = "HUP" }
# backoff = { free = 1, first = "500ms", factor = 2, max = "1m", spread = 0.25, reset = "30s" }
# give_up = { restarts = 10, within = "5m", revive = "15m" }
# log = { size = "50MB", keep = 5 }

# A task runs to its end; others can wait for that.
# [services.migrate]
# kind = "task"
# command = ["./migrate"]
`;
}

/** A name for a command: its script rather than its interpreter, without directory and ending. */
export function serviceName(command: readonly string[]): string {
  const [program = "", ...rest] = command;
  const interpreter = /^(node|bun|deno|python[\d.]*|ruby|perl|php|java|sh|bash)$/.test(baseName(program));
  const script = interpreter ? rest.find((word) => /^[\w./-]+$/.test(word) && !word.startsWith("-")) : undefined;
  const name = baseName(script ?? program)
    .replace(/\.[A-Za-z]+$/, "")
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^[-_]+|[-_]+$/g, "")
    .slice(0, 40);
  return NAME_PATTERN.test(name) ? name : "app";
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A basic string of TOML; JSON's escapes are among TOML's, but for DEL, which JSON leaves as it is. */
function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}
