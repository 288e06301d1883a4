import { describeWords } from "./describe-words.ts";

describeWords({ kills: 5, limitMs: 60_000, leastWords: 200, leastReady: 10 });
