import { cpus, release, totalmem } from "node:os";
import type { Workshop } from "./workshop.ts";

/** Where and when it was measured. @param load average of the last minute before it began */
export function describeMachine(workshop: Workshop, load: number): string {
  const others = workshop.others.map(({ name, version }) =>
    version.startsWith(name) ? version : `${name} ${version}`,
  );
  return [
    `Measured ${new Date().toISOString().slice(0, 10)} on ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()} (${process.arch}),`,
    `load average at the beginning ${load.toFixed(2)}. Muster ${workshop.muster.version} and the floor on Bun ${Bun.version}, compiled${others.length > 0 ? `; ${others.join("; ")}` : ""}.`,
    "",
    "",
  ].join("\n");
}
