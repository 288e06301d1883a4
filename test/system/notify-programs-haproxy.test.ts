/** Debian's HAProxy in master-worker mode, unmodified: it speaks at its start, at each reload and at its end. */
import { describe, expect } from "bun:test";
import { replaceDaemonDuringStart, startWithoutDaemon } from "../support/absent-daemon.ts";
import { findProgram, HeldFile, untilAnswers, whyMissing } from "../support/debian-programs.ts";
import { failOnLeaks } from "../support/leak-check.ts";
import { allPids, isAlive, seeProcess } from "../support/processes.ts";
import { Product, type ServicesInFile } from "../support/product.ts";
import { untilNothingLeft } from "../support/product-waits.ts";
import { skipWhen } from "../support/skip-when.ts";
import { waitFor, waitForProcessEnd } from "../support/wait-for.ts";

const withHaproxy = skipWhen(whyMissing("haproxy", "haproxy"));
const TO_RELOAD = { order: "reload", targets: ["haproxy"] } as const;

failOnLeaks();

/** Its configuration is held: so it begins, or reloads, and goes no further before it is let. */
class Haproxy implements AsyncDisposable {
  readonly product = new Product("haproxy", {});
  readonly socket = this.product.file("front.sock");
  readonly configuration = new HeldFile(this.product.file("haproxy.cfg"));

  constructor(keys: ServicesInFile[string] = {}) {
    const command = [findProgram("haproxy"), "-Ws", "-f", this.configuration.path];
    this.product.configure({ haproxy: { command, ready: "notify", reload: { signal: "USR2" }, ...keys } });
  }

  /** Lets it read a configuration in which it answers everything with this text. */
  async configure(text: string, more = ""): Promise<void> {
    await this.configuration.release(this.answering(text, more));
  }

  answering(text: string, more = ""): string {
    return `defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend front
  bind unix@${this.socket}
  http-request return status 200 content-type text/plain string ${text}
${more}`;
  }

  async up(text: string): Promise<number> {
    await this.product.up();
    await this.configure(text);
    return (await this.product.untilReady("haproxy")).pid ?? 0;
  }

  async get(): Promise<string> {
    const answer = await fetch("http://haproxy/", { unix: this.socket, keepalive: false });
    return await answer.text();
  }

  workers(): number[] {
    const master = Number(this.product.record("haproxy", "claim").split(" ")[2]);
    return allPids().filter((pid) => seeProcess(pid)?.parent === master && isAlive(pid));
  }

  heldStart() {
    const { product } = this;
    const works = () => untilAnswers("haproxy", () => this.get());
    return { product, service: "haproxy", release: () => this.configure("one"), works };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.product[Symbol.asyncDispose]();
  }
}

describe("haproxy -Ws", () => {
  withHaproxy("is ready with its READY and not before; RELOADING during the start is no reload", async () => {
    await using haproxy = new Haproxy();
    const { product } = haproxy;
    await product.up();
    await product.pidOf("haproxy");
    expect(await product.instance("haproxy")).toMatchObject({ state: "starting", ready: false });
    await haproxy.configure("one");
    const { pid } = await product.untilReady("haproxy");
    expect(await haproxy.get()).toBe("one");
    expect(await product.instance("haproxy")).toMatchObject({ pid, state: "running", generation: 1 });
    expect(await product.events("haproxy", "instance.reloading", "instance.main-changed")).toEqual([]);
  });

  withHaproxy("reloads by USR2: RELOADING, then READY; the master stays, another worker works", async () => {
    await using haproxy = new Haproxy();
    const { product } = haproxy;
    const pid = await haproxy.up("one");
    const [before = 0, ...rest] = haproxy.workers();
    expect(rest).toEqual([]);
    await product.order(TO_RELOAD);
    expect(await product.untilState("haproxy", "reloading")).toMatchObject({ pid, ready: true });
    expect(await haproxy.get()).toBe("one");
    await haproxy.configure("two");
    expect(await product.untilState("haproxy", "running")).toMatchObject({ pid, ready: true, generation: 1 });
    expect(await haproxy.get()).toBe("two");
    await waitForProcessEnd(before);
    expect(haproxy.workers()).toHaveLength(1);
    await product.event("haproxy", "instance.reloaded");
    expect(await product.events("haproxy", "instance.exited", "instance.said-late", "service.unheard")).toEqual([]);
  });

  withHaproxy("says READY after a reload that it could not do, too: the old worker goes on", async () => {
    await using haproxy = new Haproxy();
    const { product } = haproxy;
    const pid = await haproxy.up("one");
    const before = haproxy.workers();
    await product.order(TO_RELOAD);
    await product.untilState("haproxy", "reloading");
    await haproxy.configure("two", "no-such-word\n");
    await product.event("haproxy", "instance.reloaded");
    await product.wrote("haproxy", /no-such-word/, "err");
    expect(await haproxy.get()).toBe("one");
    expect(haproxy.workers()).toEqual(before);
    expect(await product.instance("haproxy")).toMatchObject({ pid, state: "running", generation: 1 });
  });

  withHaproxy(
    "is not told to reload by a command that looks at the configuration first and finds a mistake",
    async () => {
      await using haproxy = new Haproxy();
      const { product } = haproxy;
      const path = product.write("checked.cfg", haproxy.answering("one"));
      const program = findProgram("haproxy");
      const reload = { command: ["sh", "-c", `${program} -c -q -f ${path} && kill -USR2 $MUSTER_PID`] };
      product.configure({ haproxy: { command: [program, "-Ws", "-f", path], ready: "notify", reload } });
      await product.up();
      const { pid } = await product.untilReady("haproxy");
      product.write("checked.cfg", haproxy.answering("two", "no-such-word\n"));
      expect(await product.order(TO_RELOAD)).toMatchObject({ ok: false });
      await product.event("haproxy", "instance.reload-failed");
      expect(await haproxy.get()).toBe("one");
      product.write("checked.cfg", haproxy.answering("two"));
      expect(await product.order(TO_RELOAD)).toMatchObject({ ok: true });
      await untilAnswers("the new worker", async () => ((await haproxy.get()) === "two" ? "two" : ""));
      expect(await product.untilState("haproxy", "running")).toMatchObject({ pid, generation: 1 });
    },
  );

  withHaproxy("is running for the next daemon when its reload ended while none was there", async () => {
    await using haproxy = new Haproxy();
    const { product } = haproxy;
    const pid = await haproxy.up("one");
    await product.order(TO_RELOAD);
    await product.untilState("haproxy", "reloading");
    const isHeard = () => product.record("haproxy", "heard").includes('"reloading":true');
    await waitFor("what was heard to be written down", isHeard);
    await product.replaceDaemon();
    expect(await product.instance("haproxy")).toMatchObject({ pid, state: "reloading", ready: true });
    await product.killDaemon();
    await haproxy.configure("two");
    const isNew = async () => ((await haproxy.get()) === "two" ? "two" : "");
    await untilAnswers("the new worker", isNew);
    await product.up();
    expect(await product.untilState("haproxy", "running")).toMatchObject({ pid, ready: true, generation: 1 });
  });

  withHaproxy("with a wrong configuration has failed at once, with a reason", async () => {
    await using haproxy = new Haproxy({ start: { timeout: "60s", retries: 1 } });
    const { product } = haproxy;
    await product.up();
    await haproxy.configure("one", "no-such-word\n");
    const { reason } = await product.untilState("haproxy", "failed");
    expect(reason).toContain("exited with code 1 before it was ready");
    expect(JSON.stringify(await product.event("haproxy", "instance.last-words"))).toContain("no-such-word");
  });

  withHaproxy("stops in order and leaves nothing", async () => {
    await using haproxy = new Haproxy();
    const { product } = haproxy;
    await haproxy.up("one");
    expect(await product.order({ order: "stop", targets: ["haproxy"] })).toMatchObject({ ok: true });
    expect((await product.instance("haproxy")).lastExit).toMatchObject({ code: 0 });
    expect(await product.events("haproxy", "instance.killed", "service.unheard")).toEqual([]);
    product.daemon?.kill("SIGTERM");
    expect(await product.daemon?.ended).toMatchObject({ code: 0 });
    await untilNothingLeft(product);
  });

  withHaproxy("goes on to its READY under the next daemon when the first dies during the start", async () => {
    await using haproxy = new Haproxy();
    await replaceDaemonDuringStart(haproxy.heldStart());
  });

  withHaproxy("is known to be ready when it said so while no daemon was there", async () => {
    await using haproxy = new Haproxy();
    await startWithoutDaemon(haproxy.heldStart());
  });
});
