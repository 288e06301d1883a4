/** A shim that is SIGKILLed takes no word with it that its speaker was told is on file. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { script } from "../support/services.ts";
import { waitFor, waitForFile } from "../support/wait-for.ts";

const [WORKERS, KILLS] = [3, 6];
const JOURNAL_LIMIT_MS = 2_000;
/** Numbered words from several processes at once, until there is a file `stop`; the number goes to `heard` or `unheard`. */
const SPEAKERS = `
speak() {
  while [ ! -e stop ]; do
    i=$((i + 1))
    if vme id=log severity=warn msg="$1 $i"; then echo "$1 $i" >> heard; else echo "$1 $i" >> unheard; fi
  done
}
for worker in $(seq ${WORKERS}); do speak $worker & done
wait
touch done
exec sleep 1000`;

function linesOf(product: Product, name: string): string[] {
  return product.read(name).split("\n").filter(Boolean);
}

/** Processes that have said a word and wait for the answer, or are about to say it. */
function speakersOf(product: Product): number {
  const speakers = product.processes().filter(({ command }) => command.includes("id=log"));
  return speakers.filter(({ pid }) => hasSocket(pid)).length;
}

function hasSocket(pid: number): boolean {
  try {
    const descriptors = readdirSync(`/proc/${pid}/fd`);
    return descriptors.some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith("socket:"));
  } catch {
    return false; // it has ended, or closed it
  }
}

describe("a word that vme has confirmed", () => {
  test("is not that of a stranger: he is told that he is not believed", async () => {
    await using product = new Product("confirmed", {});
    const [web, db] = [new Puppet(product, "web"), new Puppet(product, "db")];
    product.configure({ web: web.keys, db: db.keys });
    await product.up();
    await product.untilReady("web", "db");
    const socket = /^event-socket (.*)$/m.exec(product.record("db", "spec").replaceAll("\0", "\n"))?.[1] ?? "";
    web.do(`MUSTER_SOCKET=${socket} vme id=log severity=warn msg=x; echo "code $?"`);
    await product.wrote("web", /^code 1$/m);
    const [message] = await product.wrote("web", /^vme: cannot say log: .*$/m, "err");
    expect(message).toContain(
      `${socket} took it 3 times and never confirmed it: a process that is none of the service`,
    );
    expect((await product.event("db", "service.unheard")).data).toMatchObject({ reason: "stranger" });
    expect(await product.events("db", "service.log")).toEqual([]);
  });

  test("is in the journal, though the shim was killed while it was said", async () => {
    await using product = new Product("confirmed", {});
    product.configure({ web: script(SPEAKERS, { directory: product.directory }) });
    product.write("muster.toml", `${product.read("muster.toml")}\n[alerts]\nsuppress = { events = 0 }\n`);
    await product.up();
    for (let kill = 1; kill <= KILLS; kill++) {
      const heard = linesOf(product, "heard").length;
      await waitFor("more words", () => linesOf(product, "heard").length > heard);
      const shim = product.shimPid("web");
      process.kill(shim, "SIGSTOP");
      await waitFor("words that nobody reads", () => speakersOf(product) === WORKERS);
      process.kill(shim, "SIGKILL");
      await waitFor("another shim", () => product.shimPid("web") !== shim);
    }
    product.write("stop", "");
    await waitForFile(product.file("done"));
    const heard = linesOf(product, "heard");
    const journal = async () => new Set((await product.events("web", "service.log")).map(({ message }) => message));
    let missing: string[] = [];
    const areThere = async () => {
      const there = await journal();
      missing = heard.filter((word) => !there.has(word));
      return missing.length === 0;
    };
    await waitFor("the words in the journal", areThere, { limitMs: JOURNAL_LIMIT_MS, lastSeen: () => missing });
    expect(linesOf(product, "unheard")).toEqual([]);
  });
});
