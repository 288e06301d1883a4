import type { OrderItem, OrderRequest, OrderStatus } from "../../model/order.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";
import { painter } from "../render/colour.ts";
import { wantsBlocks } from "../render/maintenance.ts";
import { safeText } from "../render/safe-text.ts";
import { fullMeasure } from "../render/width.ts";
import { LiveProgress, type OrderProgress, PlainProgress, SILENT_PROGRESS } from "./order-progress.ts";
import { bringsUp, orderWords, successLine } from "./order-words.ts";

export type FollowOrder = (signal: AbortSignal) => AsyncIterable<OrderStatus>;

/** Gives an order and, unless `--no-wait` was said, shows how it goes on until it has ended. */
export async function runOrder(context: CommandContext, input: CommandInput, request: OrderRequest): Promise<number> {
  const client = await context.client();
  const accepted = await client.giveOrder(request);
  return await awaitOrder(context, input, accepted, (signal) => client.followOrder(accepted.id, signal));
}

/**
 * The second half of `runOrder`, for an order that was accepted already.
 * @param open its statuses, the last of which has `ended`, until the signal
 */
export async function awaitOrder(
  context: CommandContext,
  input: CommandInput,
  accepted: OrderStatus,
  open: FollowOrder,
): Promise<number> {
  if (input.has("no-wait") && !accepted.ended) {
    if (context.json) printJson(context, accepted);
    else context.stdout.write(`${accepted.order} accepted: "muster status" shows how it goes on\n`);
    return EXIT.well;
  }
  const last = accepted.ended ? accepted : await follow(context, accepted, open);
  if (!last.ended) return leave(context, last);
  if (context.json) printJson(context, last);
  else if (last.ok) context.stdout.write(`${successLine(last)}\n`);
  else writeFailures(context, last);
  return orderExitCode(last);
}

export function orderExitCode(status: OrderStatus): number {
  if (status.ok) return EXIT.well;
  return bringsUp(status.order) ? EXIT.notWell : EXIT.failed;
}

async function follow(context: CommandContext, accepted: OrderStatus, open: FollowOrder): Promise<OrderStatus> {
  const progress = await makeProgress(context);
  const interruption = context.interruption();
  let last = accepted;
  try {
    for await (const status of open(interruption)) {
      last = status;
      progress.show(status);
    }
  } catch (error) {
    if (!interruption.aborted) throw error;
  } finally {
    progress.end();
  }
  return last;
}

async function makeProgress(context: CommandContext): Promise<OrderProgress> {
  if (context.json) return SILENT_PROGRESS;
  if (!context.stdout.isTerminal || context.environment.TERM === "dumb") return new PlainProgress(context.stdout);
  return new LiveProgress(context.stdout, painter(context.colour), {
    measure: await fullMeasure(),
    blocks: wantsBlocks(context),
    nowMs: context.nowMs,
  });
}

/** Its end was not seen, so this is not "done and well"; the order itself does not mind. */
function leave(context: CommandContext, last: OrderStatus): number {
  if (context.json) printJson(context, last);
  context.stderr.write(`left: the order "${last.order}" goes on in the daemon; "muster status" shows how it stands\n`);
  return EXIT.failed;
}

const FAILURES_SHOWN = 10;

function writeFailures(context: CommandContext, status: OrderStatus): void {
  const failed = status.items.filter((item) => item.outcome === "failed");
  const lines = failed.slice(0, FAILURES_SHOWN).map((item) => failureLine(status, item));
  if (failed.length > FAILURES_SHOWN) lines.push(`and ${failed.length - FAILURES_SHOWN} more`);
  const total = status.items.length;
  lines.push(`${status.order}: ${failed.length} of ${total} ${total === 1 ? "instance" : "instances"} failed`);
  context.stderr.write(`${lines.join("\n")}\n`);
}

function failureLine(status: OrderStatus, item: OrderItem): string {
  const reason = item.reason === null ? `it is ${item.state}` : safeText(item.reason);
  return `cannot ${orderWords(status.order).verb} ${item.instance}: ${reason}; "muster why ${item.instance}" tells more`;
}
