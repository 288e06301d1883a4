/**
 * Binds a datagram socket and writes a JSON line for each message: `bun event-receiver-process.ts <socket> <manner>`.
 * Ends with who started it. `<socket>` is a path, or `@` and an abstract name; for `<manner>` see `event-receiver.ts`.
 */
import { dlopen, ptr } from "bun:ffi";
import { chmodSync, existsSync, readFileSync, writeSync } from "node:fs";
import { openLibc } from "../../src/platform/libc.ts";
import { loadedLibcPath } from "../../src/platform/libc-path.ts";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;
const LARGEST_BYTES = 65_536;

const [socket = "", manner = ""] = process.argv.slice(2);
const libc = openLibc();
libc.prctl(PR_SET_PDEATHSIG, SIGKILL);
const { symbols } = dlopen(loadedLibcPath(readFileSync("/proc/self/maps", "latin1")) ?? "", {
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
});

const fd = libc.socket(AF_UNIX, SOCK_DGRAM, 0);
const name = Buffer.from(socket.startsWith("@") ? `\0${socket.slice(1)}` : `${socket}\0`);
const address = Buffer.concat([Buffer.from(new Uint16Array([AF_UNIX]).buffer), name]);
if (symbols.bind(fd, address, address.length) !== 0) throw new Error(`cannot bind ${socket}`);
if (!socket.startsWith("@")) chmodSync(socket, 0o600);
symbols.setsockopt(fd, SOL_SOCKET, SO_PASSCRED, new Int32Array([1]), 4);
writeSync(1, '"bound"\n');

const UNANSWERED = manner === "unanswering" ? Number.POSITIVE_INFINITY : manner === "late" ? 1 : 0;
let words = 0;
const bytes = Buffer.alloc(LARGEST_BYTES);
const control = Buffer.alloc(256);
const part = new BigUint64Array([BigInt(ptr(bytes)), BigInt(bytes.length)]);
const header = new BigUint64Array(7);

/** A control message of `type` in what recvmsg gave. */
function controlData(type: number): Buffer | undefined {
  for (let at = 0; at + 16 <= Number(header[5]); ) {
    const length = Number(control.readBigUInt64LE(at));
    if (length < 16) return undefined;
    if (control.readInt32LE(at + 12) === type) return control.subarray(at + 16, at + length);
    at += Math.ceil(length / 8) * 8;
  }
  return undefined;
}

/** Of those that are answered: see docs/shim.md. */
function isOwnWord(): boolean {
  return bytes.toString("latin1", 0, 7) === "MUSTER_";
}

while (manner === "deaf") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
for (;;) {
  header.set([0n, 0n, BigInt(ptr(part)), 1n, BigInt(ptr(control)), BigInt(control.length), 0n]);
  const length = libc.recvmsg(fd, new Uint8Array(header.buffer), 0);
  if (length < 0) throw new Error(`recvmsg: ${length}`);
  const pid = controlData(SCM_CREDENTIALS)?.readInt32LE(0) ?? 0;
  const rights = controlData(SCM_RIGHTS);
  const descriptors =
    rights === undefined ? [] : Array.from({ length: rights.length / 4 }, (_, at) => rights.readInt32LE(at * 4));
  const content = bytes.subarray(0, length).toString("base64");
  writeSync(
    1,
    `${JSON.stringify({ content, pid, alive: existsSync(`/proc/${pid}/stat`), descriptors: descriptors.length })}\n`,
  );
  if (manner === "silent") continue;
  const [pipe] = descriptors;
  if (pipe !== undefined && isOwnWord() && ++words > UNANSWERED) writeSync(pipe, "1");
  for (const descriptor of descriptors) libc.close(descriptor);
}
