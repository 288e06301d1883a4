import { describe, expect, test } from "bun:test";
import { type PathFacts, resolvePaths, SOCKET_PATH_LIMIT_BYTES } from "./paths.ts";

const ANA: PathFacts = {
  environment: { HOME: "/home/ana", XDG_RUNTIME_DIR: "/run/user/1000" },
  uid: 1000,
  workingDirectory: "/srv/shop",
  stateOption: null,
  runOption: null,
};

function pathsOf(change: Partial<PathFacts>): [string, string] {
  const paths = resolvePaths({ ...ANA, ...change });
  if (!paths.ok) throw paths.error;
  return [paths.value.stateDirectory, paths.value.runDirectory];
}

describe("resolvePaths", () => {
  test.each<[string, Partial<PathFacts>, string, string]>([
    ["root", { uid: 0 }, "/var/lib/muster", "/run/muster"],
    ["a user", {}, "/home/ana/.local/state/muster", "/run/user/1000/muster"],
    ["no runtime directory", { environment: { HOME: "/h" } }, "/h/.local/state/muster", "/h/.local/state/muster/run"],
    ["XDG_STATE_HOME", { environment: { XDG_STATE_HOME: "/x" } }, "/x/muster", "/x/muster/run"],
    [
      "relative XDG is ignored",
      { environment: { HOME: "/h", XDG_STATE_HOME: "x" } },
      "/h/.local/state/muster",
      "/h/.local/state/muster/run",
    ],
    [
      "--state-dir alone",
      { stateOption: "examples/.state" },
      "/srv/shop/examples/.state",
      "/srv/shop/examples/.state/run",
    ],
    ["--state-dir alone, for root", { uid: 0, stateOption: "/s" }, "/s", "/s/run"],
    ["--run-dir alone", { uid: 0, runOption: "/r" }, "/var/lib/muster", "/r"],
    ["variables", { environment: { MUSTER_STATE_DIR: "/s", MUSTER_RUN_DIR: "/r" } }, "/s", "/r"],
    ["options win over variables", { environment: { MUSTER_STATE_DIR: "/s" }, stateOption: "/t" }, "/t", "/t/run"],
    [
      "empty variables count as absent",
      { uid: 0, environment: { MUSTER_STATE_DIR: "" } },
      "/var/lib/muster",
      "/run/muster",
    ],
  ])("%s", (_name, change, state, run) => {
    expect(pathsOf(change)).toEqual([state, run]);
  });

  test("names the control socket", () => {
    const paths = resolvePaths({ ...ANA, runOption: "/r" });
    expect(paths.ok && paths.value.controlSocket).toBe("/r/muster.sock");
  });

  test("without any home it says which option helps", () => {
    const paths = resolvePaths({ ...ANA, environment: {} });
    expect(paths.ok).toBe(false);
    if (!paths.ok) expect(paths.error.code).toBe("directory-unknown");
  });

  test("counts the socket's path in bytes, to the last one", () => {
    const room = SOCKET_PATH_LIMIT_BYTES - "/events/0123456789abcdef".length - 1;
    expect(resolvePaths({ ...ANA, runOption: `/${"x".repeat(room)}` }).ok).toBe(true);
    const tooLong = resolvePaths({ ...ANA, runOption: `/${"x".repeat(room + 1)}` });
    expect(!tooLong.ok && tooLong.error.code).toBe("socket-path-too-long");
    expect(resolvePaths({ ...ANA, runOption: `/${"ä".repeat(room / 2 + 1)}` }).ok).toBe(false);
  });
});
