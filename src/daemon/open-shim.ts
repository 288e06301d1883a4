import { codedError } from "../model/errors/catalogue.ts";
import { ShimProgram, type ShimProgramCalls } from "../platform/shim/shim-program.ts";
import { systemReason } from "../platform/system-reason.ts";

/** As `ShimProgram.open`, but throws `shim-not-startable`. */
export function openShim(libc: ShimProgramCalls, spare: string): ShimProgram {
  try {
    return ShimProgram.open(libc, spare);
  } catch (error) {
    throw codedError("shim-not-startable", { reason: systemReason(error) }, error);
  }
}
