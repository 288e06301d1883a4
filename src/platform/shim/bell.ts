import { closeSync, constants, fstatSync, openSync, rmSync, statSync } from "node:fs";
import { type Clock, untilNextMs } from "../../base/clock.ts";
import { ERRNO } from "../constants.ts";
import type { Libc } from "../libc.ts";
import { LineCutter } from "./lines.ts";
import { type BellLine, parseBellLine } from "./records.ts";

/** A bell that was removed by hand is made again within this. */
const LOOK_EVERY_MS = 1_000;

export interface BellCallbacks {
  readonly onLine: (line: BellLine) => void;
  /** Lines may have been missed (the file was removed and made again): read all records. */
  readonly onMissed: () => void;
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/**
 * The FIFO that wakes the daemon. Reading it as a stream of the runtime takes 30 to 50 us from the write to the
 * callback; a detour over the launcher's standard output took longer.
 */
export class Bell implements AsyncDisposable {
  private readonly path: string;
  private readonly libc: Pick<Libc, "mkfifo">;
  private readonly clock: Clock;
  private readonly callbacks: BellCallbacks;
  private descriptor = -1;
  private reader: Reader | undefined;
  private reading: Promise<void> = Promise.resolve();
  private timer: Disposable | undefined;
  private closed = false;

  private constructor(path: string, libc: Pick<Libc, "mkfifo">, clock: Clock, callbacks: BellCallbacks) {
    this.path = path;
    this.libc = libc;
    this.clock = clock;
    this.callbacks = callbacks;
  }

  /** @throws Error when the FIFO cannot be made */
  static open(path: string, libc: Pick<Libc, "mkfifo">, clock: Clock, callbacks: BellCallbacks): Bell {
    const bell = new Bell(path, libc, clock, callbacks);
    bell.begin();
    bell.look();
    return bell;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.timer?.[Symbol.dispose]();
    await this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private begin(): void {
    if (statSync(this.path, { throwIfNoEntry: false })?.isFIFO() === false) rmSync(this.path, { recursive: true });
    const made = this.libc.mkfifo(this.path, 0o600);
    if (made < 0 && made !== -ERRNO.EEXIST) throw new Error(`cannot make ${this.path}: errno ${-made}`);
    // Also open for writing, so that it never ends.
    this.descriptor = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK);
    this.reader = Bun.file(this.descriptor).stream().getReader();
    this.reading = this.read(this.reader);
  }

  private async read(reader: Reader): Promise<void> {
    const cutter = new LineCutter();
    for (let part = await reader.read(); part.value; part = await reader.read()) {
      for (const text of cutter.push(part.value)) {
        const line = parseBellLine(text);
        if (line && !this.closed) this.callbacks.onLine(line);
      }
    }
  }

  private look(): void {
    this.timer = this.clock.setTimer(untilNextMs(this.clock, LOOK_EVERY_MS), () => {
      if (!this.isInPlace()) this.replace();
      this.look();
    });
  }

  private isInPlace(): boolean {
    const named = statSync(this.path, { throwIfNoEntry: false });
    return named !== undefined && named.ino === fstatSync(this.descriptor).ino;
  }

  private replace(): void {
    void this.end();
    this.begin();
    this.callbacks.onMissed();
  }

  /** The stream reads through a copy of the descriptor, so ours stays to be closed. */
  private async end(): Promise<void> {
    const { descriptor, reader, reading } = this;
    await reader?.cancel();
    await reading;
    closeSync(descriptor);
  }
}
