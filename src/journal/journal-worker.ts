import { Keeper } from "./keeper.ts";
import type { ToWorker } from "./protocol.ts";

declare const self: Worker;

// The entry point of the journal's worker, so it works at import. A built executable carries it as its own entry.
const keeper = new Keeper((message) => {
  self.postMessage(message);
  if (message.kind === "closed") process.exit(0);
});
self.onmessage = (event: MessageEvent<ToWorker>) => keeper.handle(event.data);
