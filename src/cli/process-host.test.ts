import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { BrokenPipe } from "./context.ts";
import { callerName, selfCommand } from "./process-host.ts";
import { writeAll } from "./terminal-output.ts";

const MAIN = join(import.meta.dir, "../main.ts");

function shell(script: string): { exitCode: number; stdout: string; stderr: string } {
  const child = Bun.spawnSync(["sh", "-c", script], { env: { ...process.env, MUSTER: `${process.execPath} ${MAIN}` } });
  return { exitCode: child.exitCode, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}

describe("the program as a process", () => {
  const directory = directoryForEachTest("process");

  test("writes to standard output and ends with the exit code", () => {
    expect(shell("$MUSTER --version")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(shell("$MUSTER stauts")).toMatchObject({ exitCode: 2, stdout: "" });
  });

  test("says who does not answer, with exit code 4", () => {
    const { exitCode, stderr } = shell("$MUSTER status --run-dir /nonexistent");
    expect(stderr).toContain("nobody answers on /nonexistent/muster.sock");
    expect(exitCode).toBe(4);
  });

  test("ends quietly when nobody reads its output", () => {
    const fifo = directory().file("closed");
    // The reader says that it has closed its end before the program is started.
    const { stdout, stderr } = shell(
      `mkfifo ${fifo}; { read -r _ < ${fifo}; $MUSTER --help; echo code $? >&2; } | { exec 0<&-; echo now > ${fifo}; }`,
    );
    expect([stdout, stderr]).toEqual(["", "code 0\n"]);
  });
});

describe("writeAll", () => {
  const systemError = (code: string) => Object.assign(new Error(code), { code });
  /** @param steps how many bytes each call takes, or the error it ends with */
  const write = (text: string, steps: (number | string)[]): string => {
    let written = "";
    const bytes = new TextEncoder().encode(text);
    writeAll((all, offset) => {
      const step = steps.shift() ?? 1;
      if (typeof step === "string") throw systemError(step);
      written += new TextDecoder().decode(all.subarray(offset, offset + step));
      return step;
    }, bytes);
    return written;
  };

  test("goes on where a short write ended, and waits where there is no room", () => {
    expect(write("hello world", [3, "EAGAIN", 4, "EAGAIN", "EAGAIN", 4])).toBe("hello world");
    expect(write("", [])).toBe("");
  });

  test("tells a reader that went away from other errors", () => {
    expect(() => write("hello", [3, "EPIPE"])).toThrow(BrokenPipe);
    expect(() => write("hello", ["ENOSPC"])).toThrow("ENOSPC");
  });
});

describe("selfCommand", () => {
  test("is the executable alone when it was compiled, else with its script", () => {
    expect(selfCommand("/opt/muster", ["bun", "/$bunfs/muster", "up"])).toEqual(["/opt/muster"]);
    expect(selfCommand("/opt/bun", ["/opt/bun", "/src/main.ts", "up"])).toEqual(["/opt/bun", "/src/main.ts"]);
  });
});

describe("callerName", () => {
  test.each<[Record<string, string>, string]>([
    [{ USER: "ana" }, "cli (user ana)"],
    [{ USER: "root", SUDO_USER: "ana" }, "cli (user ana)"],
    [{ LOGNAME: "ben" }, "cli (user ben)"],
    [{}, "cli"],
  ])("%p", (environment, name) => {
    expect(callerName(environment)).toBe(name);
  });
});
