import { describe, expect, test } from "bun:test";
import { buildEnvironment, cleanInherited, type EnvironmentWish } from "./environment.ts";
import { parseEnvironmentFile } from "./environment-file.ts";

const WISH: EnvironmentWish = {
  inherited: { PATH: "/usr/bin", LANG: "C", HOME: "/root" },
  mode: "extend",
  user: null,
  file: null,
  declared: {},
  service: "web",
  instance: 2,
  token: "abc",
  port: null,
};
const OWN = { MUSTER_SERVICE: "web", MUSTER_INSTANCE: "2", MUSTER_TOKEN: "abc" };
const build = (wish: Partial<EnvironmentWish>) => Object.fromEntries(buildEnvironment({ ...WISH, ...wish }));

describe("the environment of an instance", () => {
  test("extends the daemon's own or replaces it", () => {
    expect(build({ declared: { LANG: "de" } })).toEqual({ PATH: "/usr/bin", LANG: "de", HOME: "/root", ...OWN });
    expect(build({ mode: "replace", declared: { A: "" } })).toEqual({ A: "", ...OWN });
  });

  test("declared values win over the file, the file over the user, and nobody over Muster", () => {
    const user = { name: "ada", uid: 1, gid: 1, home: "/home/ada", shell: "/bin/ash" };
    const file = new Map([
      ["HOME", "/srv"],
      ["LEVEL", "file"],
      ["MUSTER_TOKEN", "forged"],
    ]);
    const own = { NOTIFY_SOCKET: "/run/n" };
    const declared = { LEVEL: "declared", MUSTER_SERVICE: "forged", NOTIFY_SOCKET: "forged" };
    expect(build({ mode: "replace", user, file, declared, own })).toEqual({
      HOME: "/srv",
      USER: "ada",
      LOGNAME: "ada",
      SHELL: "/bin/ash",
      LEVEL: "declared",
      NOTIFY_SOCKET: "/run/n",
      ...OWN,
    });
  });

  test("has the port of the instance, unless PORT was declared", () => {
    expect(build({ port: 8082 }).PORT).toBe("8082");
    expect(build({ port: 8082, declared: { PORT: "unix:/x" } }).PORT).toBe("unix:/x");
    expect(build({ port: null }).PORT).toBeUndefined();
  });

  test("takes nothing of npm, the daemon's own manager, or the place it was started in", () => {
    const npm = { npm_execpath: "/n", npm_config_x: "", NODE: "/n", COLOR: "0", INIT_CWD: "/", EDITOR: "vi" };
    const manager = {
      NOTIFY_SOCKET: "/s",
      LISTEN_FDS: "1",
      WATCHDOG_USEC: "1",
      JOURNAL_STREAM: "1:2",
      INVOCATION_ID: "i",
    };
    const place = { PWD: "/", OLDPWD: "/", _: "/bin/x", SHLVL: "1", BUN_INSTALL: "/b", MUSTER_STATE_DIR: "/m" };
    const PATH = "/w/node_modules/.bin:/a:/npm/node-gyp-bin:node_modules/.bin:/node_modules/.binary:/b";
    expect(
      Object.fromEntries(cleanInherited({ ...npm, ...manager, ...place, PATH, NODE_ENV: "test", UNSET: undefined })),
    ).toEqual({
      PATH: "/a:/node_modules/.binary:/b",
      NODE_ENV: "test",
    });
    const operators = { NODE: "/opt/node", COLOR: "1", EDITOR: "vi" };
    expect(Object.fromEntries(cleanInherited(operators))).toEqual(operators);
    expect(cleanInherited({ npm_execpath: "/n", EDITOR: "emacs" }).get("EDITOR")).toBe("emacs");
  });

  test("keeps nothing of an earlier one", () => {
    expect(build({ declared: { GONE: "1" } }).GONE).toBe("1");
    expect("GONE" in build({})).toBe(false);
  });
});

describe("an environment file", () => {
  const read = (text: string) => {
    const result = parseEnvironmentFile(text);
    return result.ok ? Object.fromEntries(result.value) : result.error;
  };

  test("gives plain and quoted values", () => {
    expect(read("\uFEFF# c\n; c\r\n\n A=1\r\nexport B= two words  \nC=\nD=a\u2028#b=c\nA=last\n__proto__=x")).toEqual(
      Object.fromEntries([
        ["A", "last"],
        ["B", "two words"],
        ["C", ""],
        ["D", "a\u2028#b=c"],
        ["__proto__", "x"],
      ]),
    );
    expect(read(`A='$x \\n "' # c\nB="a\\nb \\"q\\" \\\\ \\$ \\x"\nC="one\ntwo"\nD='one\n#two'\nE=""`)).toEqual({
      A: '$x \\n "',
      B: 'a\nb "q" \\ $ \\x',
      C: "one\ntwo",
      D: "one\n#two",
      E: "",
    });
  });

  test("names the line of each mistake", () => {
    expect(read("A=1\nnothing\n1X=2\nB = 3\nC='x' y\nD=a\0b\nE=\"open\nF=1")).toEqual([
      { line: 2, reason: 'it is not "KEY=value"' },
      { line: 3, reason: 'it is not "KEY=value"' },
      { line: 4, reason: 'it is not "KEY=value"' },
      { line: 5, reason: "something follows the closing quote" },
      { line: 6, reason: "it holds a NUL, which no program can be given" },
      { line: 7, reason: 'its " is never closed' },
    ]);
  });

  test("with a quote that is never closed is read in little time", () => {
    const startMs = performance.now();
    expect(read(`A="${"x\\\\\n".repeat(200_000)}`)).toEqual([{ line: 1, reason: 'its " is never closed' }]);
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });
});
