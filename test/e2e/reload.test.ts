/** A reload: a signal or a command; what cannot be reloaded says so. */
import { describe, expect, test } from "bun:test";
import { Product } from "../support/product.ts";
import { STEADY, script, verbatim } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { waitFor } from "../support/wait-for.ts";

const asRoot = skipWhen(process.getuid?.() === 0 ? null : "needs root");

const LISTENS = 'trap "echo hup" HUP; trap "echo usr1" USR1; echo armed; while :; do sleep 1000 & wait $!; done';
const armed = { ready: { line: "armed" } };

describe("reload", () => {
  test("sends HUP, or the signal that the service wants; the process stays", async () => {
    const services = { web: script(LISTENS, armed), api: script(LISTENS, { ...armed, reload: { signal: "USR1" } }) };
    await using product = new Product("reload", services);
    await product.up();
    const { pid } = await product.untilReady("web");
    await product.untilReady("api");
    expect((await product.cli(["reload", "web", "api"])).code).toBe(0);
    await product.wrote("web", /^hup$/m);
    await product.wrote("api", /^usr1$/m);
    expect(await product.instance("web")).toMatchObject({ pid, state: "running", generation: 1 });
  });

  test("runs the command, as the service's user and in its directory; the order ends with it", async () => {
    const command = ["sh", "-c", verbatim("pwd > told; echo $MUSTER_PID $OWN $(id -u) >> told")];
    await using product = new Product("reload", {});
    product.write("sub/here", "");
    product.configure({ web: { ...STEADY, directory: "sub", environment: { OWN: "own" }, reload: { command } } });
    await product.up();
    const { pid } = await product.untilReady("web");
    expect(await product.order({ order: "reload", targets: ["web"] })).toMatchObject({ ok: true });
    expect(product.read("sub/told")).toBe(`${product.file("sub")}\n${pid} own ${process.getuid?.()}\n`);
    await product.event("web", "instance.reloaded");
  });

  test("that fails is told with its reason; the program goes on as it was", async () => {
    const command = ["sh", "-c", "echo the file is broken >&2; exit 3"];
    await using product = new Product("reload", { web: { ...STEADY, reload: { command } } });
    await product.up();
    const { pid } = await product.untilReady("web");
    const reload = await product.cli(["reload", "web"]);
    expect(reload.code).toBe(1);
    expect(reload.stderr).toContain("it ended with code 3: the file is broken");
    expect(await product.instance("web")).toMatchObject({ pid, state: "running" });
  });

  test("with a command that hangs ends in its time, and takes along what the command had started", async () => {
    const command = ["sh", "-c", "sleep 777; echo never"];
    const web = { ...STEADY, start: { wait: "1ms", timeout: "150ms" }, reload: { command } };
    await using product = new Product("reload", { web });
    await product.up();
    await product.untilReady("web");
    expect(await product.order({ order: "reload", targets: ["web"] })).toMatchObject({ ok: false });
    await waitFor("the command to be gone", () => !product.processes().some((seen) => seen.command.includes("777")));
    expect(await product.instance("web")).toMatchObject({ state: "running", generation: 1 });
  });

  test("with a command that leaves something in the background ends with the command", async () => {
    const command = ["sh", "-c", "sleep 778 & exit 0"];
    await using product = new Product("reload", { web: { ...STEADY, reload: { command } } });
    await product.up();
    await product.untilReady("web");
    expect(await product.order({ order: "reload", targets: ["web"] })).toMatchObject({ ok: true });
    expect(product.processes().some((seen) => seen.command === "sleep 778")).toBe(true);
  });

  asRoot("with a command runs it as the user of the service", async () => {
    const command = ["sh", "-c", verbatim('[ "$(id -un):$(id -gn)" = nobody:nogroup ] || { id >&2; exit 9; }')];
    await using product = new Product("reload", {
      web: { ...STEADY, user: "nobody", directory: "/", reload: { command } },
    });
    await product.up();
    await product.untilReady("web");
    expect((await product.order({ order: "reload", targets: ["web"] })).items[0]?.reason).toBeNull();
  });

  test("of what does not run is refused", async () => {
    await using product = new Product("reload", { web: { ...STEADY, autostart: false } });
    await product.up();
    const reload = await product.cli(["reload", "web"]);
    expect(reload.code).toBe(1);
    expect(reload.stderr).toContain("cannot reload web:1: it is stopped");
  });
});

describe("signal", () => {
  test("goes to the main process; an unknown one is refused with the nearest", async () => {
    await using product = new Product("reload", { web: script(LISTENS, armed) });
    await product.up();
    await product.untilReady("web");
    expect((await product.cli(["signal", "USR1", "web"])).code).toBe(0);
    await product.wrote("web", /^usr1$/m);
    const wrong = await product.cli(["signal", "USR9", "web"]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("USR1");
  });
});
