import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { firstIdOf } from "../base/ids.ts";
import { ALL, row } from "./journal-testing.ts";
import type { EventRow } from "./protocol.ts";
import { JournalStore, NewerVersionError } from "./store.ts";
import { classifyFault } from "./store-fault.ts";

const id = (number: number) => String(number).padStart(20, "0");
const DAY_MS = 86_400_000;

describe("the store", () => {
  failOnLeaks();
  const directory = directoryForEachTest("journal-store");
  const path = () => directory().file("journal.db");
  const open = (maxBytes = 200_000_000) => new JournalStore({ path: path(), keepMs: 30 * DAY_MS, maxBytes });
  const ids = (rows: readonly EventRow[]) => rows.map((one) => Number(one[0]));

  test("gives pages newest first and says whether there is more", () => {
    using store = open();
    store.insert(Array.from({ length: 1_200 }, (_, index) => row(id(index))));
    const first = store.page(ALL, null);
    expect([ids(first.rows)[0], first.rows.length, first.more]).toEqual([1_199, 500, true]);
    const last = store.page(ALL, id(200));
    expect([ids(last.rows)[0], last.rows.length, last.more]).toEqual([199, 200, false]);
    expect(store.page({ ...ALL, limit: 3 }, null).rows).toHaveLength(3);
    expect(store.page({ ...ALL, limit: 0 }, null).rows).toHaveLength(0);
  });

  test("ends a page early when its rows are large", () => {
    using store = open();
    store.insert(Array.from({ length: 20 }, (_, index) => row(id(index), { data: `"${"x".repeat(60_000)}"` })));
    const page = store.page(ALL, null);
    expect(page.more).toBe(true);
    expect(page.rows.length).toBeLessThan(6);
    expect(page.rows.length).toBeGreaterThan(0);
  });

  test("finds by subject, kind, severity and time", () => {
    using store = open();
    const subjects = ["web", "web:1", "web:10", "web2:1", "web_x", "muster"];
    store.insert(
      subjects.map((subject, index) =>
        row(firstIdOf(index * 10) + id(index).slice(10), { subject, timeMs: index * 10, severity: index % 5 }),
      ),
    );
    const found = (query: Partial<typeof ALL>) =>
      store
        .page({ ...ALL, ...query }, null)
        .rows.map((one) => one[4])
        .toReversed();
    expect(found({ subject: "web" })).toEqual(["web", "web:1", "web:10"]);
    expect(found({ subject: "web:1" })).toEqual(["web:1"]);
    expect(found({ subject: "web_x" })).toEqual(["web_x"]);
    expect(found({ subject: "w%" })).toEqual([]);
    expect(found({ severity: "error" })).toEqual(["web2:1", "web_x"]);
    expect(found({ kinds: ["instance.ready"] })).toEqual([]);
    expect(found({ kinds: [] })).toEqual([]);
    expect(found({ since: "1970-01-01T00:00:00.020Z", until: "1970-01-01T00:00:00.040Z" })).toEqual([
      "web:10",
      "web2:1",
    ]);
  });

  test("keeps the first of two rows with the same once, and leads causes to it", () => {
    using store = open();
    store.insert([row(id(1)), row(id(2), { once: "exit", cause: id(1) })]);
    store.insert([row(id(2)), row(id(7), { once: "exit" }), row(id(8), { cause: id(7) })]);
    expect(ids(store.page(ALL, null).rows)).toEqual([8, 2, 1]);
    expect(ids(store.chain(id(8), 10))).toEqual([8, 2, 1]);
    expect(ids(store.chain(id(7), 10))).toEqual([2, 1]);
    expect(ids(store.chain(id(8), 2))).toEqual([8, 2]);
    expect(store.chain("unknown", 10)).toEqual([]);
  });

  test("ends a chain that runs in a ring", () => {
    using store = open();
    store.insert([row(id(1), { cause: id(2) }), row(id(2), { cause: id(1) })]);
    expect(store.chain(id(1), 100)).toHaveLength(100);
  });

  test("sees that its files were removed before it first wrote to them", () => {
    using store = open();
    for (const end of ["", "-wal", "-shm"]) rmSync(path() + end, { force: true });
    store.insert([row(id(1))]);
    expect(store.place()).toBe("removed");
  });

  test("sees that its log was removed before it first wrote to it", () => {
    using store = open();
    for (const end of ["-wal", "-shm"]) rmSync(path() + end, { force: true });
    store.insert([row(id(1))]);
    expect(store.place()).toBe("log-removed");
  });

  test("removes by age in steps", () => {
    using store = open();
    const nowMs = 100 * DAY_MS;
    store.insert(
      Array.from({ length: 2_500 }, (_, index) => row(id(index), { timeMs: nowMs - 31 * DAY_MS, once: `o${index}` })),
    );
    store.insert([row(id(5_000), { timeMs: nowMs - 29 * DAY_MS })]);
    const steps: number[] = [];
    for (let step = store.trim(nowMs); step.more; step = store.trim(nowMs)) steps.push(step.forAge);
    expect(steps).toEqual([1_000, 1_000, 500]);
    expect(ids(store.page(ALL, null).rows)).toEqual([5_000]);
  });

  test("removes the oldest for its size and gives the room back", () => {
    {
      using store = open();
      for (let batch = 0; batch < 20; batch++) {
        store.insert(
          Array.from({ length: 1_000 }, (_, index) => row(id(batch * 1_000 + index), { data: `"${"x".repeat(500)}"` })),
        );
      }
      store.checkpoint("end");
    }
    const before = statSync(path()).size;
    using store = open(4_000_000);
    expect(store.isTooLarge()).toBe(true);
    let forSize = 0;
    for (let step = store.trim(1_000); step.more; step = store.trim(1_000)) forSize += step.forSize;
    store.checkpoint("end");
    expect(store.isTooLarge()).toBe(false);
    expect(statSync(path()).size).toBeLessThan(before / 1.5);
    expect(ids(store.page(ALL, null).rows)[0]).toBe(19_999);
    expect(ids(store.page({ ...ALL, limit: 1 }, id(forSize)).rows)).toEqual([]);
  });

  test("is private to its user", () => {
    using store = open();
    store.insert([row(id(1))]);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(statSync(`${path()}-wal`).mode & 0o777).toBe(0o600);
  });

  test("sees that its file was removed or replaced", () => {
    using store = open();
    store.insert([row(id(1))]);
    expect(store.place()).toBe("kept");
    renameSync(`${path()}-wal`, `${path()}.moved-wal`);
    expect(store.place()).toBe("log-removed");
    renameSync(path(), `${path()}.moved`);
    expect(store.place()).toBe("removed");
    writeFileSync(path(), "");
    expect(store.place()).toBe("removed");
  });

  test("refuses a newer version and leaves it as it is", () => {
    {
      using newer = new Database(path(), { create: true });
      newer.run("CREATE TABLE future (x); PRAGMA user_version = 2;");
    }
    const before = readFileSync(path());
    expect(() => open()).toThrow(NewerVersionError);
    expect(readFileSync(path()).equals(before)).toBe(true);
  });

  describe("calls damaged", () => {
    const fault = () => {
      try {
        using store = open();
        store.insert([row(id(99_999))]);
        return store.page(ALL, null).rows.length;
      } catch (error) {
        return classifyFault(error);
      }
    };
    const fill = () => {
      using store = open();
      store.insert(Array.from({ length: 2_000 }, (_, index) => row(id(index))));
    };

    test("garbage", () => {
      writeFileSync(path(), "this is no database ".repeat(1_000));
      expect(fault()).toBe("damaged");
    });

    test("a few bytes", () => {
      writeFileSync(path(), "oops");
      expect(fault()).toBe("damaged");
    });

    test("a file cut short", () => {
      fill();
      truncateSync(path(), Math.floor(statSync(path()).size / 8_192) * 4_096);
      expect(fault()).toBe("damaged");
    });

    test("a file with a page of garbage", () => {
      fill();
      const bytes = readFileSync(path());
      bytes.fill(0x5a, bytes.length - 3 * 4_096, bytes.length - 2 * 4_096);
      writeFileSync(path(), bytes);
      expect(fault()).toBe("damaged");
    });

    test("but not an empty file", () => {
      writeFileSync(path(), "");
      expect(fault()).toBe(1);
    });

    test("nor a missing directory or a full disk, which can be mended", () => {
      expect(classifyFault({ code: "ENOENT" })).toBe("wait");
      for (const code of ["FULL", "IOERR_WRITE", "IOERR_FSYNC", "READONLY_DBMOVED", "CANTOPEN", "BUSY_SNAPSHOT"]) {
        expect(classifyFault({ code: `SQLITE_${code}` })).toBe("wait");
      }
      expect(classifyFault({ code: "SQLITE_CONSTRAINT_NOTNULL" })).toBe("row");
      expect(classifyFault(new TypeError("x"))).toBe("row");
      rmSync(path(), { force: true });
    });
  });
});
