import type { ServiceSpec } from "../service.ts";
import { fillText } from "./placeholders.ts";

/**
 * The service as its instance `number` (counts from 1) runs it: `{service}`, `{instance}` and `{port}` are filled in
 * in commands, environment, directory and paths, and `port` is that of the instance.
 */
export function fillPlaceholders(spec: ServiceSpec, number: number): ServiceSpec {
  const port = spec.port === null ? null : spec.port + number - 1;
  const values = { service: spec.name, instance: String(number), port: port === null ? "" : String(port) };
  const fill = (text: string): string => fillText(text, values);
  const fillWords = (words: readonly string[] | null): readonly string[] | null => words?.map(fill) ?? null;
  return {
    ...spec,
    port,
    command: spec.command.map(fill),
    directory: fill(spec.directory),
    environment: Object.fromEntries(Object.entries(spec.environment).map(([name, value]) => [name, fill(value)])),
    environmentFile: spec.environmentFile === null ? null : fill(spec.environmentFile),
    ready: spec.ready.kind === "script" ? { kind: "script", command: spec.ready.command.map(fill) } : spec.ready,
    stop: { ...spec.stop, command: fillWords(spec.stop.command) },
    reload: { ...spec.reload, command: fillWords(spec.reload.command), files: spec.reload.files.map(fill) },
    log: { ...spec.log, archive: spec.log.archive === null ? null : fill(spec.log.archive) },
  };
}
