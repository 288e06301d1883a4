import { describeChaos } from "./describe-chaos.ts";

describeChaos({ kills: 5, limitMs: 60_000, leastLines: 1_000, leastEnds: 20 });
