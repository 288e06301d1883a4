import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import type { Notice } from "../../../model/alert.ts";
import type { ChannelSpec } from "../../../model/alerts-spec.ts";
import { openLibc } from "../../../platform/libc.ts";
import type { Notifier } from "../notifier.ts";
import { makeNotifiers } from "../notifiers/make-notifiers.ts";

export const TIMEOUT_MS = 20_000;
export const PASSWORD = "Tr0ub4dor&3 with blanks";

/** How the other side behaves. `dead`: nothing is there; `silent`: it takes the connection and never answers. */
export type Behaviour = "takes" | "dead" | "silent" | "refuses-for-good" | "refuses-for-now";

/** One notifier with a real other side. */
export interface Rig {
  readonly notifier: Notifier;
  /** what arrived, one list of notices' ids for each delivery */
  received(): readonly (readonly string[])[];
  /** all that arrived, as text */
  text(): string;
  /** resolves when the other side has been reached */
  reached: Promise<void>;
  close(): Promise<void>;
}

export interface RigWish {
  readonly behaviour: Behaviour;
  readonly directory: string;
  readonly clock: Clock;
  waitForFile(path: string): Promise<void>;
}

export async function webhookRig({ behaviour, directory, clock }: RigWish): Promise<Rig> {
  const secret = join(directory, "secret");
  writeFileSync(secret, PASSWORD);
  const bodies: string[] = [];
  const status = behaviour === "refuses-for-good" ? 410 : 503;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const body = await request.text();
      if (behaviour !== "takes") return new Response("not here", { status });
      bodies.push(body);
      return new Response(null, { status: 204 });
    },
  });
  const silent = await silentServer();
  const url = `http://127.0.0.1:${behaviour === "silent" ? silent.port : server.port}/hook`;
  if (behaviour === "dead") await server.stop(true);
  return {
    notifier: only(
      {
        kind: "webhook",
        name: "chat",
        severity: "warn",
        timeoutMs: TIMEOUT_MS,
        url,
        secret: { kind: "file", path: secret },
      },
      clock,
    ),
    received: () => bodies.map(idsOf),
    text: () => bodies.join("\n"),
    reached: silent.reached,
    close: async () => {
      await server.stop(true);
      await silent.close();
    },
  };
}

export async function commandRig({ behaviour, directory, clock, waitForFile }: RigWish): Promise<Rig> {
  const into = join(directory, "received");
  mkdirSync(into);
  const scripts: Readonly<Record<Behaviour, string>> = {
    takes: 'cat > "$0/$$.part" && mv "$0/$$.part" "$0/$$.json"',
    dead: "",
    silent: ': > "$0/begun"; sleep 600 & wait',
    "refuses-for-good": "cat > /dev/null; echo not here >&2; exit 65",
    "refuses-for-now": "cat > /dev/null; echo not here >&2; exit 75",
  };
  const command = behaviour === "dead" ? ["/nowhere/page"] : ["/bin/sh", "-c", scripts[behaviour], into];
  const texts = () =>
    readdirSync(into)
      .filter((name) => name.endsWith(".json"))
      .map((name) => readFileSync(join(into, name), "utf8"));
  return {
    notifier: only({ kind: "command", name: "page", severity: "warn", timeoutMs: TIMEOUT_MS, command }, clock),
    received: () => texts().map(idsOf),
    text: () => texts().join("\n"),
    reached: behaviour === "silent" ? waitForFile(join(into, "begun")) : Promise.resolve(),
    close: async () => undefined,
  };
}

/** The one notifier of a channel. */
export function only(spec: ChannelSpec, clock: Clock): Notifier {
  const [notifier] = makeNotifiers([spec], {
    clock,
    environment: process.env,
    libc: openLibc(),
    host: "host1.example.org",
  });
  if (notifier === undefined) throw new Error("no notifier was made");
  return notifier;
}

function idsOf(body: string): string[] {
  const { notices }: { notices: readonly Notice[] } = JSON.parse(body);
  return notices.map(({ id }) => id);
}

export function headerOf(headers: readonly { key: string; value: string }[], key: string): string | undefined {
  return headers.find((header) => header.key === key)?.value;
}

/** Takes connections and says nothing. */
export async function silentServer(): Promise<{ port: number; reached: Promise<void>; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", () => undefined);
    resolve();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    reached,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => server.close(() => done()));
    },
  };
}
