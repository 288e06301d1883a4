import { formatDurationRough } from "../base/duration.ts";
import { formatSize } from "../base/size.ts";
import type { InstanceStatus, LastExit, ServiceStatus } from "../model/status.ts";
import { type MaintenanceStyle, maintenanceLine } from "./render/maintenance.ts";
import { ago, until } from "./render/moment.ts";
import { safeText } from "./render/safe-text.ts";
import { stateColour } from "./render/state.ts";
import type { Cell, Column } from "./render/table.ts";
import { fit } from "./render/width.ts";

export const STATUS_COLUMNS: readonly Column[] = [
  { title: "NAME", align: "left", dropOrder: null },
  { title: "STATE", align: "left", dropOrder: null },
  { title: "SINCE", align: "right", dropOrder: 1 },
  { title: "RESTARTS", align: "right", dropOrder: 2 },
  { title: "MEMORY", align: "right", dropOrder: 3 },
  { title: "CPU", align: "right", dropOrder: 4 },
  { title: "PID", align: "right", dropOrder: 5 },
  { title: "NOTE", align: "left", dropOrder: null },
];

type Row = readonly Cell[];
/** In a table one service's words must not push those of the others away; "muster status web" has all of them. */
const SAID_CELLS = 60;

export interface StatusLook extends MaintenanceStyle {
  readonly nowMs: number;
  /** a row for each instance, also where there is only one */
  readonly expand: boolean;
}

/** One row a service; its instances below it, indented, when there are several or `expand` asks for them. */
export function statusRows(services: readonly ServiceStatus[], look: StatusLook): readonly Row[] {
  return services.flatMap((service) => {
    const single = service.instances.length === 1 && !look.expand ? service.instances[0] : undefined;
    if (single !== undefined) return [instanceRow(single, service.name, serviceNotes(service), look)];
    return [serviceRow(service), ...service.instances.map((one) => instanceRow(one, `  ${one.name}`, [], look))];
  });
}

function serviceRow(service: ServiceStatus): Row {
  const { instances } = service;
  const readyCount = instances.filter((instance) => instance.ready).length;
  const share = instances.length > 1 ? ` ${readyCount}/${instances.length}` : "";
  const state = stateText(service.state, service.ready || instances.length > 1, service.kind === "task");
  return [
    plain(service.name),
    { text: state + share, colour: stateColour(service.state, service.ready) },
    plain(""),
    plain(instances.length === 0 ? "" : String(instances.reduce((sum, one) => sum + one.restarts, 0))),
    plain(
      formatSum(
        instances.map((one) => one.memoryBytes),
        formatSize,
      ),
    ),
    plain(
      formatSum(
        instances.map((one) => one.cpuSeconds),
        formatCpu,
      ),
    ),
    plain(""),
    plain(serviceNotes(service).join("; ")),
  ];
}

function instanceRow(one: InstanceStatus, name: string, notes: readonly string[], look: StatusLook): Row {
  return [
    plain(name),
    { text: stateText(one.state, one.ready, false), colour: stateColour(one.state, one.ready) },
    plain(ago(one.since, look.nowMs)),
    plain(String(one.restarts)),
    plain(one.memoryBytes === null ? "" : formatSize(one.memoryBytes)),
    plain(one.cpuSeconds === null ? "" : formatCpu(one.cpuSeconds)),
    plain(one.pid === null ? "" : String(one.pid)),
    noteCell(one, notes, look),
  ];
}

/** What is not well; while there is nothing of that, what the program says of itself. */
function noteCell(one: InstanceStatus, notes: readonly string[], look: StatusLook): Cell {
  const { maintenance, statusText } = one;
  const words = [...instanceNotes(one, look.nowMs), ...notes].join("; ");
  if (maintenance !== null) {
    const tail = words === "" ? "" : `; ${words}`;
    return {
      text: maintenanceLine(maintenance, look.nowMs, look) + tail,
      colour: null,
      shorten: (cells) => maintenanceLine(maintenance, look.nowMs, look, cells),
    };
  }
  if (words !== "" || statusText === null) return plain(words);
  return { text: fit(safeText(statusText), SAID_CELLS, look.measure), colour: "dim" };
}

/** Words for what is not well, and for what a reader would not expect. */
function instanceNotes(one: InstanceStatus, nowMs: number): readonly string[] {
  const notes: string[] = [];
  const fine = (one.state === "running" && one.ready) || one.state === "finished" || one.state === "stopped";
  if (one.reason !== null && !fine) notes.push(safeText(one.reason));
  else if (one.lastExit !== null && (one.state === "failed" || one.state === "backoff"))
    notes.push(exitText(one.lastExit));
  if (one.nextTry !== null) notes.push(`next try ${until(one.nextTry, nowMs)}`);
  const failing = Object.entries(one.checks).filter(([, verdict]) => verdict === "failing");
  if (failing.length > 0) notes.push(`failing: ${failing.map(([check]) => safeText(check)).join(", ")}`);
  return notes;
}

function serviceNotes(service: ServiceStatus): readonly string[] {
  const notes: string[] = [];
  if (!service.watch) notes.push("watch off: left alone");
  if (service.wanted === "down" && service.state !== "stopped" && service.state !== "stopping")
    notes.push("wanted down");
  if (service.wanted === "up" && service.state === "stopped") notes.push("wanted up");
  return notes;
}

/** `code 3`, `signal KILL (out of memory)` */
export function exitText(exit: LastExit): string {
  const extra = [exit.outOfMemory ? "out of memory" : "", exit.coreDumped ? "core dumped" : ""].filter(Boolean);
  const how =
    exit.code !== undefined
      ? `exited with code ${exit.code}`
      : exit.signal
        ? `ended by signal ${exit.signal}`
        : "nobody saw its end";
  return how + (extra.length > 0 ? ` (${extra.join(", ")})` : "");
}

function stateText(state: string, ready: boolean, task: boolean): string {
  return state === "running" && !ready && !task ? "running, not ready" : state;
}

function formatSum(values: readonly (number | null)[], format: (sum: number) => string): string {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? "" : format(known.reduce((sum, value) => sum + value, 0));
}

function formatCpu(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)}s` : formatDurationRough(seconds * 1_000);
}

function plain(text: string): Cell {
  return { text, colour: null };
}
