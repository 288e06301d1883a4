import { join } from "node:path";
import { formatInstance, instanceFileName } from "../../model/name.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { ProcessIdentity } from "../../platform/process-identity.ts";
import { readShim } from "../../platform/shim/generation-directory.ts";
import type { GenerationId } from "../ports.ts";
import type { OutputHold } from "./output-hold.ts";

/** What the driver knows of a generation that has not come to its end. */
export interface GenerationEntry {
  readonly id: GenerationId;
  readonly directory: string;
  readonly token: string;
  readonly spec: ServiceSpec;
  phase: "preparing" | "ordered" | "claimed" | "exited" | "emptied";
  /** the main process */
  program: ProcessIdentity | null;
  /** when its first process began, in clock ticks; 0: not known */
  bornTicks: number;
  /** it wrote the newline that says it is ready */
  lineOnDescriptor: boolean;
  /** null: not looked for yet, or not there */
  shim: ProcessIdentity | null;
  /** its first shim was killed: emptiness can only be seen, not proved */
  shimLost: boolean;
  /** we have sent KILL to it */
  killSent: boolean;
  /** from the claim to the end */
  hold: OutputHold | null;
  /** looks for what is left, while there is no shim to tell */
  lookTimer: Disposable | null;
}

/** @param known what is not as in a generation that is about to be launched */
export function newEntry(
  { instance, generation, token }: GenerationId & { readonly token: string },
  instancesDirectory: string,
  spec: ServiceSpec,
  known: Partial<Pick<GenerationEntry, "phase" | "program" | "bornTicks" | "shimLost">> = {},
): GenerationEntry {
  const id: GenerationId = { instance, generation };
  return {
    id,
    directory: generationDirectory(instancesDirectory, id),
    token,
    spec,
    phase: "preparing",
    program: null,
    bornTicks: 0,
    lineOnDescriptor: false,
    shim: null,
    shimLost: false,
    killSent: false,
    hold: null,
    lookTimer: null,
    ...known,
  };
}

/** The shim of the moment, as far as it has said who it is. */
export function shimOf(entry: GenerationEntry): ProcessIdentity | null {
  entry.shim ??= readShim(entry.directory) ?? null;
  return entry.shim;
}

/** `web.1/7`, as in the bell. */
export function entryKey(id: GenerationId): string {
  return `${instanceFileName(id.instance)}/${id.generation}`;
}

export function generationDirectory(instancesDirectory: string, id: GenerationId): string {
  return join(instancesDirectory, instanceFileName(id.instance), String(id.generation));
}

export function describeGeneration(id: GenerationId): string {
  return `${formatInstance(id.instance)} generation ${id.generation}`;
}
