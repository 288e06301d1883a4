import { stringify } from "smol-toml";
import type { Alert, Notice } from "../../src/model/alert.ts";
import type { Product, ServicesInFile } from "./product.ts";
import { EAGER, script } from "./services.ts";
import { waitFor } from "./wait-for.ts";

export type AlertsInFile = Readonly<Record<string, unknown>>;

/** Causes are not gathered for longer than a test notices. */
export const HASTY = { group_wait: "10ms" };

/** Writes the product's file with a section `[alerts]`. */
export function configureAlerts(product: Product, alerts: AlertsInFile, services: ServicesInFile): void {
  product.write("muster.toml", stringify({ alerts, services }));
}

/** A channel of the kind `mail` to a server of the test on loopback. */
export function mailTo(port: number, keys: AlertsInFile = {}): AlertsInFile {
  return {
    server: `smtp://127.0.0.1:${port}`,
    tls: "never",
    from: "muster@example.org",
    to: ["ops@example.org"],
    ...keys,
  };
}

/** A channel of the kind `command` that keeps what it is given, a line a delivery. */
export class NoticeFile {
  /** `[alerts.command.<name>]` */
  readonly channel: AlertsInFile;
  private readonly product: Product;
  private readonly name: string;

  constructor(product: Product, name = "told") {
    this.product = product;
    this.name = `${name}.jsonl`;
    const keep = 'text=$(cat); printf "%s\\\\n" "$text" >> "$0"';
    this.channel = {
      command: ["sh", "-c", keep.replaceAll("$", () => "$$"), product.file(this.name)],
      severity: "debug",
    };
  }

  /** In the order in which they came; one that came twice is there twice. */
  notices(): readonly Notice[] {
    const whole = this.product.read(this.name).split("\n").slice(0, -1);
    return whole.flatMap((line) => (JSON.parse(line) as { notices: Notice[] }).notices);
  }

  /** `raised web:1`, …: what was told, in few words. */
  words(): readonly string[] {
    return this.notices().map(({ kind, alert }) => `${kind} ${alert.kind} ${alert.subject}`);
  }

  /** The same without those that came again, as they do when a daemon dies before it has noted that one was taken. */
  wordsOnce(): readonly string[] {
    const byId = new Map(this.notices().map((notice) => [notice.id, notice]));
    return [...byId.values()].map(({ kind, alert }) => `${kind} ${alert.kind} ${alert.subject}`);
  }

  async until(what: string, condition: (notice: Notice) => boolean): Promise<Notice> {
    const seen = { lastSeen: () => this.words() };
    return await waitFor(`a notice: ${what}`, () => this.notices().find(condition), seen);
  }

  async untilMessage(text: string, kind: Notice["kind"] = "raised"): Promise<Notice> {
    return await this.until(`${kind} ${text}`, (notice) => notice.kind === kind && notice.alert.message.includes(text));
  }
}

/** Waits until an alert, also a resolved one, satisfies the condition. */
export async function untilAlert(product: Product, what: string, condition: (alert: Alert) => boolean): Promise<Alert> {
  let seen: readonly Alert[] = [];
  return await waitFor(
    `an alert: ${what}`,
    async () => {
      seen = await product.client.alerts({ all: true }).catch(() => seen);
      return seen.find(condition);
    },
    { lastSeen: () => seen },
  );
}

/** How many notices a channel has yet to take, as the metrics say. */
export async function noticesWaiting(product: Product, channel: string): Promise<number> {
  const text = await product.client.metrics();
  const line = new RegExp(`^muster_notices_waiting\\{channel="${channel}"\\} (\\d+)$`, "m").exec(text);
  if (line === null) throw new Error(`no channel ${channel} in the metrics`);
  return Number(line[1]);
}

/** Names of services. */
export const FORTY: readonly string[] = Array.from(
  { length: 40 },
  (_, index) => `service-${String(index + 1).padStart(2, "0")}`,
);

/**
 * Forty services behind one. The database holds a lock, and each service waits for it in the kernel: when the database is gone, they
 * get it, and fail; and they fail to start as long as it is free. While there is a file `broken` the database does not come up.
 */
export function behindOneDatabase(product: Product): ServicesInFile {
  const lock = product.write("lock", "");
  const broken = `[ ! -e ${product.file("broken")} ] || { echo "the disk is gone" >&2; exit 7; }`;
  const database = script(`${broken}; exec 9>${lock}; flock 9; echo open; exec sleep 1000`, {
    ready: { line: "open" },
    start: { retries: 1 },
    ...EAGER,
  });
  const gone = 'echo "the database is gone" >&2; exit 1';
  const service = script(`flock -ns ${lock} true && { ${gone}; }; echo connected; flock -s ${lock} true; ${gone}`, {
    ready: { line: "connected" },
    depends_on: ["database"],
    ...EAGER,
  });
  return { database, ...Object.fromEntries(FORTY.map((name) => [name, service])) };
}
