import * as z from "zod";
import { account, command, octal, text, wholeNumber } from "./kinds.ts";

/** What runs, where and with which environment. */
export function programKeys() {
  return {
    command: command().meta({
      description:
        "The program and its arguments: a list, or one string that is split into words (quotes and backslashes as in a shell, nothing is expanded).",
      change: "restart",
      example: "node api.js",
    }),
    shell: z.boolean().prefault(false).meta({
      description: "Hand `command` (then one string) to `/bin/sh -c`.",
      change: "restart",
      example: true,
    }),
    directory: text().optional().meta({
      description: "Working directory, relative to the file.",
      defaultInWords: "the directory of the file",
      change: "restart",
      example: "api",
    }),
    user: account().optional().meta({
      description: "User that it runs as. Only root may choose one.",
      defaultInWords: "the user of the daemon",
      change: "restart",
      example: "www-data",
    }),
    unix_group: account().optional().meta({
      description: "Unix group that it runs as.",
      defaultInWords: "the main group of the user",
      change: "restart",
      example: "www-data",
    }),
    supplementary_groups: z
      .array(account())
      .optional()
      .meta({
        description: "Further Unix groups; an empty list takes all away.",
        defaultInWords: "those of the user",
        change: "restart",
        example: ["ssl-cert"],
      }),
    umask: octal().prefault("0022").meta({
      description: "Permission bits that new files do not get, in octal and in quotes.",
      change: "restart",
      example: "0077",
    }),
    priority: wholeNumber(-20, 19).prefault(0).meta({
      description: "Niceness: from -20 (first) to 19 (last). Below 0 needs root.",
      change: "restart",
      example: 5,
    }),
    ...environmentKeys(),
  };
}

function environmentKeys() {
  return {
    environment: environment()
      .prefault({})
      .meta({
        description:
          'Environment variables: a table, or one string `"item=value;;item2=value2"`. `{service}`, `{instance}` and `{port}` are filled in.',
        change: "restart",
        example: { PORT: "{port}" },
      }),
    environment_mode: z.enum(["extend", "replace"]).prefault("extend").meta({
      description:
        "`extend`: added to the daemon's own (without what npm left in it); `replace`: only what is given here.",
      change: "restart",
      example: "replace",
    }),
    environment_file: text().optional().meta({
      description:
        "File of `NAME=value` lines, relative to this one, read at each start; `environment` goes before it.",
      change: "restart",
      content: "restart",
      example: "api.env",
    }),
  };
}

function environment() {
  const value = z.union([z.string(), z.number(), z.boolean()]);
  return z.union([z.string(), z.record(z.string(), value)]).meta({ title: "table of names and values" });
}
