import { CodedError } from "../../base/coded-error.ts";
import type { OrderStatus } from "../../model/order.ts";
import type { ClientPort } from "../client-port.ts";
import { type Command, NO_WAIT } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { awaitOrder } from "../orders/run-order.ts";

const POLL_MS = 20;

export const downCommand: Command = {
  name: "down",
  group: "run",
  summary: "stop the services in order, then the daemon",
  arguments: [],
  options: [{ long: "keep", about: "leave the services running for the next daemon" }, NO_WAIT],
  examples: [
    { line: "muster down", about: "everything ends" },
    { line: "muster down --keep", about: "only the daemon ends" },
  ],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const client = await context.client();
  const daemon = await client.daemon();
  const isGone = () => hasGone(client, daemon.pid);
  const order = await client.shutDown({ keep: input.has("keep") });
  const exitCode = await awaitOrder(context, input, order, (signal) => followToTheEnd(client, order, signal, isGone));
  if (input.has("no-wait")) return exitCode;
  while (!(await isGone())) {
    if (context.interruption().aborted) return EXIT.failed;
    await context.sleep(POLL_MS);
  }
  if (!context.json) context.stdout.write("the daemon has ended\n");
  return exitCode;
}

/** The daemon ends with this order, so that its stream may be cut before its last word. */
async function* followToTheEnd(
  client: ClientPort,
  order: OrderStatus,
  signal: AbortSignal,
  isGone: () => Promise<boolean>,
): AsyncIterable<OrderStatus> {
  let last = order;
  try {
    for await (const status of client.followOrder(order.id, signal)) {
      last = status;
      yield status;
    }
  } catch (error) {
    if (!(await isGone())) throw error;
  }
  if (!last.ended && !signal.aborted) yield endUnseen(last);
}

/** What was not seen to be gone is not said to be. */
function endUnseen(last: OrderStatus): OrderStatus {
  const items = last.items.map((item) =>
    item.outcome === "pending"
      ? { ...item, outcome: "failed" as const, reason: "the daemon ended before it was seen to be gone" }
      : item,
  );
  return { ...last, ended: true, ok: items.every((item) => item.outcome === "done"), items };
}

/** Gone is also one whose place another has taken (`Restart=always`). */
async function hasGone(client: ClientPort, pid: number): Promise<boolean> {
  try {
    return (await client.daemon()).pid !== pid;
  } catch (error) {
    if (error instanceof CodedError && error.code === "no-daemon") return true;
    throw error;
  }
}
