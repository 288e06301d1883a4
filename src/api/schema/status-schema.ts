import {
  type InstanceStatus,
  type LastExit,
  type MaintenanceStatus,
  PUBLIC_STATES,
  type ServiceStatus,
  type StatusReport,
} from "../../model/status.ts";
import { modelled } from "./same-type.ts";
import { integer, listOf, mapOf, number, objectOf, oneOf, orNull, type Schema, text, truth } from "./schema.ts";
import { timeText } from "./words.ts";

export function daemonSchema(): Schema<StatusReport["daemon"]> {
  return modelled<StatusReport["daemon"]>()(objectOf({ pid: integer(), since: timeText(), version: text() }));
}

export function statusReportSchema(): Schema<StatusReport> {
  return modelled<StatusReport>()(
    objectOf({ host: text(), daemon: daemonSchema(), services: listOf(serviceStatusSchema()) }),
  );
}

function serviceStatusSchema(): Schema<ServiceStatus> {
  return modelled<ServiceStatus>()(
    objectOf({
      name: text(),
      kind: oneOf(["service", "task"]),
      group: orNull(text()),
      wanted: oneOf(["up", "down"]),
      state: oneOf(PUBLIC_STATES, { about: "the worst of its instances" }),
      ready: truth({ about: "every wanted instance is ready" }),
      watch: truth({ about: "false: left alone while somebody debugs it" }),
      instances: listOf(instanceStatusSchema()),
    }),
  );
}

function instanceStatusSchema(): Schema<InstanceStatus> {
  return modelled<InstanceStatus>()(
    objectOf({
      name: text({ about: "web:1" }),
      pid: orNull(integer()),
      state: oneOf(PUBLIC_STATES),
      ready: truth(),
      since: timeText("since when it has been in its state"),
      generation: integer(),
      restarts: integer(),
      lastExit: orNull(lastExitSchema()),
      memoryBytes: orNull(integer()),
      cpuSeconds: orNull(number()),
      port: orNull(integer()),
      reason: orNull(text({ about: "why it is in this state, in words" })),
      nextTry: orNull(timeText("when the next try comes")),
      checks: mapOf(oneOf(["passing", "failing", "unknown"])),
      maintenance: orNull(maintenanceSchema()),
      statusText: orNull(text({ about: "what the program last said of itself" })),
      counters: mapOf(number({ about: "last value of a counter that the service reported" })),
    }),
  );
}

export function maintenanceSchema(): Schema<MaintenanceStatus> {
  return modelled<MaintenanceStatus>()(
    objectOf({
      progress: orNull(number({ about: "percent" })),
      text: orNull(text()),
      since: timeText(),
      endExpectedAt: orNull(timeText("by how fast it went so far")),
    }),
  );
}

function lastExitSchema(): Schema<LastExit> {
  return modelled<LastExit>()(
    objectOf(
      { at: timeText() },
      {
        code: integer(),
        signal: text({ about: "without SIG: KILL" }),
        unknown: oneOf([true], { about: "nobody saw the end" }),
        coreDumped: truth(),
        outOfMemory: truth(),
      },
    ),
  );
}
