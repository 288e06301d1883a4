import type { Instance } from "./instance.ts";
import type { GenerationId, ReadinessWatch, ScriptFailure } from "./ports.ts";

interface Watch extends Disposable {
  readonly generation: number;
}

/** Looks for the line, or runs the script, that says that a starting instance is ready; at most one watch an instance. */
export class ReadinessWatches implements Disposable {
  private readonly watch: ReadinessWatch;
  private readonly watches = new Map<Instance, Watch>();

  constructor(watch: ReadinessWatch) {
    this.watch = watch;
  }

  /** Must be called when the state of the instance has another name. A maintenance does not end the looking. */
  look(instance: Instance): void {
    const { generation, state } = instance;
    const isBecoming = state.name === "starting" || state.name === "maintaining";
    const present = this.watches.get(instance);
    if (isBecoming && present?.generation === generation.generation) return;
    present?.[Symbol.dispose]();
    this.watches.delete(instance);
    const watch = isBecoming ? this.begin(instance, generation) : null;
    if (watch === null) return;
    const dispose = (): void => watch[Symbol.dispose]();
    this.watches.set(instance, { generation: generation.generation, [Symbol.dispose]: dispose });
  }

  private begin(instance: Instance, id: GenerationId): Disposable | null {
    const { spec } = instance;
    const tell = (by: "line" | "script", how: string, failure: ScriptFailure | null): void => {
      if (instance.state.history.generation !== id.generation) return;
      if (failure === null) instance.dispatch({ kind: "ready-reported", by, how });
      else instance.dispatch({ kind: "start-failed", ...failure });
    };
    switch (spec.ready.kind) {
      case "line":
        return this.watch.watchLine(id, spec.ready.pattern, (reason) =>
          tell("line", "its ready line was written", reason === null ? null : { reason, file: null }),
        );
      case "script":
        return this.watch.runScript(id, spec, (failure) => tell("script", "its ready script says so", failure));
      default:
        return null;
    }
  }

  [Symbol.dispose](): void {
    for (const watch of this.watches.values()) watch[Symbol.dispose]();
  }
}
