/** The command line against a daemon that runs: exit codes, waiting and not, completion, and nothing that looks like a fault. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Product } from "../support/product.ts";
import { programWords } from "../support/program.ts";
import { EAGER, STEADY, script, stubborn } from "../support/services.ts";
import { waitFor } from "../support/wait-for.ts";

async function code(product: Product, ...words: string[]): Promise<number | null> {
  return (await product.cli(words)).code;
}

describe("exit codes", () => {
  test("0: done and well", async () => {
    await using product = new Product("cli", {
      web: { ...STEADY, group: "front" },
      job: script("true", { kind: "task" }),
    });
    await product.up();
    await product.untilReady("web", "job");
    const lines = [
      ["status"],
      ["status", "web:1"],
      ["restart", "@front"],
      ["stop", "web"],
      ["status"],
      ["start", "web:*"],
      ["scale", "web=2"],
      ["signal", "WINCH", "web:2"],
      ["watch", "off", "web"],
      ["watch", "on", "web"],
      ["rotate", "web"],
      ["kill", "web:2"],
      ["plan"],
      ["apply"],
      ["why", "web"],
      ["events"],
      ["logs"],
      ["log-level", "info"],
      ["completion", "bash"],
      ["--version"],
      ["help", "up"],
      ["down"],
    ];
    for (const words of lines) {
      const { code, stderr } = await product.cli(words);
      expect([words, code, stderr]).toEqual([words, 0, ""]);
    }
    expect((await product.daemon?.ended)?.code).toBe(0);
  });

  test("1: it failed, or there is one already", async () => {
    await using product = new Product("cli", { web: { ...STEADY, reload: { command: ["false"] } } });
    await product.up();
    await product.untilReady("web");
    const second = await product.cli(["up"]);
    expect([second.code, second.stderr]).toEqual([
      1,
      expect.stringMatching(new RegExp(`the daemon with pid ${product.daemon?.pid} has had it since`)),
    ]);
    expect(await code(product, "reload", "web")).toBe(1);
  });

  test("3: done, but what should be up is not well", async () => {
    await using product = new Product("cli", {
      web: STEADY,
      bad: script("exit 1", {
        autostart: false,
        start: { retries: 1, wait: "100ms" },
        ...EAGER,
        give_up: { restarts: 1, revive: "0s" },
      }),
    });
    await product.up();
    const started = await product.cli(["start", "bad"]);
    expect([started.code, started.stderr]).toEqual([3, expect.stringContaining('"muster why bad:1" tells more')]);
    expect(await code(product, "status")).toBe(3);
    expect(await code(product, "status", "web")).toBe(0);
  });

  test("4: no daemon answers", async () => {
    await using product = new Product("cli", { web: STEADY });
    for (const words of [["status"], ["stop", "web"], ["logs"], ["down"], ["apply"], ["events", "-f"]]) {
      const { code, stderr } = await product.cli(words);
      expect([words, code, stderr]).toEqual([
        words,
        4,
        expect.stringMatching(/^muster: cannot reach the muster daemon: .*\n$/),
      ]);
    }
  });

  test("of a key service: that of up", async () => {
    await using product = new Product("cli", { main: script("exit 42", { key: true }), other: STEADY });
    const { code, stderr } = await product.cli(["up", "--quiet"]);
    expect([code, stderr]).toEqual([42, ""]);
    expect(product.processes()).toEqual([]);
  });
});

describe("waiting", () => {
  test("--no-wait returns once the order is accepted", async () => {
    await using product = new Product("cli", { web: stubborn({ stop: { wait: "100s" } }) });
    await product.up();
    await product.untilReady("web");
    const { code, stdout } = await product.cli(["stop", "--no-wait", "web"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("accepted")]);
    expect((await product.instance("web")).state).toBe("stopping");
  });

  test("a client that is interrupted says that the order goes on, and it does", async () => {
    await using product = new Product("cli", {});
    const gate = product.gate("gate");
    product.configure({
      web: script(`trap "" TERM INT; echo armed; read line < ${gate.path}; exit 0`, {
        ready: { line: "armed" },
        stop: { wait: "100s" },
      }),
    });
    await product.up();
    await product.untilReady("web");
    const stopping = product.run(["stop", "web"]);
    await product.untilState("web", "stopping");
    await waitFor("its first line", () => stopping.stdout().includes("stopping"));
    stopping.kill("SIGINT");
    const { code, stderr } = await stopping.ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining("goes on in the daemon")]);
    gate.open();
    await product.untilState("web", "stopped");
  });

  test("down tells the end of services that end at once", async () => {
    await using product = new Product("cli", { web: { ...STEADY, stop: { signal: "KILL" } } });
    await product.up();
    await product.untilReady("web");
    const { code, stdout, stderr } = await product.cli(["down"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toEndWith("web:1 stopped\nstopped web:1\nthe daemon has ended\n");
  });
});

describe("when the daemon ends", () => {
  test("who follows is told, and who comes with an order is refused", async () => {
    await using product = new Product("cli", {});
    const gate = product.gate("gate");
    product.configure({
      web: script(`trap "" TERM; echo armed; read line < ${gate.path}`, {
        ready: { line: "armed" },
        stop: { wait: "100s" },
      }),
    });
    await product.up();
    await product.untilReady("web");
    const followers = [
      ["logs", "-f"],
      ["events", "-f"],
    ].map((words) => product.run(words));
    const [logs, events] = followers;
    await waitFor("both to be there", () => logs?.stdout().includes("armed") && events?.stdout().includes("web:1"));
    const ending = product.run(["down"]);
    await product.untilState("web", "stopping");
    const order = product.client.giveOrder({ order: "start", targets: ["web"] });
    await expect(order).rejects.toMatchObject({ code: "order-while-ending" });
    const refused = await product.cli(["start", "web"]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("muster is ending")]);
    gate.open();
    expect((await ending.ended).code).toBe(0);
    for (const follower of followers) {
      const { code, stderr } = await follower.ended;
      expect([code, stderr]).toEqual([4, expect.stringContaining("the daemon ends")]);
    }
  });

  test("killed, a follower is told that the connection was lost", async () => {
    await using product = new Product("cli", { web: script("echo armed; exec sleep 1000") });
    await product.up();
    const follower = product.run(["logs", "-f"]);
    await waitFor("it to be there", () => follower.stdout().includes("armed"));
    await product.killDaemon();
    const { code, stderr } = await follower.ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^muster: cannot get the rest of the daemon's answer: /)]);
  });
});

describe("the rest of the face", () => {
  test("completion offers the names of the daemon that runs", async () => {
    await using product = new Product("cli", { web: { ...STEADY, group: "front", instances: 2 }, worker: STEADY });
    await product.up();
    const offered = await product.cli(["__complete", "stop", "w"]);
    expect(offered.code).toBe(0);
    const words = offered.stdout.split("\n").map((line) => line.split("\t")[0]);
    expect(words).toEqual(expect.arrayContaining(["web", "web:1", "web:2", "worker"]));
  });

  test("doctor tries the shim, and finds the daemon", async () => {
    await using product = new Product("cli", { web: STEADY });
    await product.up();
    const { stdout, code } = await product.cli(["doctor", "--json"]);
    const findings = (JSON.parse(stdout) as { findings: { check: string; outcome: string; seen: string }[] }).findings;
    expect(code).toBe(0);
    expect(findings.find((finding) => finding.check === "shim")).toMatchObject({ outcome: "ok", seen: "it starts" });
    expect(findings.find((finding) => finding.check === "daemon")?.seen).toContain(`pid ${product.daemon?.pid}`);
  });

  test("status --json has the keys of the contract", async () => {
    await using product = new Product("cli", { web: { ...STEADY, port: 8123 } });
    await product.up();
    await product.untilReady("web");
    await waitFor("its memory to be known", async () => (await product.instance("web")).memoryBytes);
    const report = JSON.parse((await product.cli(["status", "--json"])).stdout);
    expect(Object.keys(report)).toEqual(["host", "daemon", "services"]);
    expect(report.services[0]).toMatchObject({ name: "web", wanted: "up", state: "running", ready: true });
    expect(report.services[0].instances[0]).toMatchObject({
      name: "web:1",
      pid: expect.any(Number),
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/),
      generation: 1,
      restarts: 0,
      lastExit: null,
      memoryBytes: expect.any(Number),
      cpuSeconds: expect.any(Number),
      port: 8123,
      checks: {},
    });
  });

  test("USR1 writes the status to a file", async () => {
    await using product = new Product("cli", { web: STEADY });
    const daemon = await product.up();
    await product.untilReady("web");
    daemon.kill("SIGUSR1");
    const path = join(product.stateDirectory, "status.txt");
    const report = await waitFor("the report", () => {
      const text = existsSync(path) ? readFileSync(path, "utf8") : "";
      return text.endsWith("}\n") ? JSON.parse(text) : undefined;
    });
    expect(report.services[0].name).toBe("web");
  });

  test("up in the foreground shows the lines, goes on when nobody reads them, and stops all on INT", async () => {
    await using product = new Product("cli", {
      web: script("i=0; while :; do i=$((i+1)); echo line $i; sleep 0.01; done"),
    });
    const out = product.file("head");
    const shell = Bun.spawn(["sh", "-c", `${programWords().join(" ")} up | head -n 4 > ${out}`], {
      cwd: product.directory,
      env: {
        ...process.env,
        MUSTER_STATE_DIR: product.stateDirectory,
        MUSTER_RUN_DIR: product.runDirectory,
        E2E_PRODUCT: product.runDirectory.split("/").at(-1) ?? "",
      },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const { pid } = await product.answers();
    await waitFor("the head", () => existsSync(out) && readFileSync(out, "utf8").split("\n").length > 3);
    expect(readFileSync(out, "utf8")).toMatch(
      /^muster \S+ keeps 1 instance of 1 service; logs in .*\nin a second terminal: .*\n.*web:1 \| line 1\n/,
    );
    const before = Number((await product.wrote("web", /line (\d+)\n$/))[1]);
    await product.wrote("web", new RegExp(`line ${before + 50}\n`));
    process.kill(pid, "SIGINT");
    await shell.exited;
    expect(product.processes()).toEqual([]);
  });
});
