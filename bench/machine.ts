import { cpus, loadavg, release, totalmem } from "node:os";
import type { Workshop } from "./workshop.ts";

/** Where and when it was measured. */
export function describeMachine(workshop: Workshop): string {
  const [load = 0] = loadavg();
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
