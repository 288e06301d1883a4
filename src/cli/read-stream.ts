import type { CommandContext } from "./context.ts";

/** Reads a stream of the daemon to its end or until Ctrl-C, which is the usual end of one that is followed: no failure. */
export async function readStream<Item>(
  context: CommandContext,
  open: (signal: AbortSignal) => AsyncIterable<Item>,
  take: (item: Item) => void,
): Promise<void> {
  const interruption = context.interruption();
  try {
    for await (const item of open(interruption)) take(item);
  } catch (error) {
    if (!interruption.aborted) throw error;
  }
}
