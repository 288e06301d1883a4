// biome-ignore-all lint/suspicious/noTemplateCurlyInString: words of a command
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fillPlaceholders } from "./fill-placeholders.ts";
import { initialFile } from "./initial-file.ts";
import { programName } from "./program-name.ts";
import { singleService } from "./single-service.ts";
import { loadTexts } from "./testing/load-texts.ts";

describe("the first file", () => {
  test("is valid and runs something", async () => {
    const { host } = await loadTexts(initialFile());
    expect([...host.services.keys()]).toEqual(["clock"]);
  });

  test("is valid with all that stands in comments taken in", async () => {
    const text = initialFile(["node", "app.js"])
      .replaceAll(/^# (?=[a-z_]+ = |\[)/gm, "")
      .replace(/^user = .*$/m, "")
      .concat('\n[services.database]\ncommand = "x"\n');
    const { host } = await loadTexts(text);
    expect([...host.services.keys()]).toEqual(["app", "migrate", "database"]);
    expect(host.services.get("app")).toMatchObject({ instances: 2, port: 8080, dependsOn: ["database"] });
    expect(host.alerts.channels).toMatchObject([{ kind: "mail", name: "admin", user: "muster" }]);
  });

  test("runs the words of a command exactly as they are", async () => {
    const word = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: fc.constantFrom("$", "{", "port", "}", '"', "\\", "\n", "'") }),
    );
    const command = fc.array(
      word.map((text) => text.replaceAll("\0", "")),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(command, async (words) => {
        const runnable: [string, ...string[]] = ["run", ...words];
        for (const host of [(await loadTexts(initialFile(runnable))).host, singleService(runnable, "/etc/muster")]) {
          const [spec] = [...host.services.values()];
          if (spec === undefined) throw new Error("there is no service");
          expect([...fillPlaceholders(spec, 1).command]).toEqual(runnable);
          expect(spec.directory).toBe("/etc/muster");
        }
      }),
    );
  });
});

test("one command without a file has the defaults of a file", async () => {
  const { host } = await loadTexts('[services.app]\ncommand = "node app.js"');
  expect(singleService(["node", "app.js"], "/etc/muster")).toEqual(host);
});

describe("the name of a command", () => {
  const cases: [string[], string][] = [
    [["node", "app.js"], "app"],
    [["/usr/bin/node", "--inspect", "dist/server.mjs", "--port", "80"], "server"],
    [["python3.12", "tools/run_it.py"], "run_it"],
    [["bun", "run", "index.ts"], "index"],
    [["/usr/sbin/redis-server", "/etc/redis.conf"], "redis-server"],
    [["sh", "-c", "exec ./a.out; true"], "sh"],
    [["./my program!"], "my-program"],
    [["muster"], "main"],
    [["..."], "main"],
    [[`x${"y".repeat(100)}`], `x${"y".repeat(62)}`],
  ];
  for (const [command, name] of cases) test(command.join(" "), () => expect(programName(command)).toBe(name));
});
