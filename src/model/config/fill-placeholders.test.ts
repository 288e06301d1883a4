import { expect, test } from "bun:test";
import { fillPlaceholders } from "./fill-placeholders.ts";
import { loadTexts } from "./testing/load-texts.ts";

test("an instance gets its own port, and its texts are filled", async () => {
  const { host } = await loadTexts(`[services.web]
command = ["run", "{service}:{instance}", "--port={port}", "{{port}"]
directory = "{service}/{instance}"
port = 8081
instances = 3
environment = { P = "{port}" }
environment_file = "{instance}.env"
stop.command = "halt {instance}"
reload = { command = "again {port}", files = ["{service}.conf"] }
ready = { script = "check {port}" }
log.archive = "old/{instance}"
`);
  const spec = host.services.get("web");
  if (spec === undefined) throw new Error("there is no service");
  const filled = fillPlaceholders(spec, 3);
  expect(filled).toEqual({
    ...spec,
    port: 8083,
    command: ["run", "web:3", "--port=8083", "{port}"],
    directory: "/etc/muster/web/3",
    environment: { P: "8083" },
    environmentFile: "/etc/muster/3.env",
    ready: { kind: "script", command: ["check", "8083"] },
    stop: { ...spec.stop, command: ["halt", "3"] },
    reload: { ...spec.reload, command: ["again", "8083"], files: ["/etc/muster/web.conf"] },
    log: { ...spec.log, archive: "/etc/muster/old/3" },
  });
});
