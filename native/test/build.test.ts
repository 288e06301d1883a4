import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const native = join(import.meta.dir, "..");
const COMPILERS = { x64: "musl-gcc", arm64: "aarch64-linux-gnu-gcc" } as const;
/** The committed bytes come from this compiler and this C library; others give others. */
const VERSION = /\b12\.2\.0\b/;

test.each(["x64", "arm64"] as const)("the shim for %s in the repository is what its source gives", async (platform) => {
  const compiler = COMPILERS[platform];
  if (!Bun.which(compiler)) return console.log(`skipped: ${compiler} is not installed`);
  const version = await Bun.$`${compiler} --version`.text();
  if (!VERSION.test(version)) return console.log(`skipped: ${version.split("\n")[0]} is not the version that was used`);
  const directory = mkdtempSync(join(tmpdir(), "muster-build-"));
  try {
    const built = await Bun.$`${native}/build.sh ${directory} ${platform}`.nothrow().quiet();
    if (platform === "arm64" && /crt1\.o|libc\.a/.test(built.stderr.toString())) {
      return console.log("skipped: musl for arm64 is not installed");
    }
    expect(built.stderr.toString()).toBe("");
    const name = `shim-${platform}`;
    expect(readFileSync(join(directory, name)).equals(readFileSync(join(native, "bin", name)))).toBe(true);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("no source file is longer than 400 lines", () => {
  for (const file of new Bun.Glob("*.[ch]").scanSync(native)) {
    expect(readFileSync(join(native, file), "utf8").split("\n").length).toBeLessThanOrEqual(400);
  }
});
