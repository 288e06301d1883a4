import { join } from "node:path";
import type { Product } from "./product.ts";
import { verbatim } from "./services.ts";

const FIXTURE = join(import.meta.dir, "../../native/test/speak.fixture.ts");

/** Speaks as any program does, datagram by datagram: `$SPEAK 'say READY=1' barrier`. See the fixture for its orders. */
const SPEAK = `env NOTIFY_SOCKET=$MUSTER_SOCKET ${process.execPath} ${FIXTURE}`;

/**
 * A service that does what a test tells it, one line of `sh` after the other: `puppet.do("vme id=started_ok")`. A generation
 * takes the lines that were told before and not taken yet. The service goes on whatever becomes of a line.
 */
export class Puppet {
  /** of the service */
  readonly keys: Readonly<Record<string, unknown>>;
  private readonly tell: (text: string) => void;

  /** @param keys more of the service, or other than usual */
  constructor(product: Product, name: string, keys: Readonly<Record<string, unknown>> = {}) {
    const gate = product.gate(`${name}.strings`);
    const play = `exec 9<${gate.path}; SPEAK="${SPEAK}"; while read -r line <&9; do eval "$line"; done`;
    this.tell = gate.write;
    this.keys = { start: { wait: "1ms" }, command: ["sh", "-c", verbatim(play)], ...keys };
  }

  do(...lines: readonly string[]): void {
    this.tell(`${lines.join("\n")}\n`);
  }
}
