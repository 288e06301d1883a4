import { pathWithTools } from "../../src/platform/tools-directory.ts";

export interface Spoken {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly pid: number;
}

/** Runs a shell script as a service does that finds the tools in its PATH. */
export async function runInService(
  script: string,
  tools: string,
  environment: Readonly<Record<string, string>>,
): Promise<Spoken> {
  const child = Bun.spawn(["/bin/sh", "-c", script], {
    env: { PATH: pathWithTools("/usr/bin:/bin", tools), ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, out, err, pid: child.pid };
}
