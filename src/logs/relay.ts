import type { Clock } from "../base/clock.ts";
import { FollowPace } from "./follow-pace.ts";
import { pause } from "./pause.ts";
import { currentName } from "./places.ts";
import type { QuerySource } from "./query.ts";
import { type RelayProgress, readRelayState, writeRelayState } from "./relay-state.ts";
import { RelayStream } from "./relay-stream.ts";
import { CHUNK_BYTES } from "./segment-walker.ts";

const SAVE_EVERY_MS = 200;
const SELECT_EVERY_MS = 1_000;

/** Where the bytes go. */
export interface RelaySink {
  /** Resolves once the bytes were taken (not before: that is what slows the relay down); rejects when it is closed. */
  write(bytes: Uint8Array): Promise<void>;
}

export interface RelayParts {
  readonly clock: Clock;
  readonly sink: RelaySink;
  /** `<state>/relay.json` */
  readonly statePath: string;
  /** the streams of services with `log.to = "stdout"`, and their present generations; asked once a second */
  streams(): readonly QuerySource[];
  /** Told once when the sink is closed, and when its progress cannot be kept. */
  warn(message: string): void;
}

/**
 * Copies the output of services to the daemon's standard output (`log.to = "stdout"`): the bytes as they are, whole
 * lines, each stream in its order. The files stay the truth; a sink that blocks makes it wait and nothing else.
 *
 * The next daemon goes on where this one came to. Nothing is left out. After an ordered end nothing is doubled; after
 * a SIGKILL what was written in the last 200 ms and since may come a second time: whole lines, or pieces of a line that
 * is longer than 64 KiB. A sink that was closed (EPIPE) ends the copying of this daemon; the files then need not be kept
 * for it, and what it did not take is left out by the next daemon only where the limits of the logs removed it.
 */
export class StdoutRelay {
  private readonly parts: RelayParts;
  private readonly stopping = new AbortController();
  private readonly streams = new Map<string, RelayStream>();
  private readonly buffer: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  private progress = new Map<string, RelayProgress>();
  private ended: Promise<void> = Promise.resolve();
  private sinkClosed = false;
  private savedMs = 0;
  private selectedMs = Number.NEGATIVE_INFINITY;
  private dirty = false;
  private readonly pace: FollowPace;

  constructor(parts: RelayParts) {
    this.parts = parts;
    this.pace = new FollowPace(parts.clock);
  }

  start(): void {
    this.ended = this.run();
  }

  /** For the keeper: whether this rotated file must stay, and stay plain, until it was copied. */
  isHeld(stream: string, path: string): boolean {
    if (this.sinkClosed) return false;
    const copied = this.streams.get(stream);
    // Not looked at yet: all of it may be needed.
    return copied ? copied.needs(path) : this.parts.streams().some(({ place }) => currentName(place) === stream);
  }

  /**
   * Gives what is there until now, the last lines without a newline too, and ends.
   * @param waitMs how long a sink that does not take may hold this up; what it did not take is for the next daemon
   */
  async close(waitMs = 1_000): Promise<void> {
    this.stopping.abort();
    const late = new AbortController();
    await Promise.race([this.ended, pause(this.parts.clock, waitMs, late.signal)]);
    late.abort();
    await this.closeStreams();
  }

  private async run(): Promise<void> {
    const { clock, statePath } = this.parts;
    const { signal } = this.stopping;
    this.progress = new Map(await readRelayState(statePath));
    try {
      while (!signal.aborted) {
        await this.select(clock.monotonicMs());
        if (await this.copyAll()) continue;
        await this.save(true);
        await this.rest(signal);
      }
      while (await this.copyAll());
      for (const stream of this.streams.values()) await this.give(stream, stream.rest());
    } catch (fault) {
      this.sinkClosed = true;
      this.parts.warn(
        `cannot copy output to standard output: ${(fault as Error).message}; it stays in the log files, and the next daemon goes on from here`,
      );
    } finally {
      await this.save(true);
      await this.closeStreams();
    }
  }

  private async closeStreams(): Promise<void> {
    for (const [name, stream] of this.streams) {
      this.streams.delete(name);
      await stream.close();
    }
  }

  /** Until there may be something to copy, or it is time to look which streams there are. */
  private async rest(signal: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    while (!signal.aborted) {
      await pause(clock, this.pace.restMs(), signal);
      this.pace.look();
      const ready = await Promise.all([...this.streams.values()].map((stream) => stream.mayRead()));
      if (ready.includes(true)) this.pace.found();
      if (ready.includes(true) || clock.monotonicMs() - this.selectedMs >= SELECT_EVERY_MS) return;
    }
  }

  /**
   * Streams in turn, so that none waits for a busy one; but a line that was begun is given to its end first.
   * @returns whether there was something
   */
  private async copyAll(): Promise<boolean> {
    let copied = false;
    for (const stream of this.streams.values()) {
      let lines = await stream.read();
      while (lines !== null) {
        copied = true;
        await this.give(stream, lines.bytes);
        if (lines.endsLine) break;
        lines = await stream.read();
      }
    }
    return copied;
  }

  /** What a stream that is not wanted any more has left. */
  private async finish(stream: RelayStream): Promise<void> {
    for (let lines = await stream.read(); lines !== null; lines = await stream.read()) {
      await this.give(stream, lines.bytes);
    }
    await this.give(stream, stream.rest());
  }

  private async give(stream: RelayStream, bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    await this.parts.sink.write(bytes);
    const progress = await stream.commit();
    if (progress) this.progress.set(stream.name, progress);
    this.dirty = true;
    await this.save(this.parts.clock.monotonicMs() - this.savedMs >= SAVE_EVERY_MS);
  }

  private async save(due: boolean): Promise<void> {
    if (!due || !this.dirty) return;
    this.dirty = false;
    this.savedMs = this.parts.clock.monotonicMs();
    await writeRelayState(this.parts.statePath, this.progress).catch((fault: Error) => {
      this.dirty = true;
      this.parts.warn(
        `cannot note how far standard output is: ${fault.message}; the next daemon may repeat some lines`,
      );
    });
  }

  private async select(nowMs: number): Promise<void> {
    if (nowMs - this.selectedMs < SELECT_EVERY_MS) return;
    this.selectedMs = nowMs;
    const wanted = this.parts.streams();
    const names = new Set(wanted.map(({ place }) => currentName(place)));
    for (const [name, stream] of this.streams) {
      if (names.has(name)) continue;
      await this.finish(stream);
      this.streams.delete(name);
      await stream.close();
    }
    for (const source of wanted) {
      const name = currentName(source.place);
      if (this.streams.has(name)) continue;
      this.streams.set(name, await RelayStream.open(source, this.progress.get(name), this.buffer));
    }
  }
}
