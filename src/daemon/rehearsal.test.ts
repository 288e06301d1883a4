import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import type { JournalEvent } from "../model/event.ts";
import { rehearseRecording } from "./rehearsal.ts";

const LOADER = [process.execPath, join(import.meta.dir, "../main.ts"), "load-configuration"];
const SERVICES = '[services.db]\ncommand = "x"\n[services.web]\ncommand = "x"\ndepends_on = ["db"]\n';

function event(second: number, kind: string, subject: string, message: string, data = {}): string {
  const id = `event${String(second).padStart(4, "0")}`;
  const time = new Date(Date.UTC(2026, 10, 20, 3, 0, second)).toISOString().replace("Z", "+00:00");
  return JSON.stringify({ id, time, kind, severity: "error", subject, message, cause: null, data });
}

const NIGHT = [
  event(1, "instance.failed", "web:1", "given up", { reviveMs: 0 }),
  event(2, "instance.failed", "db:1", "given up", { reviveMs: 0 }),
  event(3, "service.alert", "db:1", "disk is full", { generation: 1 } satisfies JournalEvent["data"]),
];

async function rehearse(recording: string, file: string): Promise<readonly string[]> {
  using place = temporaryDirectory("rehearsal");
  writeFileSync(place.file("night.jsonl"), recording);
  writeFileSync(place.file("muster.toml"), file);
  const request = { recording: place.file("night.jsonl"), file: null, workingDirectory: place.path };
  return await rehearseRecording(request, LOADER);
}

describe("a recorded night", () => {
  test("is told by the rules of the file", async () => {
    const quick = await rehearse(NIGHT.join("\n"), SERVICES);
    expect(quick.at(-1)).toMatch(/^3 events, [1-9]\d* notices, \d+ held back$/);
    expect(quick.join("\n")).toContain("disk is full");
    const patient = await rehearse(NIGHT.join("\n"), `[alerts]\ngroup_wait = "5s"\n${SERVICES}`);
    const told = patient.filter((line) => line.includes("raised") && !line.includes("held back"));
    expect(told.filter((line) => line.includes(" down ")).length).toBe(1);
    expect(told.find((line) => line.includes(" down "))).toContain("down db (with web)");
  });

  test("may be empty, and may hold kinds that this version does not know", async () => {
    expect(await rehearse("\n\n", SERVICES)).toEqual(["0 events, 0 notices, 0 held back"]);
    const later = event(1, "from.tomorrow", "db:1", "x");
    expect(await rehearse(later, SERVICES)).toEqual(["1 event, 0 notices, 0 held back"]);
  });

  test("that cannot be read is refused with the line", async () => {
    for (const line of ["{", "null", "[]", '{"id":"a"}', event(1, "mark", "x", "y").replace("2026", "someday")]) {
      await expect(rehearse(`${NIGHT[0]}\n${line}\n`, SERVICES)).rejects.toMatchObject({
        code: "recording-unusable",
        message: expect.stringContaining("line 2 is not an event"),
      });
    }
  });

  test("that is not there, or rules that are broken, are refused", async () => {
    const request = { recording: "/nowhere/night.jsonl", file: null, workingDirectory: "/nowhere" };
    await expect(rehearseRecording(request, LOADER)).rejects.toMatchObject({ code: "config-unreadable" });
    using place = temporaryDirectory("rehearsal");
    writeFileSync(place.file("muster.toml"), SERVICES);
    const missing = { ...request, workingDirectory: place.path };
    await expect(rehearseRecording(missing, LOADER)).rejects.toMatchObject({ code: "recording-unusable" });
  });
});
