/** The programs of examples/shop by themselves, and the file that declares them. `muster up` on it is tried end to end. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadConfiguration } from "../../src/model/config/load.ts";
import type { ServiceSpec } from "../../src/model/service.ts";
import { configFiles } from "../../src/platform/config-files.ts";
import { failOnLeaks } from "../support/leak-check.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { waitFor } from "../support/wait-for.ts";

const SHOP = join(import.meta.dir, "../../examples/shop");

interface Program extends AsyncDisposable {
  readonly exited: Promise<number>;
  /** all it wrote so far, both streams */
  output(): string;
  /** Waits for a match in what it wrote and gives its first group. */
  saw(pattern: RegExp): Promise<string>;
  send(signal: NodeJS.Signals): void;
  stop(): Promise<number>;
}

/** Runs a program of the shop on a free port; ends it at the end of the block. */
function run(directory: TemporaryDirectory, file: string, environment: Record<string, string> = {}): Program {
  const command = file.endsWith(".sh") ? ["sh", file] : [process.execPath, file];
  const settings = { DATABASE: directory.file("shop.db"), OUTBOX: directory.file("outbox"), PORT: "0" };
  const env = { ...process.env, ...settings, ...environment };
  const child = Bun.spawn(command, { cwd: SHOP, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  let text = "";
  const collect = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) text += piece;
  };
  const ended = Promise.all([child.exited, collect(child.stdout), collect(child.stderr)]).then(([code]) => code);
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  return {
    exited: ended,
    output: () => text,
    saw: async (pattern) => {
      const match = await waitFor(`${file} to write ${pattern}`, () => pattern.exec(text), { lastSeen: () => text });
      return match[1] ?? "";
    },
    send: (signal) => child.kill(signal),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

async function openShop(directory: TemporaryDirectory) {
  expect(await run(directory, "prepare-database.js").exited).toBe(0);
  const api = run(directory, "api.js");
  return { api, apiAddress: await api.saw(/listening on (\S+)/) };
}

function order(frontAddress: string, item: string): Promise<Response> {
  return fetch(`${frontAddress}/orders`, { method: "POST", body: new URLSearchParams({ item, visitor: "Ana" }) });
}

describe("the shop's configuration", () => {
  test("is taken without a word, and every file it names is there", async () => {
    const loaded = await loadConfiguration(join(SHOP, "muster.toml"), configFiles(), {});
    if (!loaded.ok) throw loaded.error;
    expect(loaded.value.warnings).toEqual([]);
    const services = [...loaded.value.host.services.values()];
    expect(services.length).toBe(6);
    const missing = (service: ServiceSpec) =>
      service.command.filter((word) => /[./]/.test(word) && !existsSync(join(service.directory, word)));
    expect(services.flatMap(missing)).toEqual([]);
  });
});

describe("the shop's programs", () => {
  failOnLeaks();

  test("take an order, ship it and send the letter", async () => {
    using directory = temporaryDirectory("shop");
    const { api, apiAddress } = await openShop(directory);
    await using _api = api;
    await using front = run(directory, "front.js", { API: apiAddress, SEARCH: "http://127.0.0.1:1" });
    await using worker = run(directory, "worker.js");
    await using mailer = run(directory, "mailer.sh");
    const frontAddress = await front.saw(/open on (\S+)/);

    const answer = await order(frontAddress, "teapot");
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ number: 1, item: "teapot", visitor: "Ana" });
    await worker.saw(/shipped order 1/);
    await mailer.saw(/mail: Dear Ana, your teapot/);
    const page = await (await fetch(frontAddress)).text();
    expect(page).toContain("<td>shipped</td>");
    expect((await order(frontAddress, "car")).status).toBe(404);
  });

  test("a worker that is told to end ships what it has in its hands first", async () => {
    using directory = temporaryDirectory("shop");
    const { api, apiAddress } = await openShop(directory);
    await using _api = api;
    await using worker = run(directory, "worker.js");
    await fetch(`${apiAddress}/orders`, { method: "POST", body: JSON.stringify({ item: "cup" }) });
    await worker.saw(/packing order 1/);
    expect(await worker.stop()).toBe(0);
    expect(worker.output()).toContain("shipped order 1");
  });

  test("the page says so when the api is away", async () => {
    using directory = temporaryDirectory("shop");
    await using front = run(directory, "front.js", { API: "http://127.0.0.1:1", SEARCH: "http://127.0.0.1:1" });
    const answer = await fetch(await front.saw(/open on (\S+)/));
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain("closed for a moment");
  });

  test("the search finds goods once its index is ready", async () => {
    using directory = temporaryDirectory("shop");
    const { api, apiAddress } = await openShop(directory);
    await using _api = api;
    await using search = run(directory, "search.js", { API: apiAddress, MS_FOR_ONE_ITEM: "20" });
    const address = await search.saw(/index is ready: .* on (\S+)/);
    expect(await (await fetch(`${address}/?word=honey`)).json()).toEqual(["spoon", "honey"]);
  });

  test("the api reads its goods again on HUP, and refuses what it does not know", async () => {
    using directory = temporaryDirectory("shop");
    const { api, apiAddress } = await openShop(directory);
    await using _api = api;
    api.send("SIGHUP");
    await api.saw(/read items.json again: 8 items/);
    expect((await fetch(`${apiAddress}/orders/99`)).status).toBe(404);
    expect((await fetch(`${apiAddress}/orders`, { method: "POST", body: "{" })).status).toBe(404);
  });

  test("a taken port is named, and the code is 1", async () => {
    using directory = temporaryDirectory("shop");
    const { api, apiAddress } = await openShop(directory);
    await using _api = api;
    const { port } = new URL(apiAddress);
    const second = run(directory, "front.js", { PORT: port, API: apiAddress, SEARCH: apiAddress });
    expect(await second.exited).toBe(1);
    expect(second.output()).toBe(
      `cannot listen on port ${port}: another program has it; end that one, or change "port" in muster.toml\n`,
    );
  });

  test("a program that is started without its settings says where they come from", async () => {
    using directory = temporaryDirectory("shop");
    const program = run(directory, "api.js", { DATABASE: "" });
    expect(await program.exited).toBe(1);
    expect(program.output()).toContain("DATABASE is not set; muster.toml gives it");
  });
});
