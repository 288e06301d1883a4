// Run as pid 1 by keep.test.ts; the second time, below the shim, it stands for the daemon.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openLibc } from "../../src/platform/libc.ts";
import { becomeInit } from "../../src/platform/shim/init.ts";
import { ShimProgram } from "../../src/platform/shim/shim-program.ts";

const runDirectory = process.argv[2] ?? "";
if (process.pid === 1) {
  const libc = openLibc();
  const command = [process.execPath, import.meta.path, runDirectory];
  const failure = becomeInit(libc, ShimProgram.open(libc, join(runDirectory, "shim")), {
    runDirectory,
    command,
    environment: process.env,
  });
  throw new Error(`execve gave ${failure}`);
}
writeFileSync(join(runDirectory, "said"), `${process.ppid} ${process.env.GREETING}`);
writeFileSync(join(runDirectory, "ended"), "9\n");
