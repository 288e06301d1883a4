/** The programs of examples/shop by themselves, and the file that declares them. `muster up` on it is tried end to end. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

/** A program `muster` that writes down what is said to it, a line a word. */
function listener(directory: TemporaryDirectory) {
  const said = directory.file("said");
  mkdirSync(directory.file("bin"));
  writeFileSync(directory.file("bin/muster"), '#!/bin/sh\nshift\necho "$*" >> "$SAID"\n', { mode: 0o755 });
  const words = () => (existsSync(said) ? readFileSync(said, "utf8").trim().split("\n") : []);
  const PATH = `${directory.file("bin")}:${process.env.PATH}`;
  return { environment: { PATH, SAID: said, STOCK: directory.file("stock.db") }, words };
}

function order(frontAddress: string, item: string): Promise<Response> {
  return fetch(`${frontAddress}/orders`, { method: "POST", body: new URLSearchParams({ item, visitor: "Ana" }) });
}

/** As api and worker do together, in a moment. */
function shipOne(directory: TemporaryDirectory, item: string): void {
  using database = new Database(directory.file("shop.db"), { readwrite: true });
  database.run("INSERT INTO orders (item, visitor, state) VALUES (?, 'Ana', 'shipped')", [item]);
}

/** A mail whose text and subject are not ASCII, as the wire has it. */
const MAIL = `Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

erste Zeile
=C3=BCnd zweite
`.replaceAll("\n", "\r\n");

/** Hands it to an SMTP server, one line after each of its answers. */
async function sendMail(port: number): Promise<void> {
  const envelope = ["EHLO test", "MAIL FROM:<muster@example.com>", "RCPT TO:<owner@example.com>"];
  const lines = [...envelope, "DATA", `${MAIL}.`, "QUIT"];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const data = (socket: Bun.Socket, piece: Uint8Array) => {
    const answer = new TextDecoder().decode(piece);
    if (/^[45]/m.test(answer)) reject(new Error(answer));
    else if (/^\d{3} /m.test(answer)) socket.write(`${lines.shift() ?? ""}\r\n`);
  };
  using _socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: { data, close: () => resolve(), error: (_, error) => reject(error) },
  });
  await promise;
}

describe("the shop's configuration", () => {
  test("is taken without a word, and every file it names is there", async () => {
    const loaded = await loadConfiguration(join(SHOP, "muster.toml"), configFiles(), {});
    if (!loaded.ok) throw loaded.error;
    expect(loaded.value.warnings).toEqual([]);
    const services = [...loaded.value.host.services.values()];
    expect(services.length).toBe(9);
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

  test("the stock counts what was shipped, and says what is sold out", async () => {
    using directory = temporaryDirectory("shop");
    expect(await run(directory, "prepare-database.js").exited).toBe(0);
    const { environment, words } = listener(directory);
    await using stock = run(directory, "stock.js", { ...environment, MS_FOR_ONE_ITEM: "1" });
    await stock.saw(/3 of cup after a delivery(?:.|\n)*the stock is in order: 8 items/);
    for (const left of [2, 1, 0]) {
      shipOne(directory, "cup");
      await stock.saw(new RegExp(`order \\d+: ${left} of cup left`));
    }
    await waitFor("the stock to say it", () =>
      words().includes("log --severity warn cup is sold out; 3 more were ordered"),
    );
  });

  test("the stock repairs itself when it is new and when it was killed, and says how far it is", async () => {
    using directory = temporaryDirectory("shop");
    expect(await run(directory, "prepare-database.js").exited).toBe(0);
    const { environment, words } = listener(directory);
    const open = async () => {
      const stock = run(directory, "stock.js", { ...environment, MS_FOR_ONE_ITEM: "1" });
      await stock.saw(/the stock is in order/);
      await waitFor("the stock to say started", () => words().at(-1) === "started");
      return stock;
    };
    const counted = () => words().filter((line) => line.startsWith("maintenance"));

    const first = await open();
    expect(counted().map((line) => Number(line.split(" ")[2]))).toEqual([1, 12, 25, 37, 50, 62, 75, 87]);
    expect(counted()[0]).toBe("maintenance --progress 1 counting teapot");
    expect(await first.stop()).toBe(0);
    const second = await open();
    expect(counted().length).toBe(8);
    second.send("SIGKILL");
    await second.exited;
    await using _third = await open();
    expect(counted().length).toBe(16);
  });

  test("the thermometer raises an alert when the sun shines in", async () => {
    using directory = temporaryDirectory("shop");
    const { environment, words } = listener(directory);
    const settings = { ...environment, SECONDS_BETWEEN: "1000", READINGS_TO_SUN: "3" };
    await using thermometer = run(directory, "thermometer.sh", settings);
    await thermometer.saw(/19 degrees/);
    await waitFor("the first reading", () => words()[0] === "alert --counter degrees=19");
    thermometer.send("SIGUSR1");
    await thermometer.saw(/31 degrees/);
    await waitFor(
      "the alert",
      () => words()[1] === "alert --severity warn --counter degrees=31 the tea store is too warm",
    );
    expect(await thermometer.stop()).toBe(0);
  });

  test("the mailbox reads aloud what comes, and a taken port is named", async () => {
    using directory = temporaryDirectory("shop");
    await using mailbox = run(directory, "mailbox.js");
    const port = await mailbox.saw(/is open on 127\.0\.0\.1:(\d+)/);
    await sendMail(Number(port));
    await mailbox.saw(/a mail to owner@example\.com: Grüße\n {2}\| \n {2}\| erste Zeile\n {2}\| ünd zweite\n/);
    const second = run(directory, "mailbox.js", { PORT: port });
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`cannot listen on port ${port}: another program has it`);
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
    const absent = await fetch(`${apiAddress}/orders/99`);
    expect([absent.status, await absent.text()]).toEqual([404, `{"error":"there is no /orders/99"}\n`]);
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
