import { ptr } from "bun:ffi";
import type { Libc } from "../../src/platform/libc.ts";

const [AF_UNIX, SOCK_DGRAM, SOCK_CLOEXEC] = [1, 2, 0o2000000];
const [SOL_SOCKET, SCM_RIGHTS] = [1, 1];
const MSG_NOSIGNAL = 0x4000;
const ADDRESS_BYTES = 110;

/** Sends datagrams to unix sockets by their paths, as any program does: it waits where the queue is full. */
export class Datagrams implements Disposable {
  private readonly libc: Libc;
  private readonly ends = new Int32Array(2);

  constructor(libc: Libc) {
    this.libc = libc;
    if (libc.socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, this.ends) < 0) throw new Error("no socket can be made");
  }

  /** @returns the bytes sent, or `-errno` */
  send(path: string, content: string | Uint8Array, descriptors: readonly number[] = []): number {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    const address = Buffer.alloc(ADDRESS_BYTES);
    address.writeUInt16LE(AF_UNIX, 0);
    address.write(path, 2);
    const part = new BigUint64Array([bytes.length > 0 ? BigInt(ptr(bytes)) : 0n, BigInt(bytes.length)]);
    const control = controlOf(descriptors);
    const controlAt = control.length > 0 ? BigInt(ptr(control)) : 0n;
    // struct msghdr: name, its length, parts, their number, control, its length, flags
    const message = new BigUint64Array([
      BigInt(ptr(address)),
      BigInt(ADDRESS_BYTES),
      BigInt(ptr(part)),
      1n,
      controlAt,
      BigInt(control.length),
      0n,
    ]);
    return this.libc.sendmsg(this.ends[0] ?? -1, new Uint8Array(message.buffer), MSG_NOSIGNAL);
  }

  [Symbol.dispose](): void {
    for (const end of this.ends) this.libc.close(end);
  }
}

function controlOf(descriptors: readonly number[]): Buffer {
  if (descriptors.length === 0) return Buffer.alloc(0);
  const control = Buffer.alloc(16 + Math.ceil(descriptors.length / 2) * 8);
  control.writeBigUInt64LE(BigInt(16 + descriptors.length * 4), 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  for (const [index, descriptor] of descriptors.entries()) control.writeInt32LE(descriptor, 16 + index * 4);
  return control;
}
