// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the form of a variable in a file
import * as z from "zod";
import { alertsSchema } from "./alerts.ts";
import { confinementKeys } from "./confinement.ts";
import { daemonSchema } from "./daemon.ts";
import { laterKeys } from "./later.ts";
import { lifeKeys } from "./life.ts";
import { logKeys } from "./log.ts";
import { placeKeys } from "./place.ts";
import { programKeys } from "./program.ts";
import { restartKeys } from "./restarts.ts";
import { wordKeys } from "./words.ts";

/** One service, as a file says it. */
export const serviceSchema = z.strictObject({
  ...programKeys(),
  ...placeKeys(),
  ...lifeKeys(),
  ...wordKeys(),
  ...restartKeys(),
  ...confinementKeys(),
  ...logKeys(),
  ...laterKeys(),
});

export type ServiceInFile = z.output<typeof serviceSchema>;

/** A whole file. Files that are included may hold all but `daemon` and `alerts`. */
export const fileSchema = z.strictObject({
  include: z
    .array(z.string())
    .prefault([])
    .meta({
      description: "Further files, relative to this one; `*` and `?` stand for parts of a name.",
      example: ["conf.d/*.toml"],
    }),
  variables: z
    .record(z.string(), z.union([z.string(), z.int(), z.boolean()]))
    .prefault({})
    .meta({
      description:
        "Values for `${NAME}` in this file and those it includes; they go before the daemon's environment. A value may use those above it.",
      example: { DATA: "/srv/data" },
    }),
  daemon: daemonSchema,
  alerts: alertsSchema,
  services: z.record(z.string(), serviceSchema).prefault({}).meta({ description: "The services, by name." }),
});

/** The same with the services left as they are: each is read by itself, so that one's mistakes hide no other's. */
export const fileHeadSchema = fileSchema.extend({ services: z.record(z.string(), z.unknown()).prefault({}) });
