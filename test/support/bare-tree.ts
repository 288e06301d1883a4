import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What the bare tree has beside libc: a shell and the coreutils that services written in `sh` use. */
const PROGRAMS = [
  ..."sh cat chmod cp cut date dd env false head id ln ls mkdir mkfifo mv nohup printf pwd readlink rm seq sleep sort".split(
    " ",
  ),
  ..."stat sync tail tee timeout touch tr true tty uname wc yes".split(" "),
];

/** Runs in namespaces of its own, in which it is root: gives the tree what the kernel provides, then goes into it. */
const ENTER = `set -e
mount -t proc proc "$1/proc"
for device in null zero urandom; do : > "$1/dev/$device"; mount --bind "/dev/$device" "$1/dev/$device"; done
tree=$1; shift
exec chroot "$tree" "$@"`;

/**
 * Makes a tree in which there is nothing but libc, `sh`, coreutils and `/usr/bin/muster`: no Bun, no node_modules, no
 * certificates, no user data base. Shows that the executable carries all it needs.
 */
export function makeBareTree(tree: string, executable: string): void {
  for (const directory of ["bin", "dev", "etc", "proc", "tmp", "root", "usr/bin", "here"]) {
    mkdirSync(join(tree, directory), { recursive: true });
  }
  copyWithLibraries(tree, executable, "/usr/bin/muster");
  for (const name of PROGRAMS) {
    const source = Bun.which(name);
    if (source === null) throw new Error(`cannot make a bare tree: this host has no ${name}`);
    copyWithLibraries(tree, source, `/bin/${name}`);
  }
  writeFileSync(join(tree, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(tree, "etc/group"), "root:x:0:\n");
}

function copyWithLibraries(tree: string, source: string, target: string): void {
  copyFileSync(source, join(tree, target));
  const { stdout } = Bun.spawnSync(["ldd", source]);
  for (const [library] of stdout.toString().matchAll(/(?<=\s)\/\S+(?= \()/g)) {
    if (existsSync(join(tree, library))) continue;
    mkdirSync(dirname(join(tree, library)), { recursive: true });
    copyFileSync(library, join(tree, library));
  }
}

/**
 * The words that run `command` in the tree: as root, in mount and pid namespaces of its own, which end with it and take
 * every process along.
 */
export function inBareTree(tree: string, command: readonly string[]): string[] {
  const asRoot = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const namespaces = [...asRoot, "--mount", "--pid", "--fork", "--kill-child"];
  return ["unshare", ...namespaces, "sh", "-c", ENTER, "enter", tree, ...command];
}

/** Why no bare tree can be entered on this host; null: it can. */
export function bareTreeObstacle(): string | null {
  const missing = ["unshare", "chroot", "mount", "ldd"].find((name) => Bun.which(name) === null);
  if (missing !== undefined) return `${missing} is not installed`;
  const [program = "", ...rest] = inBareTree("/", ["true"]);
  const probe = [program, ...rest.slice(0, rest.indexOf("sh")), "mount", "-t", "proc", "proc", "/proc"];
  const { exitCode } = Bun.spawnSync(probe, { stdout: "ignore", stderr: "ignore" });
  return exitCode === 0 ? null : "this user may not make namespaces here";
}
