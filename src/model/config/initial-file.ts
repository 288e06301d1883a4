import { formatToml } from "./format-toml.ts";
import { escapePlaceholders } from "./placeholders.ts";
import { programName } from "./program-name.ts";

const EXAMPLE = ["sh", "-c", "while :; do date; sleep 5; done"];

/** The first file that `muster init` writes. @param command what it runs; without, a clock that shows its output */
export function initialFile(command?: readonly string[]): string {
  const words = command === undefined || command.length === 0 ? EXAMPLE : command;
  const name = command === undefined || command.length === 0 ? "clock" : programName(words);
  return `# The services of this host. "muster plan" shows what a change would do, "muster apply" does it.
# Every key: docs/reference/configuration.md

[services.${name}]
command = [${words.map(quoteWord).join(", ")}]
# directory = "."                       # relative to this file
# user = "www-data"                     # only root may choose one
# environment = { LEVEL = "info" }      # \${NAME} takes a value from the environment of the daemon
# instances = 2                         # ${name}:1, ${name}:2
# port = 8080                           # instance n gets port + n - 1, as {port} and as PORT
# depends_on = ["database"]             # waits until it is ready
# restart = "always"                    # or on-failure, never
# ready = { line = "listening" }        # ready when a line of its output matches; "notify": when it says so; else when it lived for start.wait
# start = { wait = "1s", timeout = "60s", retries = 5 }
# stop = { signal = "TERM", wait = "10s" }   # then KILL
# log = { size = "50MB", keep = 5 }

# A task runs to its end; what depends on it waits for that.
# [services.migrate]
# kind = "task"
# command = "node migrate.js"

# Who is told when something needs a person; "muster alerts --test" tries it.
# [alerts.mail.admin]
# server = "smtp://mail.example.com:587"
# to = ["admin@example.com"]
# user = "muster"
# password_file = "mail-password"       # chmod 600
`;
}

/** A string that stands for itself: no variable, no placeholder. */
function quoteWord(word: string): string {
  return formatToml(escapePlaceholders(word.replaceAll("$", "$$$$")));
}
