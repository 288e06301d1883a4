import * as z from "zod";
import { duration } from "./kinds.ts";

/** Keys whose shape is settled and that this version refuses, see `unsupported.ts`. */
export function laterKeys() {
  return {
    sockets: z
      .array(z.string())
      .optional()
      .meta({
        description: "Sockets that Muster holds for it and hands to old and new instances.",
        change: "restart",
        example: ["tcp://127.0.0.1:8080"],
      }),
    pool: z.string().optional().meta({
      description: "Pool of instances that leave the balancer together.",
      change: "live",
      example: "blue",
    }),
    checks: z
      .record(z.string(), check())
      .optional()
      .meta({
        description: "Health checks, by name.",
        change: "live",
        example: { home: { http: "http://127.0.0.1:{port}/" } },
      }),
  };
}

function check() {
  return z.looseObject({
    http: z.string().optional(),
    every: duration({ min: "1ms" }).optional(),
    timeout: duration({ min: "1ms" }).optional(),
  });
}
