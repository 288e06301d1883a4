import { expect, test } from "bun:test";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { openShim } from "./open-shim.ts";

test("where the shim can neither lie in memory nor in a file, that is said under its code", () => {
  using directory = temporaryDirectory("shim");
  const libc = { memfdCreate: () => -1, write: () => -1, close: () => 0 };
  const open = () => openShim(libc, directory.file("no", "such", "place"));
  expect(open).toThrow(expect.objectContaining({ code: "shim-not-startable" }));
  expect(open).toThrow(/^cannot start the launcher: it is not there; nothing can be started until this is mended$/);
});
