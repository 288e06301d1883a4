import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfiguration } from "../model/config/load.ts";
import { configFiles } from "./config-files.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "muster-config-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("a configuration is read with what it includes, sorted by name", async () => {
  await mkdir(join(directory, "conf.d"));
  await writeFile(join(directory, "muster.toml"), 'include = ["conf.d/*.toml"]\n');
  for (const name of ["b", "a", "c"]) {
    const text = `[services.${name}]\ncommand = "x"\nenvironment_file = "x.env"\n`;
    await writeFile(join(directory, "conf.d", `${name}.toml`), text);
  }
  await writeFile(join(directory, "conf.d", "not.txt"), "no TOML");
  await writeFile(join(directory, "conf.d", "x.env"), "A=1");
  const loaded = await loadConfiguration(join(directory, "muster.toml"), configFiles(), {});
  if (!loaded.ok) throw loaded.error;
  expect([...loaded.value.host.services.keys()]).toEqual(["a", "b", "c"]);
  expect([...loaded.value.host.fileDigests]).toEqual([
    [join(directory, "conf.d/x.env"), new Bun.CryptoHasher("sha256").update("A=1").digest("hex")],
  ]);
});

test("what is no file to read says why, and nothing waits for it", async () => {
  const fifo = join(directory, "fifo");
  expect(await Bun.spawn(["mkfifo", fifo]).exited).toBe(0);
  const large = join(directory, "large");
  await writeFile(large, "");
  await truncate(large, 20_000_000);
  const { read, digest } = configFiles();
  expect(await read(join(directory, "none"))).toEqual({ ok: false, error: "there is no such file" });
  expect(await read(join(large, "below"))).toMatchObject({ ok: false, error: expect.stringContaining("ENOTDIR") });
  expect(await read(directory)).toEqual({ ok: false, error: "it is not a regular file" });
  expect(await read(fifo)).toEqual({ ok: false, error: "it is not a regular file" });
  expect(await read(large)).toEqual({ ok: false, error: "it is larger than 16 MB" });
  expect(await digest(fifo)).toBeNull();
});

test("a file that holds a secret is looked at: nobody else may use it", async () => {
  const path = join(directory, "secret");
  const { secretDoubt } = configFiles();
  expect(await secretDoubt(path)).toBe(
    `cannot look at ${path}, which should hold a secret: there is no such file; write the secret into it`,
  );
  await writeFile(path, "hush", { mode: 0o600 });
  expect(await secretDoubt(path)).toBeNull();
  for (const mode of [0o640, 0o604, 0o620]) {
    await chmod(path, mode);
    expect(await secretDoubt(path)).toBe(
      `others than its owner may use ${path}, which holds a secret; "chmod 600 ${path}" ends that`,
    );
  }
});
