import type { CodedError } from "../base/coded-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { compareAlerts, compareDaemons, compareHosts } from "../model/config/compare.ts";
import type { LoadedConfiguration } from "../model/config/load.ts";
import { codedError } from "../model/errors/catalogue.ts";
import type { PlanReport } from "../model/plan.ts";
import type { HostSpec, ServiceSpec } from "../model/service.ts";
import { systemReason } from "../platform/system-reason.ts";
import type { AppliedStore } from "./applied-store.ts";
import { type Loaded, type LoaderCommand, loadInProcess } from "./load-configuration.ts";

/** Where the configuration comes from: a file, or the one command of `up -- command`. */
export type ConfigurationSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "command"; readonly directory: string; readonly command: readonly string[] };

export interface PlannedStep {
  readonly report: PlanReport;
  readonly loaded: LoadedConfiguration;
  readonly packed: string;
  /** keys of `[daemon]` that differ */
  readonly daemonKeys: readonly string[];
  /** keys of `[alerts]` that differ */
  readonly alertsKeys: readonly string[];
}

/** The configuration in force, and the way to the next one. */
export class Configuration {
  inForce: LoadedConfiguration;
  private readonly source: ConfigurationSource;
  private readonly loader: LoaderCommand;
  private readonly applied: AppliedStore;

  constructor(inForce: LoadedConfiguration, source: ConfigurationSource, loader: LoaderCommand, applied: AppliedStore) {
    this.inForce = inForce;
    this.source = source;
    this.loader = loader;
    this.applied = applied;
  }

  get host(): HostSpec {
    return this.inForce.host;
  }

  /** As it was last declared, of a service that is in the configuration no more. */
  formerSpec(service: string): ServiceSpec | undefined {
    return this.applied.formerSpec(service);
  }

  static load(source: ConfigurationSource, loader: LoaderCommand): Promise<Result<Loaded, CodedError>> {
    const words = source.kind === "file" ? ["file", source.path] : ["command", source.directory, ...source.command];
    return loadInProcess(loader, words);
  }

  /** @param path null: where the daemon has its configuration from */
  async plan(path: string | null): Promise<Result<PlannedStep, CodedError>> {
    const source: ConfigurationSource = path === null ? this.source : { kind: "file", path };
    const loaded = await Configuration.load(source, this.loader);
    return loaded.ok ? ok(this.stepTo(loaded.value, describeSource(source))) : loaded;
  }

  /** The way back to the configuration that was applied before this one. */
  planPrevious(): Result<PlannedStep, CodedError> {
    const previous = this.applied.previous();
    if (previous === null) return err(codedError("config-no-previous", {}));
    return ok(this.stepTo(previous, previous.loaded.snapshot.path));
  }

  stepTo({ loaded, packed }: Loaded, path: string): PlannedStep {
    const { host } = loaded;
    const changes = compareHosts(this.host, host, loaded.keys);
    const daemonKeys = compareDaemons(this.host.daemon, host.daemon, loaded.keys);
    const alertsKeys = compareAlerts(this.host.alerts, host.alerts, loaded.keys);
    const report = { path, changes, hostKeys: [...daemonKeys, ...alertsKeys] };
    return { report, loaded, packed, daemonKeys, alertsKeys };
  }

  /** From now on this one is in force, and kept. @returns why it could not be kept, or null */
  adopt(step: Loaded): string | null {
    this.inForce = step.loaded;
    try {
      this.applied.keep(step.packed);
      return null;
    } catch (error) {
      return systemReason(error);
    }
  }
}

export function describeSource(source: ConfigurationSource): string {
  return source.kind === "file" ? source.path : `the command "${source.command.join(" ")}"`;
}
