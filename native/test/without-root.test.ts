import { expect, test } from "bun:test";
import { join } from "node:path";

const [EPERM, EACCES] = [1, 13];

test("without root a shim does what it may, and names the step that it may not do", async () => {
  if (process.getuid?.() !== 0) return console.log("skipped: only root can become a user without rights");
  const fixture = join(import.meta.dir, "without-root.fixture.ts");
  const command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, fixture];
  const child = Bun.spawn(command, {
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env.PATH ?? "", HOME: "/tmp" },
  });
  const text = await new Response(child.stdout).text();
  if (/Permission denied|EACCES/.test(await new Response(child.stderr).text()) && text === "") {
    return console.log("skipped: another user cannot read this directory");
  }
  expect(await child.exited).toBe(0);
  const results = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { name: string; failed: unknown; out: string });
  const failures = Object.fromEntries(results.map(({ name, failed }) => [name, failed]));
  expect(failures).toEqual({
    nothing: null,
    nice: { step: "nice", errno: EACCES },
    groups: { step: "groups", errno: EPERM },
    gid: { step: "gid", errno: EPERM },
    uid: { step: "uid", errno: EPERM },
    limit: { step: "limit", errno: EPERM },
    directory: { step: "directory", errno: EACCES },
    lower: null,
    adopted: null,
    said: null,
  });
  expect(results.find(({ name }) => name === "lower")?.out).toBe("65534\n64\n5\n");
  expect(results.find(({ name }) => name === "said")?.out).toBe("65534 tree READY=1");
});
