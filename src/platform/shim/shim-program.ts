import { readFileSync, writeFileSync } from "node:fs";
import arm64Path from "../../../native/bin/shim-arm64" with { type: "file" };
import x64Path from "../../../native/bin/shim-x64" with { type: "file" };
import { ERRNO } from "../constants.ts";
import type { Libc } from "../libc.ts";

const MFD_CLOEXEC = 1;
const MFD_EXEC = 16;

/** What of the C library this needs. */
export type ShimProgramCalls = Pick<Libc, "memfdCreate" | "write" | "close">;

/** A shim that can be run. */
export interface RunnableShim {
  /** for `execve` by this process */
  readonly path: string;
}

/** The native shim as a file that can be executed, without a trace in any directory. Whoever opens it closes it. */
export class ShimProgram implements RunnableShim, Disposable {
  readonly path: string;
  private readonly libc: ShimProgramCalls;
  private descriptor: number;

  private constructor(libc: ShimProgramCalls, path: string, descriptor: number) {
    this.libc = libc;
    this.path = path;
    this.descriptor = descriptor;
  }

  /**
   * @param spare where the program is written if the kernel gives no executable memory file (a hardened host)
   * @throws Error when neither can be had
   */
  static open(libc: ShimProgramCalls, spare: string): ShimProgram {
    const bytes = readFileSync(process.arch === "arm64" ? arm64Path : x64Path);
    const descriptor = memoryFile(libc);
    if (descriptor >= 0 && libc.write(descriptor, bytes) === bytes.length) {
      return new ShimProgram(libc, `/proc/${process.pid}/fd/${descriptor}`, descriptor);
    }
    if (descriptor >= 0) libc.close(descriptor);
    writeFileSync(spare, bytes, { mode: 0o700 });
    return new ShimProgram(libc, spare, -1);
  }

  close(): void {
    if (this.descriptor >= 0) this.libc.close(this.descriptor);
    this.descriptor = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Kernels before 6.3 do not know the flag that asks for an executable one and always give one. */
function memoryFile(libc: ShimProgramCalls): number {
  const descriptor = libc.memfdCreate("muster-shim", MFD_CLOEXEC | MFD_EXEC);
  return descriptor === -ERRNO.EINVAL ? libc.memfdCreate("muster-shim", MFD_CLOEXEC) : descriptor;
}
