import * as z from "zod";
import { nearest } from "../../../base/nearest.ts";
import { complain, wholeNumber } from "./kinds.ts";
import { limits } from "./limits.ts";

/** What the program may do and use. */
export function confinementKeys() {
  return {
    limits: limits().prefault({}).meta({
      description: 'Resource limits: a number, a size or a duration, "unlimited", or [soft, hard].',
      verbatim: true,
    }),
    capabilities: z
      .array(capability())
      .optional()
      .meta({
        description: "Linux capabilities that it keeps; all others are taken away. Needs root.",
        defaultInWords: "not changed",
        change: "restart",
        example: ["NET_BIND_SERVICE"],
      }),
    no_new_privileges: z.boolean().prefault(false).meta({
      description: "It and its children never gain privileges (set-user-id programs do not work).",
      change: "restart",
      example: true,
    }),
    cpu_affinity: cpuList().optional().meta({
      description: "CPUs that it may run on.",
      defaultInWords: "all",
      change: "restart",
      example: "0-1",
    }),
    io_priority: ioPriority().optional().meta({
      description:
        'Order of its disk access: `"idle"`, `"best-effort:0"` to `"best-effort:7"`, `"realtime:0"` to `"realtime:7"`.',
      defaultInWords: "not changed",
      change: "restart",
      example: "idle",
    }),
    oom_score: wholeNumber(-1000, 1000).optional().meta({
      description:
        "How soon the kernel kills it when memory runs out: -1000 never, 1000 first. Less than the daemon's needs root.",
      defaultInWords: "not changed",
      change: "restart",
      example: 500,
    }),
  };
}

function cpuList() {
  return z
    .string()
    .meta({ pattern: "^\\d+(-\\d+)?(,\\d+(-\\d+)?)*$|\\$\\{" })
    .transform((list, context) => {
      const ranges = list.split(",").map((range) => /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range.trim()));
      const valid = ranges.every((range) => range !== null && Number(range[1]) <= Number(range[2] ?? range[1]));
      if (!valid) return complain(context, `"${list}" is not a list of CPUs; write numbers and ranges, as in "0-3,8"`);
      return list.replaceAll(" ", "");
    });
}

function ioPriority() {
  return z
    .string()
    .meta({ pattern: "^(idle|(best-effort|realtime)(:[0-7])?)$|\\$\\{" })
    .transform((value, context) => {
      if (/^(idle|(best-effort|realtime):[0-7])$/.test(value)) return value;
      if (value === "best-effort" || value === "realtime") return `${value}:4`;
      return complain(
        context,
        `"${value}" is not an I/O priority; write "idle", "best-effort:0" to "best-effort:7" or "realtime:0" to "realtime:7"`,
      );
    });
}

/** https://man7.org/linux/man-pages/man7/capabilities.7.html */
const CAPABILITIES =
  "AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM".split(
    " ",
  );

function capability() {
  return z
    .string()
    .meta({ title: "capability" })
    .transform((value, context) => {
      const name = value.toUpperCase().replace(/^CAP_/, "");
      if (CAPABILITIES.includes(name)) return name;
      const near = nearest(name, CAPABILITIES);
      return complain(
        context,
        `"${value}" is not a capability${near === undefined ? "" : `; did you mean "${near}"?`}`,
      );
    });
}
