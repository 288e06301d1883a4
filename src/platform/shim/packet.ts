import { ptr } from "bun:ffi";
import type { Libc } from "../libc.ts";

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const HEADER_BYTES = 16;
const MESSAGE_BYTES = 56;

/**
 * Sends one packet with descriptors, without waiting.
 * @returns what sendmsg gives: the bytes sent, or `-errno`
 */
export function sendPacket(
  libc: Pick<Libc, "sendmsg">,
  socket: number,
  content: string | Uint8Array,
  descriptors: readonly number[],
): number {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const part = new BigUint64Array([BigInt(ptr(bytes)), BigInt(bytes.byteLength)]);
  const control = controlOf(descriptors);
  // struct msghdr: name, its length, parts, their number, control, its length, flags
  const message = new BigUint64Array(MESSAGE_BYTES / 8);
  message[2] = BigInt(ptr(part));
  message[3] = 1n;
  if (control.length > 0) {
    message[4] = BigInt(ptr(control));
    message[5] = BigInt(control.length);
  }
  return libc.sendmsg(socket, new Uint8Array(message.buffer), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/** A control message of the kind SCM_RIGHTS; empty when there is nothing to hand over. */
function controlOf(descriptors: readonly number[]): Buffer {
  if (descriptors.length === 0) return Buffer.alloc(0);
  const dataBytes = descriptors.length * 4;
  const control = Buffer.alloc(HEADER_BYTES + Math.ceil(dataBytes / 8) * 8);
  control.writeBigUInt64LE(BigInt(HEADER_BYTES + dataBytes), 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  for (const [index, descriptor] of descriptors.entries()) {
    control.writeInt32LE(descriptor, HEADER_BYTES + index * 4);
  }
  return control;
}
