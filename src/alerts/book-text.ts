import { ALERT_KINDS } from "../model/alert.ts";
import { SEVERITIES } from "../model/severity.ts";
import {
  type AlertRecord,
  type Book,
  type DownMember,
  type DownService,
  type HeardPlace,
  type InstanceFacts,
  type SilenceRecord,
  UNKNOWN_INSTANCE,
} from "./book.ts";

type Json = Readonly<Record<string, unknown>>;

/** The book as JSON, and back: `readBook(JSON.parse(JSON.stringify(bookJson(book))))` equals the book. */
export function bookJson(book: Book): Json {
  const { nowMs, lastEvent, dropped, active, silences } = book;
  return {
    nowMs,
    lastEvent,
    dropped,
    active: [...active.values()],
    down: [...book.down].map(([service, down]) => ({ service, ...down, members: Object.fromEntries(down.members) })),
    instances: Object.fromEntries(book.instances),
    heard: Object.fromEntries(book.heard),
    silences: [...silences.values()],
    orders: [...book.orders],
  };
}

/** @throws Error that says what of it is not as this version writes it */
export function readBook(json: unknown): Book {
  const book = object(json, "the book");
  return {
    nowMs: number(book.nowMs, "nowMs"),
    lastEvent: text(book.lastEvent, "lastEvent"),
    dropped: number(book.dropped, "dropped"),
    active: new Map(
      list(book.active, "active")
        .map(readAlert)
        .map((record) => [record.fingerprint, record]),
    ),
    down: new Map(list(book.down, "down").map(readDown)),
    instances: new Map(Object.entries(object(book.instances, "instances")).map(readFacts)),
    heard: new Map(Object.entries(object(book.heard ?? {}, "heard")).map(readHeard)),
    silences: new Map(
      list(book.silences, "silences")
        .map(readSilence)
        .map((silence) => [silence.id, silence]),
    ),
    orders: new Map(list(book.orders, "orders").map(readOrder)),
  };
}

function readAlert(json: unknown): AlertRecord {
  const record = object(json, "an alert");
  for (const key of ["id", "fingerprint", "subject", "message", "firstEvent", "lastEvent"]) text(record[key], key);
  for (const key of ["raisedAtMs", "lastAtMs", "count", "generation"]) number(record[key], key);
  for (const key of ["noticeAtMs", "joinAtMs", "reminderAtMs", "quietAtMs"]) numberOrNull(record[key], key);
  for (const key of ["listOnly", "owed"]) flag(record[key], key);
  oneOf(record.kind, ALERT_KINDS, "kind");
  oneOf(record.severity, SEVERITIES, "severity");
  texts(record.affected, "affected");
  if (record.told !== null) {
    const told = object(record.told, "told");
    oneOf(told.severity, SEVERITIES, "severity");
    texts(told.affected, "affected");
  }
  if (record.acknowledged !== null) {
    const { by, atMs, comment } = object(record.acknowledged, "acknowledged");
    text(by, "by");
    number(atMs, "atMs");
    if (comment !== null) text(comment, "comment");
  }
  return record as unknown as AlertRecord;
}

function readDown(json: unknown): [string, DownService] {
  const { service, members, ...rest } = object(json, "a service that is down");
  for (const key of ["message", "firstEvent", "lastEvent"]) text(rest[key], key);
  for (const key of ["lastAtMs", "count"]) number(rest[key], key);
  flag(rest.folded, "folded");
  oneOf(rest.severity, SEVERITIES, "severity");
  if (rest.over !== null) text(rest.over, "over");
  const entries = Object.entries(object(members, "members")).map(readMember);
  return [text(service, "service"), { ...rest, members: new Map(entries) } as unknown as DownService];
}

function readMember([name, json]: [string, unknown]): [string, DownMember] {
  const member = object(json, "a member");
  flag(member.givenUp, "givenUp");
  number(member.steadyMs, "steadyMs");
  numberOrNull(member.readyAtMs, "readyAtMs");
  return [name, member as unknown as DownMember];
}

/** What is missing is as for an instance of which nothing is known. */
function readFacts([name, json]: [string, unknown]): [string, InstanceFacts] {
  const facts = { ...UNKNOWN_INSTANCE, ...object(json, "an instance") };
  number(facts.generation, "generation");
  number(facts.resultAtMs, "resultAtMs");
  numberOrNull(facts.signalledAtMs, "signalledAtMs");
  text(facts.phase, "phase");
  text(facts.results, "results");
  for (const key of ["endOrdered", "startOrdered", "endUnjudged", "watched"] as const) flag(facts[key], key);
  if (facts.failedEvent !== null) text(facts.failedEvent, "failedEvent");
  if (facts.waitingFor !== null) texts(facts.waitingFor, "waitingFor");
  return [name, facts];
}

function readHeard([name, json]: [string, unknown]): [string, HeardPlace] {
  const { generation, segment, offset } = object(json, "what was heard");
  return [
    name,
    {
      generation: number(generation, "generation"),
      segment: number(segment, "segment"),
      offset: number(offset, "offset"),
    },
  ];
}

function readSilence(json: unknown): SilenceRecord {
  const silence = object(json, "a silence");
  for (const key of ["id", "pattern", "by"]) text(silence[key], key);
  number(silence.untilMs, "untilMs");
  if (silence.comment !== null) text(silence.comment, "comment");
  return silence as unknown as SilenceRecord;
}

function readOrder(json: unknown): [string, string] {
  const [id, order] = list(json, "an order");
  return [text(id, "id"), text(order, "order")];
}

function object(value: unknown, what: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new Error(`${what} is not an object`);
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${what} is not a list`);
}

function text(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new Error(`${what} is not a text`);
}

function texts(value: unknown, what: string): void {
  for (const one of list(value, what)) text(one, what);
}

function number(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Error(`${what} is not a number`);
}

function numberOrNull(value: unknown, what: string): void {
  if (value !== null) number(value, what);
}

function flag(value: unknown, what: string): void {
  if (typeof value !== "boolean") throw new Error(`${what} is not true or false`);
}

function oneOf(value: unknown, choices: readonly string[], what: string): void {
  if (!choices.includes(text(value, what))) throw new Error(`${what} is "${value}"`);
}
