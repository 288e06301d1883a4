import type { Facade } from "../api/facade.ts";
import type { CodedError } from "../base/coded-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { codedError } from "../model/errors/catalogue.ts";
import type { OrderStatus } from "../model/order.ts";
import type { Instance } from "../services/instance.ts";
import { resolveTargets, targetNames } from "../services/targets.ts";
import { followOrder, followStatus } from "./follow.ts";
import { followEvents } from "./follow-events.ts";
import type { DaemonParts } from "./parts.ts";
import { explain } from "./why.ts";

type AlarmFace = "mark" | "alerts" | "acknowledge" | "silence" | "silences" | "unsilence" | "testAlerts" | "metrics";

/** The daemon as the API sees it. */
export function createFacade(parts: DaemonParts): Facade {
  const { supervision, journal, reporter, configurator, logs, clock, changes } = parts;
  const { supervisor, desk } = supervision;
  const { roster, orders } = supervisor;
  const select = (targets: readonly string[]): Result<readonly Instance[], CodedError> =>
    targets.length === 0 ? ok([...roster.instances()]) : resolveTargets(roster, targets);
  return {
    daemon: () => parts.identity,
    status: () => reporter.report(),
    names: () => targetNames(roster),
    giveOrder: (request, by) =>
      parts.ending.isEnding ? err(codedError("order-while-ending", {})) : desk.give(request, by),
    orderStatus: (id) => orders.status(id),
    followOrder: (id, signal) => {
      const maintenanceOf = (name: string) => reporter.maintenanceOf(name);
      return parts.ending.accompany(followOrder(orders, id, maintenanceOf, clock, signal));
    },
    plan: async (path) => {
      const planned = await configurator.plan(path);
      return planned.ok ? ok(planned.value.report) : planned;
    },
    apply: (request, by) => configurator.apply(request, by),
    followStatus: (signal) => followStatus(() => reporter.report(), changes, clock, signal),
    logs: (query, signal) => {
      const chosen = select(query.targets);
      if (!chosen.ok) return chosen;
      const current = (): readonly Instance[] => {
        const now = select(query.targets);
        return now.ok ? now.value : [];
      };
      return logs.read(query, current, signal);
    },
    events: (query) => journal.query(query),
    followEvents: (query, after, signal) => followEvents(journal, query, after, signal),
    why: async (target) => {
      const chosen = resolveTargets(roster, [target]);
      if (!chosen.ok) return chosen;
      const report = await reporter.report();
      const statuses = new Map(
        report.services.flatMap(({ instances }) => instances.map((one) => [one.name, one] as const)),
      );
      const active = parts.alarms.manager.active();
      const explained = chosen.value.flatMap((instance) => {
        const status = statuses.get(instance.name);
        return status === undefined ? [] : [explain(journal, instance, status, active)];
      });
      return ok(await Promise.all(explained));
    },
    ...alarmFacade(parts),
    shutDown: (options, by): OrderStatus => {
      const order = parts.ending.begin(options, by);
      if (!order.ended) parts.ending.expectReader();
      return order;
    },
    setLogLevel: (level) => {
      logs.own.level = level;
    },
  };
}

/** What people see and say of alerts, and what machines measure. */
function alarmFacade({ alarms, journal, metrics }: DaemonParts): Pick<Facade, AlarmFace> {
  return {
    mark: (text, by) => journal.record({ kind: "mark", subject: "muster", message: text, data: { by } }),
    alerts: ({ all }) => (all ? alarms.manager.list({ all }) : Promise.resolve(alarms.manager.active())),
    acknowledge: ({ ids, comment }, by) => alarms.manager.acknowledge(ids, by, comment),
    silence: (request, by) => alarms.manager.silence(request, by),
    silences: () => alarms.manager.silences(),
    unsilence: (id, by) => alarms.manager.unsilence(id, by),
    testAlerts: (by) => alarms.delivery.test(by),
    metrics: () => metrics.text(),
  };
}
