import { entry } from "./entry.ts";

/** What keeps a word of a service from its supervisor. `word` is its id: `started_ok`, `log`, … */
export const SPEAKING_ERRORS = {
  "not-supervised": entry(
    409,
    1,
    (d: { word: string }) =>
      `cannot say ${d.word}: this process was not started by muster, neither MUSTER_SOCKET nor NOTIFY_SOCKET is set; call it from a service, and pass its environment on`,
  ),
  "event-socket-gone": entry(
    410,
    1,
    (d: { word: string; socket: string }) =>
      `cannot say ${d.word}: its supervisor's socket ${d.socket} is gone: this process belongs to a generation that has ended; what it says counts no more`,
  ),
  "event-socket-forbidden": entry(
    403,
    1,
    (d: { word: string; socket: string; uid: number }) =>
      `cannot say ${d.word}: the user ${d.uid} may not write to ${d.socket}; call it as the user of the service`,
  ),
  "event-socket-full": entry(
    503,
    1,
    (d: { word: string; socket: string; waitedMs: number }) =>
      `cannot say ${d.word}: nothing was taken from ${d.socket} for ${d.waitedMs / 1_000}s, too much is waiting there; say it again later`,
  ),
  "event-socket-silent": entry(
    504,
    1,
    (d: { word: string; socket: string; waitedMs: number }) =>
      `cannot tell whether ${d.word} was heard: who reads ${d.socket} did not confirm it within ${d.waitedMs / 1_000}s; it may still be read`,
  ),
  "event-socket-unanswered": entry(
    503,
    1,
    (d: { word: string; socket: string; times: number }) =>
      `cannot say ${d.word}: who reads ${d.socket} took it ${d.times} times and never confirmed it: a process that is none of the service is not believed, and there may be no room for more words; say it from a process of the service, or later; "muster events" tells the reason`,
  ),
  "event-socket-unusable": entry(
    500,
    1,
    (d: { word: string; socket: string; reason: string }) =>
      `cannot say ${d.word}: ${d.socket} cannot be used: ${d.reason}; see to MUSTER_SOCKET or NOTIFY_SOCKET of this process`,
  ),
} as const;
