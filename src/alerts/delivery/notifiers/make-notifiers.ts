import { assertNever } from "../../../base/assert-never.ts";
import type { ChannelSpec } from "../../../model/alerts-spec.ts";
import type { Notifier } from "../notifier.ts";
import { commandNotifier } from "./command.ts";
import { mailNotifiers } from "./mail.ts";
import { MailThread } from "./mail-thread.ts";
import type { NotifierPorts } from "./ports.ts";
import { webhookNotifier } from "./webhook.ts";

/** The notifiers of a file's channels. Nothing is opened or read before the first delivery. */
export function makeNotifiers(channels: readonly ChannelSpec[], ports: NotifierPorts): Notifier[] {
  const thread = new MailThread(ports.released ?? (() => undefined));
  return channels.flatMap((spec): readonly Notifier[] => {
    switch (spec.kind) {
      case "mail":
        return mailNotifiers(spec, ports, thread);
      case "webhook":
        return [webhookNotifier(spec, ports)];
      case "command":
        return [commandNotifier(spec, ports)];
      default:
        return assertNever(spec);
    }
  });
}
