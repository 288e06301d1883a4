import type { PublicState } from "../../model/status.ts";
import type { Colour } from "./colour.ts";

const COLOURS: Readonly<Record<PublicState, Colour>> = {
  stopped: "dim",
  waiting: "yellow",
  starting: "yellow",
  maintenance: "yellow",
  running: "green",
  reloading: "yellow",
  stopping: "yellow",
  backoff: "red",
  finished: "green",
  failed: "red",
};

/** @param state from the daemon, which may be newer than this program and know further states */
export function stateColour(state: PublicState, ready: boolean): Colour | null {
  if (state === "running" && !ready) return "yellow";
  return COLOURS[state] ?? null;
}
