import { join } from "node:path/posix";
import type { AlertsSpec, ChannelSpec } from "../alerts-spec.ts";
import { NAME_PATTERN } from "../name.ts";
import { type ChannelPlace, resolveCommandChannel, resolveMail, resolveWebhook } from "./resolve-channels.ts";
import type { Complain } from "./resolve-values.ts";
import type { AlertsInFile } from "./schema/alerts.ts";
import { nameComplaint } from "./schema/place.ts";

const CHANNEL_KINDS = ["mail", "webhook", "command"] as const;

export interface AlertsPlace {
  /** of the file: relative paths start there */
  readonly directory: string;
  readonly hostName: string;
  /** takes paths below `alerts` */
  readonly complain: Complain;
  /** of the name of a channel */
  readonly complainOfName: Complain;
  warn(message: string): void;
}

export function resolveAlerts(file: AlertsInFile, place: AlertsPlace): AlertsSpec {
  const { flapping, suppress } = file;
  if (flapping.end > flapping.begin) {
    place.complain(["flapping"], `"end" is above "begin": it would begin and end at once; make "begin" the higher one`);
  }
  for (const [index, reminder] of file.reminders.entries()) {
    if (reminder > (file.reminders[index - 1] ?? 0)) continue;
    place.complain(["reminders", index], "is not later than the one before; write them in rising order");
  }
  return {
    groupWaitMs: file.group_wait,
    joinMs: file.join,
    remindersMs: file.reminders,
    quietMs: file.quiet,
    crashLoop: file.crash_loop,
    flapping: {
      results: flapping.results,
      beginPercent: flapping.begin,
      endPercent: flapping.end,
      everyMs: flapping.every,
    },
    suppress: { events: suppress.events, withinMs: suppress.within, quietMs: suppress.quiet },
    channels: resolveChannels(file, place),
  };
}

function resolveChannels(file: AlertsInFile, place: AlertsPlace): readonly ChannelSpec[] {
  checkNames(file, place.complainOfName);
  return [
    ...Object.entries(file.mail).map(([name, mail]) => resolveMail(name, mail, channelPlace("mail", name, place))),
    ...Object.entries(file.webhook).map(([name, hook]) =>
      resolveWebhook(name, hook, channelPlace("webhook", name, place)),
    ),
    ...Object.entries(file.command).map(([name, command]) =>
      resolveCommandChannel(name, command, channelPlace("command", name, place)),
    ),
  ];
}

/** A channel is called by its name alone where it is spoken of, so the kinds share one set of names. */
function checkNames(file: AlertsInFile, complain: Complain): void {
  const kinds = new Map<string, string>();
  for (const kind of CHANNEL_KINDS) {
    for (const name of Object.keys(file[kind])) {
      const other = kinds.get(name);
      if (other !== undefined) complain([kind, name], `is the name of alerts.${other}.${name} already; choose another`);
      else if (!NAME_PATTERN.test(name)) complain([kind, name], nameComplaint(name));
      kinds.set(name, other ?? kind);
    }
  }
}

function channelPlace(kind: string, name: string, { complain, directory, hostName, warn }: AlertsPlace): ChannelPlace {
  return {
    hostName,
    absolute: (path) => (path.startsWith("/") ? path : join(directory, path)),
    complain: (path, message, needle) => complain([kind, name, ...path], message, needle),
    warn: (message) => warn(`alerts.${kind}.${name}: ${message}`),
  };
}
