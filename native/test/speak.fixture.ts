// A program that speaks to the socket in NOTIFY_SOCKET: each argument is one thing to do, in their order.
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { openLibc } from "../../src/platform/libc.ts";
import { Datagrams } from "./datagrams.ts";

const O_CLOEXEC = 0o2000000;
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
