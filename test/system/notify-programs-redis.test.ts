/** Debian's redis-server, unmodified, as a service that says itself when it is ready. */
import { describe, expect } from "bun:test";
import { replaceDaemonDuringStart, startWithoutDaemon } from "../support/absent-daemon.ts";
import { ask, findProgram, HeldFile, untilAnswers, whyMissing } from "../support/debian-programs.ts";
import { failOnLeaks } from "../support/leak-check.ts";
import { Product } from "../support/product.ts";
import { untilNothingLeft } from "../support/product-waits.ts";
import { EAGER } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";

const withRedis = skipWhen(whyMissing("redis-server", "redis-server"));

failOnLeaks();

/** Its users are in a file that it reads after it has said that it loads, and before it is ready. */
class Redis implements AsyncDisposable {
  readonly product = new Product("redis", {});
  readonly socket = this.product.file("redis.sock");
  readonly users = new HeldFile(this.product.file("users"));

  constructor(keys: Readonly<Record<string, unknown>> = {}, settings = "") {
    const lines = ["port 0", `unixsocket ${this.socket}`, `dir ${this.product.directory}`, 'save ""', settings];
    const file = this.product.write("redis.conf", `${lines.join("\n")}\naclfile ${this.users.path}\n`);
    const command = [findProgram("redis-server"), file, "--supervised", "systemd", "--daemonize", "no"];
    this.product.configure({ redis: { command, ready: "notify", ...keys } });
  }

  ping(): Promise<string> {
    return ask(this.socket, "PING\r\n");
  }

  heldStart() {
    const { product, users } = this;
    const works = () => untilAnswers("redis", () => this.ping());
    return { product, service: "redis", release: () => users.release("\n"), works };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.product[Symbol.asyncDispose]();
  }
}

describe("redis-server --supervised systemd", () => {
  withRedis("is ready with its READY and not before, says what it is doing, and answers then", async () => {
    await using redis = new Redis();
    const { product } = redis;
    await product.up();
    const loading = await product.until("redis to say that it loads", ({ services: [service] }) => {
      const [one] = service?.instances ?? [];
      return one?.statusText === "Redis is loading..." && one;
    });
    expect(loading).toMatchObject({ state: "starting", ready: false });
    await redis.users.release("\n");
    const ready = await product.untilReady("redis");
    expect(await redis.ping()).toBe("+PONG\r\n");
    expect(ready).toMatchObject({ pid: loading.pid, state: "running", generation: 1 });
    await product.until("the new status", ({ services: [service] }) => {
      return service?.instances[0]?.statusText === "Ready to accept connections";
    });
    expect((await product.event("redis", "instance.ready")).message).toBe("ready: it said so");
  });

  withRedis("stops in order and leaves nothing", async () => {
    await using redis = new Redis();
    const { product } = redis;
    await product.up();
    await redis.users.release("\n");
    await product.untilReady("redis");
    expect(await product.order({ order: "stop", targets: ["redis"] })).toMatchObject({ ok: true });
    expect((await product.instance("redis")).lastExit).toMatchObject({ code: 0 });
    expect(await product.events("redis", "instance.killed", "service.unheard", "instance.said-late")).toEqual([]);
    product.daemon?.kill("SIGTERM");
    expect(await product.daemon?.ended).toMatchObject({ code: 0 });
    await untilNothingLeft(product);
  });

  withRedis("that stops by itself says so; then the restart policy decides", async () => {
    await using redis = new Redis(EAGER);
    const { product } = redis;
    await product.up();
    await redis.users.release("\n");
    await product.untilReady("redis");
    const shutdown = ask(redis.socket, "SHUTDOWN\r\n").catch(() => "");
    const stopping = await product.event("redis", "instance.stopping");
    expect(stopping).toMatchObject({ message: "it says that it stops", data: { itself: true } });
    expect((await product.event("redis", "instance.exited")).data).toMatchObject({ code: 0 });
    await shutdown;
    await redis.users.release("\n");
    expect(await product.untilReady("redis")).toMatchObject({ generation: 2, restarts: 1 });
    expect(await redis.ping()).toBe("+PONG\r\n");
  });

  withRedis(
    "with a wrong configuration has failed at once, with a reason, and long before its time is up",
    async () => {
      await using redis = new Redis({ start: { timeout: "60s", retries: 1 }, autostart: false }, "no-such-word yes");
      const { product } = redis;
      await product.up();
      const order = await product.order({ order: "start", targets: ["redis"] });
      expect(order).toMatchObject({ ok: false });
      const { state, reason } = await product.instance("redis");
      expect(state).toBe("failed");
      expect(reason).toContain("it exited with code 1 before it was ready");
      const words = await product.event("redis", "instance.last-words");
      expect(JSON.stringify(words)).toContain("no-such-word yes");
    },
  );

  withRedis("goes on to its READY under the next daemon when the first dies during the start", async () => {
    await using redis = new Redis();
    await replaceDaemonDuringStart(redis.heldStart());
  });

  withRedis("is known to be ready when it said so while no daemon was there, with what it does", async () => {
    await using redis = new Redis();
    await startWithoutDaemon(redis.heldStart());
    expect((await redis.product.instance("redis")).statusText).toBe("Ready to accept connections");
  });
});
