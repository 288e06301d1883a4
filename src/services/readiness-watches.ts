import type { Instance } from "./instance.ts";
import type { ReadinessWatch } from "./ports.ts";

/** Looks for the line that says that a starting instance is ready; at most one watch an instance. */
export class ReadinessWatches implements Disposable {
  private readonly watch: ReadinessWatch;
  private readonly watches = new Map<Instance, Disposable>();

  constructor(watch: ReadinessWatch) {
    this.watch = watch;
  }

  /** Must be called when the state of the instance has another name. */
  look(instance: Instance): void {
    this.watches.get(instance)?.[Symbol.dispose]();
    this.watches.delete(instance);
    const { ready } = instance.spec;
    if (instance.state.name !== "starting" || ready.kind !== "line") return;
    const { generation } = instance;
    const watch = this.watch.watchLine(generation, ready.pattern, (failure) => {
      if (instance.state.history.generation !== generation.generation) return;
      if (failure === null) instance.dispatch({ kind: "ready-reported", how: "its ready line was written" });
      else instance.dispatch({ kind: "start-failed", reason: failure });
    });
    this.watches.set(instance, watch);
  }

  [Symbol.dispose](): void {
    for (const watch of this.watches.values()) watch[Symbol.dispose]();
  }
}
