import { describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { makeToolsDirectory, pathWithTools } from "./tools-directory.ts";

describe("the tools of services", () => {
  const here = directoryForEachTest("tools");
  const tools = () => here().file("run", "tools");
  const mode = (...parts: string[]) => statSync(here().file("run", "tools", ...parts)).mode & 0o777;

  async function runTool(name: string, ...words: string[]): Promise<string> {
    const child = Bun.spawn([name, ...words], {
      env: { PATH: pathWithTools("/bin:/usr/bin", tools()) },
      stdout: "pipe",
    });
    const text = await child.stdout.text();
    await child.exited;
    return text;
  }

  test("are links where the program is one executable", () => {
    makeToolsDirectory(tools(), ["/opt/muster/muster"]);
    expect(readdirSync(tools()).sort()).toEqual(["muster", "vme"]);
    for (const name of ["muster", "vme"])
      expect(readlinkSync(here().file("run", "tools", name))).toBe("/opt/muster/muster");
    expect(mode()).toBe(0o755);
  });

  test("are scripts where it has two words, whatever is in them", async () => {
    const program = here().file(`a "strange" $HOME 'place'`);
    writeFileSync(program, 'for word; do echo "[$word]"; done\n');
    const umask = process.umask(0o077);
    makeToolsDirectory(tools(), ["/bin/sh", program]);
    process.umask(umask);
    expect([mode(), mode("muster"), mode("vme")]).toEqual([0o755, 0o755, 0o755]);
    expect(await runTool("vme", "id=log", "msg=it's $0 `x`")).toBe("[vme]\n[id=log]\n[msg=it's $0 `x`]\n");
    expect(await runTool("muster", "status")).toBe("[status]\n");
  });

  test("are made anew over what was there, and what was half made is cleared", () => {
    makeToolsDirectory(tools(), ["/usr/bin/env", "old"]);
    mkdirSync(here().file("run", "tools", ".vme.new"));
    makeToolsDirectory(tools(), ["/new/muster"]);
    expect(readdirSync(tools()).sort()).toEqual(["muster", "vme"]);
    expect(lstatSync(here().file("run", "tools", "vme")).isSymbolicLink()).toBe(true);
    makeToolsDirectory(tools(), ["/bin/sh", "new"]);
    expect(readFileSync(here().file("run", "tools", "vme"), "utf8")).toContain("'new'");
  });

  test("are never missing while they are made anew", async () => {
    makeToolsDirectory(tools(), ["/bin/true"]);
    const script = 'i=0; while [ $i -lt 20000 ]; do [ -L "$0" ] || exit 1; i=$((i+1)); done; echo always';
    const child = Bun.spawn(["/bin/sh", "-c", script, here().file("run", "tools", "vme")], { stdout: "pipe" });
    let ended = false;
    child.exited.then(() => {
      ended = true;
    });
    while (!ended) {
      makeToolsDirectory(tools(), ["/bin/true"]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await child.stdout.text()).toBe("always\n");
  });

  test("come last in the PATH", () => {
    expect(pathWithTools("/usr/bin:/bin", "/run/muster/tools")).toBe("/usr/bin:/bin:/run/muster/tools");
    expect(pathWithTools("", "/run/muster/tools")).toBe("/run/muster/tools");
  });
});
