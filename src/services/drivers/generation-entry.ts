import { join } from "node:path";
import { formatInstance, instanceFileName } from "../../model/name.ts";
import type { ProcessIdentity } from "../../platform/process-identity.ts";
import type { GenerationId } from "../ports.ts";

/** What the driver knows of a generation that has not come to its end. */
export interface GenerationEntry {
  readonly id: GenerationId;
  readonly directory: string;
  readonly token: string;
  /** `cancelled`: called off before the order went to the launcher */
  phase: "preparing" | "cancelled" | "ordered" | "claimed" | "exited" | "emptied";
  program: ProcessIdentity | null;
  shim: ProcessIdentity | null;
  /** its first shim was killed: emptiness can only be seen, not proved */
  shimLost: boolean;
  /** we have sent KILL to it */
  killSent: boolean;
  /** looks for what is left, while there is no shim to tell */
  lookTimer: Disposable | null;
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
