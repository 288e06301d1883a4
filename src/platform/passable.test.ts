import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { closedDirectory } from "./passable.ts";

const STRANGER = { uid: 4_242_424, gids: [4_242_424] };

describe("the way to a path", () => {
  test("ends at the first directory that is closed to the user", () => {
    using place = temporaryDirectory("passable");
    chmodSync(place.path, 0o711);
    const inner = join(place.path, "run");
    mkdirSync(inner);
    const socket = join(inner, "events", "x");
    chmodSync(inner, 0o700);
    expect(closedDirectory(socket, STRANGER)).toBe(firstClosed(place.path) ?? inner);
    chmodSync(inner, 0o711);
    expect(closedDirectory(socket, STRANGER)).toBe(firstClosed(place.path));
  });

  test("goes through where its links lead", () => {
    using place = temporaryDirectory("passable");
    chmodSync(place.path, 0o711);
    const [closed, link] = [join(place.path, "closed"), join(place.path, "run")];
    mkdirSync(join(closed, "run"), { recursive: true });
    chmodSync(closed, 0o700);
    symlinkSync(join(closed, "run"), link);
    expect(closedDirectory(join(link, "x"), STRANGER)).toBe(firstClosed(place.path) ?? closed);
    expect(closedDirectory(join(place.path, "none", "x"), STRANGER)).toBe(firstClosed(place.path));
  });

  test("is free for root, and for the owner of what is closed to others", () => {
    using place = temporaryDirectory("passable");
    chmodSync(place.path, 0o700);
    const own = { uid: process.getuid?.() ?? 0, gids: [] };
    expect(closedDirectory(join(place.path, "x"), { uid: 0, gids: [] })).toBeNull();
    expect(closedDirectory(join(place.path, "x"), own)).toBeNull();
  });

  test("is judged by the group where the user is in it", () => {
    using place = temporaryDirectory("passable");
    const group = process.getgid?.() ?? 0;
    chmodSync(place.path, 0o701);
    const member = { uid: STRANGER.uid, gids: [group] };
    expect(closedDirectory(join(place.path, "x"), member)).toBe(firstClosed(place.path) ?? place.path);
  });
});

/** The place where tests lie may be closed to others itself. */
function firstClosed(path: string): string | null {
  return closedDirectory(path, STRANGER);
}
