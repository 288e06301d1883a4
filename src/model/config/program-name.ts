import { NAME_PATTERN } from "../name.ts";

const INTERPRETERS =
  /^(node|nodejs|bun|deno|python[\d.]*|ruby[\d.]*|perl[\d.]*|php[\d.]*|lua[\d.]*|sh|bash|dash|zsh|java|env)$/;

/** A name for the service that runs a command: `node app.js` gives `app`, `/usr/bin/redis-server` gives `redis-server`. */
export function programName(command: readonly string[]): string {
  const [program = "", ...rest] = command;
  const script = rest.find((word) => /^[^-].*\.\w{1,5}$/.test(word) && !/[\s;]/.test(word));
  const named =
    INTERPRETERS.test(baseName(program)) && script !== undefined ? withoutEnding(baseName(script)) : baseName(program);
  const name = named
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^[-_]+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
  return NAME_PATTERN.test(name) && name !== "muster" ? name : "main";
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function withoutEnding(name: string): string {
  return name.replace(/\.\w+$/, "");
}
