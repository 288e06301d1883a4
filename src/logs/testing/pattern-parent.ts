import { SystemClock } from "../../platform/clock.ts";
import { openLibc } from "../../platform/libc.ts";
import { PatternSearch } from "../pattern-worker.ts";

/** Is in the middle of a search that does not end; says the pid of the process that searches. */
const patterns = new PatternSearch(new SystemClock(openLibc()), { callMs: 3_600_000 });
await patterns.match("warm.up", [""]);
patterns.match("(.*)(.*)(.*)x", ["a".repeat(65_536)]).catch(() => undefined);
const children = await Bun.file(`/proc/self/task/${process.pid}/children`).text();
console.log(children.trim());
