/** Small programs that speak as unmodified ones do: by systemd-notify, with a watchdog, and to a socket that is not theirs. */
import { describe, expect } from "bun:test";
import { findProgram, whyMissing } from "../support/debian-programs.ts";
import { failOnLeaks } from "../support/leak-check.ts";
import { environmentOf, isAlive, sendSignal } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { EAGER, script } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { waitFor } from "../support/wait-for.ts";

const withNotify = skipWhen(whyMissing("systemd-notify", "systemd"));
const withPerl = skipWhen(whyMissing("perl", "perl-base"));
const WATCHDOG_MS = 400;

failOnLeaks();

/** Needs no more than perl-base. */
const SPEAK = `
use strict; use IO::Socket::UNIX; use Time::HiRes qw(sleep);
$| = 1;
sub say_to {
  my ($path, $words) = @_;
  my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $path) or die "cannot reach $path: $!";
  $socket->send($words);
}
`;

/** Pings twice in each interval that it is given, and writes a line each time, until it gets USR1: then it does nothing. */
const WATCHED = `${SPEAK}
my $hangs = 0;
$SIG{USR1} = sub { $hangs = 1 };
die "the watchdog is not mine" if $ENV{WATCHDOG_PID} != $$;
say_to($ENV{NOTIFY_SOCKET}, "READY=1");
while (1) {
  sleep($ENV{WATCHDOG_USEC} / 2e6);
  next if $hangs;
  say_to($ENV{NOTIFY_SOCKET}, "WATCHDOG=1");
  print "alive\\n";
}
`;

/** Says words to the socket that it is given, and stays where it can be seen. */
const STRANGER = `${SPEAK}
say_to($ARGV[0], $ARGV[1]);
print "said\\n";
sleep(1000);
`;

describe("systemd-notify", () => {
  withNotify("returns when its words are on file, with a daemon or without", async () => {
    const program = `systemd-notify --status=working; echo kept $?; systemd-notify --ready; echo ready $?; exec sleep 1000`;
    await using product = new Product("systemd-notify", {});
    const gate = product.gate("gate");
    product.configure({ web: script(`read line < ${gate.path}; ${program}`, { ready: "notify" }) });
    await product.up();
    const pid = await product.pidOf("web");
    await product.killDaemon();
    gate.open();
    await product.wrote("web", /^kept 0\nready 0$/m);
    await product.up();
    expect(await product.untilReady("web")).toMatchObject({ pid, generation: 1, statusText: "working" });
    expect(await product.events("web", "service.unheard")).toEqual([]);
  });

  withNotify("names the main process, whose end is then the end of the service", async () => {
    const program = "sleep 1000 & systemd-notify --ready --pid=$!; wait; echo waited; exec sleep 1000";
    await using product = new Product("systemd-notify", { web: script(program, { ready: "notify", ...EAGER }) });
    await product.up();
    await product.pidOf("web");
    const first = Number(product.record("web", "claim").split(" ")[2]);
    const { data } = await product.event("web", "instance.main-changed");
    const { pid } = await product.untilReady("web");
    expect(data).toMatchObject({ pid });
    expect(pid).not.toBe(first);
    expect(isAlive(first)).toBe(true);
    sendSignal(pid ?? 0, "SIGKILL");
    await product.until("the next generation", ({ services: [web] }) => {
      const [one] = web?.instances ?? [];
      return one?.generation === 2 && one.ready;
    });
    expect(isAlive(first)).toBe(false);
    expect((await product.event("web", "instance.exited")).data).not.toMatchObject({ code: 0 });
  });
});

describe("a watchdog", () => {
  const watched = { ready: "notify", watchdog: `${WATCHDOG_MS}ms`, stop: { wait: "2s" }, ...EAGER };
  const programs = (product: Product) => {
    const path = product.write("watched.pl", WATCHED);
    product.configure({ web: { ...watched, command: [findProgram("perl"), path] } });
  };

  withPerl(
    "leaves a program alone that pings; one that does not any more gets ABRT, and is started again",
    async () => {
      await using product = new Product("watchdog", {});
      programs(product);
      await product.up();
      const { pid } = await product.untilReady("web");
      await product.wrote("web", /(alive\n){6}/);
      expect(await product.instance("web")).toMatchObject({ pid, state: "running", generation: 1 });
      sendSignal(pid ?? 0, "SIGUSR1");
      const hung = await product.event("web", "instance.hung");
      expect(hung.message).toBe(`it hung: it was silent for ${WATCHDOG_MS}ms; ABRT is sent`);
      expect((await product.event("web", "instance.exited")).data).toMatchObject({ generation: 1, signal: "ABRT" });
      await product.until("the next one to be ready", ({ services: [web] }) => {
        const [one] = web?.instances ?? [];
        return one?.generation === 2 && one.ready;
      });
      expect(await product.events("web", "instance.hung", "instance.killed")).toHaveLength(1);
    },
  );

  withPerl("does not run out because no daemon was there", async () => {
    await using product = new Product("watchdog", {});
    programs(product);
    await product.up();
    const { pid } = await product.untilReady("web");
    await product.killDaemon();
    const before = product.output("web").length;
    await waitFor("it to ping on", () => product.output("web").length >= before + "alive\n".repeat(5).length);
    await product.up();
    const now = product.output("web").length;
    await waitFor("it to ping on", () => product.output("web").length >= now + "alive\n".repeat(3).length);
    expect(await product.instance("web")).toMatchObject({ pid, state: "running", generation: 1 });
    expect(await product.events("web", "instance.hung")).toEqual([]);
  });

  withPerl("runs out under the next daemon for a program that hung while none was there", async () => {
    await using product = new Product("watchdog", {});
    programs(product);
    await product.up();
    const { pid } = await product.untilReady("web");
    await product.killDaemon();
    sendSignal(pid ?? 0, "SIGUSR1");
    await product.up();
    await product.event("web", "instance.hung");
    expect((await product.event("web", "instance.exited")).data).toMatchObject({ generation: 1, signal: "ABRT" });
  });
});

describe("a process of the same user that is none of the service's", () => {
  const web = script("exec sleep 1000", { ready: "notify" });

  withPerl("is not believed, whoever started it, and is told of", async () => {
    await using product = new Product("stranger", { web });
    const path = product.write("stranger.pl", STRANGER);
    await product.up();
    const pid = await product.pidOf("web");
    const socket = environmentOf(pid).NOTIFY_SOCKET ?? "";
    const stranger = product.spawn([findProgram("perl"), path, socket, "READY=1\nSTATUS=mine\nMAINPID=1"]);
    const { data } = await product.event("web", "service.unheard");
    expect(data).toMatchObject({ reason: "stranger", pid: stranger, uid: process.getuid?.(), count: 1, generation: 1 });
    expect(await product.instance("web")).toMatchObject({ pid, state: "starting", ready: false, statusText: null });
  });

  withPerl("is not believed when it is another service, and has ended before it could be looked at", async () => {
    await using product = new Product("stranger", { web });
    const path = product.write("stranger.pl", STRANGER);
    await product.up();
    const pid = await product.pidOf("web");
    const socket = environmentOf(pid).NOTIFY_SOCKET ?? "";
    const shim = product.shimPid("web");
    sendSignal(shim, "SIGSTOP");
    product.configure({
      web,
      other: { command: [findProgram("perl"), path, socket, "READY=1"], ready: { line: "said" } },
    });
    await product.apply();
    const other = await product.untilReady("other");
    expect(await product.order({ order: "stop", targets: ["other"] })).toMatchObject({ ok: true });
    sendSignal(shim, "SIGCONT");
    const { data } = await product.event("web", "service.unheard");
    expect(data).toMatchObject({ reason: "gone", pid: other.pid });
    expect(await product.instance("web")).toMatchObject({ pid, state: "starting", ready: false });
  });

  withPerl("is not believed while no daemon is there either", async () => {
    await using product = new Product("stranger", { web });
    const path = product.write("stranger.pl", STRANGER);
    await product.up();
    const pid = await product.pidOf("web");
    const socket = environmentOf(pid).NOTIFY_SOCKET ?? "";
    await product.killDaemon();
    product.spawn([findProgram("perl"), path, socket, "READY=1"]);
    await waitFor("the shim to keep it", () => product.record("web", "said.1").includes("READY=1"));
    await product.up();
    expect((await product.event("web", "service.unheard")).data).toMatchObject({ reason: "stranger" });
    expect(await product.instance("web")).toMatchObject({ pid, state: "starting", ready: false, generation: 1 });
  });
});
