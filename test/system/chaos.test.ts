import { describeChaos } from "../chaos/describe-chaos.ts";

describeChaos({ kills: 50, limitMs: 240_000, leastLines: 100_000, leastEnds: 100 });
