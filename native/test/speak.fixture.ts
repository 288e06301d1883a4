// A program that speaks to the socket in NOTIFY_SOCKET: each argument is one thing to do, in their order.
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { openLibc } from "../../src/platform/libc.ts";
import { Datagrams } from "./datagrams.ts";

const [O_CLOEXEC, O_NONBLOCK] = [0o2000000, 0o4000];
const [F_SETFL, F_DUPFD_CLOEXEC] = [4, 1030];
const [AF_UNIX, SOCK_STREAM] = [1, 1];
const PIPE_BUF_BYTES = 4_096;
const libc = openLibc();
const datagrams = new Datagrams(libc);
const socket = process.env.NOTIFY_SOCKET ?? "";

function send(content: string | Uint8Array, descriptors: readonly number[] = []): void {
  const sent = datagrams.send(socket, content, descriptors);
  if (sent < 0) writeFileSync(1, `error ${-sent}\n`);
}

/** Returns when every copy of the descriptor that came along is closed. */
function barrier(): void {
  const ends = new Int32Array(2);
  libc.pipe2(ends, O_CLOEXEC);
  const [reading = -1, writing = -1] = ends;
  send("BARRIER=1", [writing]);
  closeSync(writing);
  libc.read(reading, new Uint8Array(1));
  closeSync(reading);
  writeFileSync(1, "barrier\n");
}

/** What a datagram takes along that may ask for an answer; the first end is read. */
const PIPES: Readonly<Record<string, () => { readonly reading: number; readonly along: readonly number[] }>> = {
  empty: () => {
    const [reading = -1, writing = -1] = makePipe(O_CLOEXEC);
    return { reading, along: [writing] };
  },
  full: () => {
    const [reading = -1, writing = -1] = makePipe(O_CLOEXEC | O_NONBLOCK);
    while (libc.write(writing, new Uint8Array(PIPE_BUF_BYTES)) > 0);
    libc.fcntl(writing, F_SETFL, 0);
    return { reading, along: [writing] };
  },
  twice: () => {
    const [reading = -1, writing = -1] = makePipe(O_CLOEXEC);
    return { reading, along: [writing, libc.fcntl(writing, F_DUPFD_CLOEXEC, 0)] };
  },
  socket: () => {
    const [reading = -1, writing = -1] = makePipe(O_CLOEXEC, true);
    return { reading, along: [writing] };
  },
};

function makePipe(flags: number, socket = false): Int32Array {
  const ends = new Int32Array(2);
  if (socket) libc.socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  else libc.pipe2(ends, flags);
  return ends;
}

/** Says how many bytes are in the pipe when all copies of its other end are closed, and which is the last. It has sent when there is a file "asked". */
function ask(kind: string, text: string): void {
  const { reading = -1, along = [] } = PIPES[kind]?.() ?? {};
  send(text, along);
  writeFileSync("asked", "");
  for (const descriptor of along) closeSync(descriptor);
  const part = new Uint8Array(PIPE_BUF_BYTES);
  let [count, last] = [0, 0];
  for (let length = libc.read(reading, part); length > 0; length = libc.read(reading, part)) {
    count += length;
    last = part[length - 1] ?? 0;
  }
  closeSync(reading);
  writeFileSync(1, `${kind} ${count} ${String.fromCharCode(last || 48)}\n`);
}

function along(count: number, content: string): void {
  const descriptors = Array.from({ length: count }, () => openSync("/dev/null", "r"));
  send(content, descriptors);
  for (const descriptor of descriptors) closeSync(descriptor);
}

const VERBS: Readonly<Record<string, (rest: string) => void>> = {
  say: (text) => send(text),
  many: (count) => {
    for (let index = 1; index <= Number(count); index++) send(`STATUS=${index}`);
  },
  /** `times <count> <text>`: the text with a number at its end, again and again */
  times: (rest) => {
    const [count = "", ...words] = rest.split(" ");
    for (let number = 1; number <= Number(count); number++) send(`${words.join(" ")} ${number}`);
  },
  /** `hex <bytes>`: any bytes */
  hex: (digits) => send(Buffer.from(digits, "hex")),
  /** `long <bytes> <text>`: the text, then as many bytes as are missing */
  long: (rest) => {
    const [bytes = "", ...words] = rest.split(" ");
    send(words.join(" ").padEnd(Number(bytes), "x"));
  },
  barrier,
  /** `ask <kind of pipe> <text>`: prints `<kind> <bytes> <last byte>` */
  ask: (rest) => {
    const [kind = "", ...words] = rest.split(" ");
    ask(kind, words.join(" "));
  },
  along: (rest) => {
    const [count = "", ...words] = rest.split(" ");
    along(Number(count), words.join(" "));
  },
  main: () => send(`MAINPID=${process.pid}`),
  show: (path) => writeFileSync(1, readFileSync(path)),
  mark: (path) => writeFileSync(path, ""),
  print: (text) => writeFileSync(1, `${text}\n`),
  /** waits until somebody writes to the FIFO */
  gate: (path) => readFileSync(path),
  exit: (code) => process.exit(Number(code)),
};

for (const order of process.argv.slice(2)) {
  const [verb = ""] = order.split(" ");
  VERBS[verb]?.(order.slice(verb.length + 1));
}
