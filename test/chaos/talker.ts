/**
 * One life of a service that speaks: `talker.ts <directory for its notes> <seed>`. Each word ends with "<generation> <number>";
 * a word that was confirmed is noted in `confirmed` as "<generation> <number>", the one that it is ready in `ready`.
 */
import { appendFileSync, closeSync, readlinkSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Datagrams } from "../../native/test/datagrams.ts";
import { openLibc } from "../../src/platform/libc.ts";
import { Chance } from "../../src/services/simulation/chance.ts";

const O_CLOEXEC = 0o2000000;
const MOST_WORDS = 150;
const TRY_AGAIN_MS = 2;

const [notes = "", seed = "0"] = process.argv.slice(2);
const generation = basename(dirname(readlinkSync("/proc/self/fd/1")));
const chance = new Chance(Number(seed) * 1_000 + Number(generation));
const libc = openLibc();
const datagrams = new Datagrams(libc);
const socket = process.env.MUSTER_SOCKET ?? "";

/** While its shim is replaced nobody listens. */
function send(text: string, descriptors: readonly number[] = []): void {
  while (datagrams.send(socket, text, descriptors) < 0) Bun.sleepSync(TRY_AGAIN_MS);
}

/** Whether it is on file. Returns when that is told, or its shim is gone. It is said once, so nothing may be there twice. */
function isConfirmed(text: string): boolean {
  const ends = new Int32Array(2);
  libc.pipe2(ends, O_CLOEXEC);
  const [reading = -1, writing = -1] = ends;
  send(text, [writing]);
  closeSync(writing);
  const answered = readSync(reading, new Uint8Array(1)) === 1;
  closeSync(reading);
  return answered;
}

function note(file: string, text: string): void {
  appendFileSync(join(notes, file), `${text}\n`);
}

function say(number: number): void {
  const word = `${generation} ${number}`;
  if (isConfirmed(`MUSTER_ID=log\nMUSTER_SEVERITY=warn\nMUSTER_MESSAGE=${word}`)) note("confirmed", word);
}

for (let progress = 1; progress <= chance.between(0, 3); progress++) {
  send(`MUSTER_ID=maintenance\nMUSTER_PROGRESS=${progress}\nMUSTER_MESSAGE=${generation}`);
}
if (chance.happens(0.1)) {
  isConfirmed(`MUSTER_ID=start_failed\nMUSTER_MESSAGE=${generation}`);
} else if (isConfirmed(`MUSTER_TOKEN=${process.env.MUSTER_TOKEN}\nREADY=1`)) note("ready", generation);
const words = chance.between(0, MOST_WORDS);
for (let number = 1; number <= words; number++) {
  say(number);
  if (chance.happens(0.3)) Bun.sleepSync(chance.between(0, 20));
}
process.exit(chance.between(0, 3));
