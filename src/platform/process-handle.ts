import { err, ok, type Result } from "../base/result.ts";
import { ERRNO } from "./constants.ts";
import type { Libc } from "./libc.ts";
import type { ProcessIdentities, ProcessIdentity } from "./process-identity.ts";

/** Why a signal did not arrive. `gone`: the process has ended, which is often what was wanted. */
export type SignalFailure =
  | { readonly kind: "gone" }
  | { readonly kind: "not-permitted" }
  | { readonly kind: "refused"; readonly errno: number };

/** What of the C library this needs. */
export type HandleCalls = Pick<Libc, "pidfdOpen" | "pidfdSendSignal" | "kill" | "close">;

/** Hands out what signals can be sent through. */
export class ProcessHandles {
  private readonly libc: HandleCalls;
  private readonly identities: ProcessIdentities;

  constructor(libc: HandleCalls, identities: ProcessIdentities) {
    this.libc = libc;
    this.identities = identities;
  }

  /**
   * Takes hold of the process `identity`. First the pidfd, then the question who it is: whatever answers the question
   * is what the descriptor holds on to, so there is no moment in which the pid could have changed hands.
   * Where the kernel gives no pidfd (before 5.3, a seccomp filter, no descriptors left) the handle asks again before each signal.
   */
  open(identity: ProcessIdentity): Result<ProcessHandle, SignalFailure> {
    const pidfd = this.identities.isOfHere(identity) ? this.libc.pidfdOpen(identity.pid) : -ERRNO.ESRCH;
    if (pidfd === -ERRNO.ESRCH || pidfd === -ERRNO.EINVAL) return err({ kind: "gone" });
    const handle = new ProcessHandle(this.libc, this.identities, identity, pidfd < 0 ? undefined : pidfd);
    if (this.identities.isAlive(identity)) return ok(handle);
    handle.close();
    return err({ kind: "gone" });
  }

  /** Opens, signals and closes: for one signal. */
  signal(identity: ProcessIdentity, signal: number): Result<void, SignalFailure> {
    const handle = this.open(identity);
    if (!handle.ok) return handle;
    try {
      return handle.value.sendSignal(signal);
    } finally {
      handle.value.close();
    }
  }
}

/** Holds one process; whoever opened it closes it. */
export class ProcessHandle implements Disposable {
  readonly identity: ProcessIdentity;
  private readonly libc: HandleCalls;
  private readonly identities: ProcessIdentities;
  private pidfd: number | undefined;
  private closed = false;

  /** @param pidfd becomes this handle's own; undefined where there are none */
  constructor(libc: HandleCalls, identities: ProcessIdentities, identity: ProcessIdentity, pidfd: number | undefined) {
    this.libc = libc;
    this.identities = identities;
    this.identity = identity;
    this.pidfd = pidfd;
  }

  /** @param signal its number; 0 only asks whether one could be sent. To a zombie a signal can be sent, without effect. */
  sendSignal(signal: number): Result<void, SignalFailure> {
    if (this.closed) return err({ kind: "gone" });
    const result =
      this.pidfd === undefined ? this.verifyAndKill(signal) : this.libc.pidfdSendSignal(this.pidfd, signal);
    if (result >= 0) return ok(undefined);
    if (result === -ERRNO.ESRCH) return err({ kind: "gone" });
    return err(result === -ERRNO.EPERM ? { kind: "not-permitted" } : { kind: "refused", errno: -result });
  }

  close(): void {
    this.closed = true;
    if (this.pidfd !== undefined) this.libc.close(this.pidfd);
    this.pidfd = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private verifyAndKill(signal: number): number {
    return this.identities.isAlive(this.identity) ? this.libc.kill(this.identity.pid, signal) : -ERRNO.ESRCH;
  }
}
