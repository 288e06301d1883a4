import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { EventDraft } from "../model/event.ts";
import { formatInstance } from "../model/name.ts";
import type { LogPolicy } from "../model/service.ts";
import { VirtualClock } from "../platform/virtual-clock.ts";
import { LogKeeper } from "./keeper.ts";
import { packLog } from "./pack.ts";
import { placeIn, readTexts, sourcesOf, temporaryDirectories } from "./testing/collect.ts";
import { LogWriter } from "./testing/log-writer.ts";

const temporary = temporaryDirectories();
const START_MS = Date.UTC(2026, 2, 1);

function keeperOf(directory: string, policy: Partial<LogPolicy>, options: { host?: number; held?: boolean } = {}) {
  const clock = new VirtualClock({ wallMs: START_MS });
  const events: EventDraft[] = [];
  const rotated: string[] = [];
  const warnings: string[] = [];
  const full: LogPolicy = {
    to: "file",
    sizeBytes: 0,
    keep: 5,
    ageMs: 0,
    merge: false,
    onFull: "drop",
    compress: true,
    totalBytes: 0,
    archive: null,
    ...policy,
  };
  const keeper = new LogKeeper({
    clock,
    directory,
    policies: () => new Map([["web", full]]),
    archives: () => (full.archive === null ? [] : [full.archive]),
    hostTotalBytes: () => options.host ?? 0,
    rotate: (instance) => void rotated.push(formatInstance(instance)),
    record: (draft) => void events.push(draft),
    isHeld: () => options.held ?? false,
    warn: (message) => void warnings.push(message),
  });
  return { keeper, clock, events, rotated, warnings };
}

/** A stream of `files` rotated files and a current one, of one line each: 1, 2, … */
function written(directory: string, files: number, archive: string | null = null): LogWriter {
  const writer = new LogWriter({ ...placeIn(directory), archive }, START_MS);
  for (let line = 1; line <= files; line++) writer.write(`${line}\n`, 1_000).rotate();
  return writer.write(`${files + 1}\n`, 1_000);
}

describe("LogKeeper", () => {
  test("at its start packs what was rotated while no daemon was there, and removes what is beyond keep", async () => {
    const directory = temporary();
    using writer = written(directory, 7);
    const { keeper, clock, events, warnings } = keeperOf(directory, { keep: 3 });
    keeper.start();
    await keeper.settled();
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(["5", "6", "7", "8"]);
    expect(readdirSync(directory).filter((name) => name.endsWith(".gz")).length).toBe(6);
    expect(readdirSync(directory).length).toBe(8);
    expect(events).toEqual([
      expect.objectContaining({
        kind: "log.removed",
        subject: "web",
        message: expect.stringContaining("4 rotated files"),
      }),
    ]);
    expect(warnings).toEqual([]);
    await keeper.close();
    expect(clock.waiting).toBe(0);
  });

  test("runs again when something rotated, in the archive too", async () => {
    const directory = temporary();
    const archive = join(directory, "archive");
    using writer = written(directory, 1, archive);
    const { keeper } = keeperOf(directory, { archive, keep: 1 });
    keeper.start();
    await keeper.settled();
    writer.rotate();
    writer.write("3\n", 1_000);
    keeper.rotated();
    keeper.rotated();
    await keeper.settled();
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(["2", "3"]);
    expect(readdirSync(join(archive, "2026", "03")).filter((name) => name.endsWith(".gz")).length).toBe(2);
    await keeper.close();
  });

  test("rotates by age, by its slow timer", async () => {
    const directory = temporary();
    using _ = written(directory, 0);
    const { keeper, clock, rotated } = keeperOf(directory, { ageMs: 90_000 });
    keeper.start();
    await keeper.settled();
    clock.advance(60_000);
    await keeper.settled();
    expect(rotated).toEqual([]);
    clock.advance(60_000);
    await keeper.settled();
    expect(rotated).toEqual(["web:1"]);
    await keeper.close();
  });

  test("the limit of the host removes the oldest and says so; the current file is never touched", async () => {
    const directory = temporary();
    using writer = written(directory, 3);
    const { keeper, events } = keeperOf(directory, {}, { host: 1 });
    keeper.start();
    await keeper.settled();
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(["4"]);
    expect(events.map(({ data }) => data?.reason)).toEqual(["host-total"]);
    await keeper.close();
  });

  test("packs before it looks at the limits: what fits then stays", async () => {
    const directory = temporary();
    using writer = new LogWriter(placeIn(directory), START_MS);
    for (let file = 0; file < 3; file++) writer.write("the same again\n".repeat(2_000), 1_000).rotate();
    const { keeper, events } = keeperOf(directory, { totalBytes: 40_000 });
    keeper.start();
    await keeper.settled();
    expect(events).toEqual([]);
    expect((await readTexts(sourcesOf([writer.place]))).length).toBe(6_000);
    await keeper.close();
  });

  test("leaves what is still to be copied to standard output as it is", async () => {
    const directory = temporary();
    using writer = written(directory, 4);
    const { keeper } = keeperOf(directory, { keep: 1 }, { held: true });
    keeper.start();
    await keeper.settled();
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(["1", "2", "3", "4", "5"]);
    expect(readdirSync(directory).filter((name) => name.endsWith(".gz"))).toEqual([]);
    await keeper.close();
  });

  test("mends what a killed daemon left, at every step of the packing", async () => {
    const directory = temporary();
    using writer = new LogWriter(placeIn(directory), START_MS);
    // Killed while packing; after the log was packed; after its original was removed.
    const logs = [1, 2, 3].map((line) => writer.write(`${line}\n`, 1_000).rotate());
    writer.write("4\n", 1_000);
    const [first = "", second = "", third = ""] = logs;
    writeFileSync(`${first}.gz.new`, "half");
    const plain = await Bun.file(second).bytes();
    const plainIndex = await Bun.file(`${second}.idx`).bytes();
    await packLog(second);
    writeFileSync(second, plain);
    writeFileSync(`${second}.idx`, plainIndex);
    const thirdIndex = await Bun.file(`${third}.idx`).bytes();
    await packLog(third);
    writeFileSync(`${third}.idx`, thirdIndex);
    writeFileSync(join(directory, ".unpacked-1-ab"), "");
    const expected = ["1", "2", "3", "4"];
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(expected);
    const { keeper, warnings } = keeperOf(directory, {});
    keeper.start();
    await keeper.settled();
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(expected);
    const packed = logs
      .flatMap((path) => [`${path}.gz`, `${path}.idx.gz`])
      .map((path) => path.slice(directory.length + 1));
    expect(readdirSync(directory).sort()).toEqual([...packed, "web.1.out.log", "web.1.out.log.idx"].sort());
    expect(warnings).toEqual([]);
    await keeper.close();
  });

  test("what cannot be packed is said and stays, the others are packed", async () => {
    const directory = temporary();
    using writer = new LogWriter(placeIn(directory), START_MS);
    const bad = writer.write("1\n").rotate();
    const good = writer.write("2\n", 1_000).rotate();
    closeSync(openSync(`${bad}.gz`, "w"));
    writeFileSync(join(directory, "stranger.txt"), "not ours");
    await Bun.$`rm ${bad}.gz && mkdir ${bad}.gz`.quiet();
    const { keeper, warnings } = keeperOf(directory, {});
    keeper.start();
    await keeper.settled();
    expect(warnings).toEqual([expect.stringContaining(`cannot compress ${bad}`)]);
    expect([existsSync(bad), existsSync(good), existsSync(join(directory, "stranger.txt"))]).toEqual([
      true,
      false,
      true,
    ]);
    await keeper.close();
  });
});

describe("packLog", () => {
  test("keeps the time of the last write, and is for the owner alone", async () => {
    const directory = temporary();
    using writer = new LogWriter(placeIn(directory));
    const path = writer.write("1\n").rotate();
    utimesSync(path, 1_000, 1_700_000_000.125);
    chmodSync(path, 0o640);
    const { mode, mtimeMs } = statSync(await packLog(path));
    expect([mode & 0o777, mtimeMs]).toEqual([0o600, 1_700_000_000_125]);
  });

  test("of a damaged packed file the lines before the damage are given", async () => {
    const directory = temporary();
    using writer = new LogWriter(placeIn(directory));
    let text = "";
    for (let line = 1; line <= 50_000; line++) text += `${line} ${(line * 7_919) % 100_003}\n`;
    const packed = await packLog(writer.write(text).rotate());
    writer.write("last\n", 1);
    truncateSync(packed, Math.floor(statSync(packed).size / 2));
    const texts = await readTexts(sourcesOf([writer.place]));
    expect(texts.length).toBeGreaterThan(5_000);
    expect(texts[0]).toBe("1 7919");
    expect(texts[texts.length - 1]).toEndWith("last");
  });
});
