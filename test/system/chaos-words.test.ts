import { describeWords } from "../chaos/describe-words.ts";

describeWords({ kills: 50, limitMs: 240_000, leastWords: 5_000, leastReady: 50 });
