import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** Where the system's tools lie even when PATH does not name the place. */
const USUAL_PLACES = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Finds the system's own tools; what was found is remembered. */
export class ToolFinder {
  private readonly places: readonly string[];
  private readonly found = new Map<string, string>();

  /** @param path as in PATH; only its absolute parts are looked at */
  constructor(path: string) {
    const named = path.split(":").filter((place) => place.startsWith("/"));
    this.places = [...new Set([...named, ...USUAL_PLACES])];
  }

  find(name: string): string | undefined {
    const known = this.found.get(name);
    if (known !== undefined) return known;
    for (const place of this.places) {
      const candidate = join(place, name);
      try {
        accessSync(candidate, constants.X_OK);
        this.found.set(name, candidate);
        return candidate;
      } catch {
        // Not here.
      }
    }
    return undefined;
  }
}
