import { describe, expect, test } from "bun:test";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { loadConfiguration } from "../model/config/load.ts";
import { textReader } from "../model/config/testing/load-texts.ts";
import { packConfiguration } from "../model/config/transfer.ts";
import type { EventDraft } from "../model/event.ts";
import { AppliedStore } from "./applied-store.ts";
import { Configuration } from "./configuration.ts";
import { Configurator, type ConfiguratorParts } from "./configurator.ts";

const PATH = "/etc/muster/main.toml";
const SERVICE = '[services.web]\ncommand = "x"\n';

async function load(text: string) {
  const loaded = await loadConfiguration(PATH, textReader({ "main.toml": text }), {});
  if (!loaded.ok) throw loaded.error;
  return { loaded: loaded.value, packed: packConfiguration(loaded) };
}

/** A configurator whose supervision only remembers; `text` is in force. */
async function configuratorOf(directory: string, text: string) {
  const { loaded } = await load(text);
  const configuration = new Configuration(
    loaded,
    { kind: "file", path: PATH },
    [],
    new AppliedStore(`${directory}/applied`),
  );
  const told: string[] = [];
  const drafts: EventDraft[] = [];
  const touched: unknown[] = [];
  const supervision = {
    reconciler: { apply: (_: unknown, changes: readonly unknown[]) => void touched.push(...changes) },
  } as unknown as ConfiguratorParts["supervision"];
  const configurator = new Configurator({
    configuration,
    supervision,
    record: (draft) => `event-${drafts.push(draft)}`,
    applied: () => undefined,
    warn: () => undefined,
  });
  configurator.onDaemonChanged(({ logLevel }) => void told.push(`daemon ${logLevel}`));
  configurator.onAlertsChanged(({ joinMs, channels }) => void told.push(`alerts ${joinMs} ${channels.length}`));
  const apply = async (next: string) => configurator.carryOut(configuration.stepTo(await load(next), PATH), "a test");
  return { apply, told, drafts, touched };
}

describe("who goes by the configuration is told what of it has changed", () => {
  const steps: [what: string, next: string, told: string[], hostKeys: string[]][] = [
    ["nothing", SERVICE, [], []],
    ["the daemon", `${SERVICE}[daemon]\nlog_level = "debug"`, ["daemon debug"], ["daemon.log_level"]],
    ["alerts", `${SERVICE}[alerts]\njoin = "1s"`, ["alerts 1000 0"], ["alerts.join"]],
    ["a channel", `${SERVICE}[alerts.command.page]\ncommand = "p"`, ["alerts 5000 1"], ["alerts.command.page"]],
    [
      "both",
      `${SERVICE}[alerts]\njoin = "1s"\n[daemon]\nlog_level = "debug"`,
      ["daemon debug", "alerts 1000 0"],
      ["daemon.log_level", "alerts.join"],
    ],
  ];
  for (const [what, next, told, hostKeys] of steps) {
    test(what, async () => {
      using directory = temporaryDirectory("configurator");
      const configurator = await configuratorOf(directory.path, SERVICE);
      const report = await configurator.apply(next);
      expect(configurator.told).toEqual(told);
      expect(configurator.touched).toEqual([]);
      expect(report.plan.hostKeys).toEqual(hostKeys);
      expect(configurator.drafts).toMatchObject([{ kind: "configuration.applied", data: { changes: [], hostKeys } }]);
    });
  }
});
