import { countOf } from "../base/count-of.ts";
import { TerminalView } from "../logs/terminal-view.ts";
import type { DaemonOptions, DaemonPaths } from "./options.ts";
import type { DaemonParts } from "./parts.ts";

/** What `muster up` shows while it is in the foreground: the services' lines, and where to look. */
export class Foreground implements AsyncDisposable {
  private readonly view: TerminalView | null;
  private readonly stopping = new AbortController();
  private readonly following: Promise<void>;

  constructor(parts: DaemonParts, paths: DaemonPaths, options: DaemonOptions) {
    const instances = [...parts.supervision.supervisor.roster.instances()];
    const names = instances.map((instance) => instance.name);
    this.view = options.foreground ? new TerminalView(process.stdout, { colour: options.color, names }) : null;
    this.say(
      `muster ${parts.identity.version} keeps ${countOf(instances.length, "instance")} of ${countOf(parts.supervision.supervisor.roster.services.size, "service")}; logs in ${paths.logs}`,
    );
    this.say(`in a second terminal: muster status --run-dir ${paths.runDirectory}; Ctrl-C stops them all`);
    this.following = this.follow(parts);
  }

  /** A line of muster's own. */
  say(text: string): void {
    this.view?.say(text);
  }

  private async follow(parts: DaemonParts): Promise<void> {
    const { view, stopping } = this;
    if (view === null) return;
    // Not from the present end: a program that was started a moment ago may have written its first lines already.
    const { since } = parts.identity;
    const query = { targets: [], lines: null, follow: true, since, sinceStart: false, grep: null, stream: null };
    const { roster } = parts.supervision.supervisor;
    // What goes to standard output as it is need not be shown there a second time.
    const shown = () => [...roster.instances()].filter(({ spec }) => spec.log.to === "file");
    const lines = parts.logs.read(query, shown, stopping.signal);
    if (!lines.ok) return;
    for await (const batch of lines.value) {
      view.show(batch);
      await view.settled();
    }
  }

  /** What the services wrote last is still shown. */
  async ended(kept: boolean): Promise<void> {
    this.say(kept ? "ended; the services go on" : "all services are stopped");
    await this.view?.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopping.abort();
    await this.following;
    await this.view?.settled();
  }
}
