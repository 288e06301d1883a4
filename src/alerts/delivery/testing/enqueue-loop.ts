/**
 * A process that enqueues notices until it is killed: `enqueue-loop.ts <directory> <first number>`. It writes the number of each
 * notice when that is kept.
 */
import { writeSync } from "node:fs";
import { VirtualClock } from "../../../platform/virtual-clock.ts";
import { Outbox } from "../outbox.ts";
import { sampleNotice } from "./sample-notice.ts";

const [directory = "", first = "0"] = process.argv.slice(2);
const nothing = () => undefined;
const outbox = await Outbox.open({
  directory,
  clock: new VirtualClock(),
  reports: { stalled: nothing, resumed: nothing, dropped: nothing, setAside: nothing },
});
for (let number = Number(first); ; number++) {
  const kept = await outbox.add(sampleNotice(`s${number}`, { logLines: ["x".repeat(20_000)] }), ["ops a", "b"]);
  if (kept === "memory") throw new Error(`notice ${number} was not kept on disk`);
  writeSync(1, `${number}\n`);
  if (number % 3 === 0) await outbox.done("ops a", [`a-s${number}.raised`], true);
}
