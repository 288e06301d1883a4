import type { ServiceSpec } from "../../model/service.ts";
import type { ChildStep, FailedRecord } from "../../platform/shim/records.ts";

const ERRNO_WORDS: Readonly<Record<number, string>> = {
  1: "that is not permitted",
  2: "there is no such file or directory",
  8: 'the system cannot run such a file (no "#!" line, or another architecture)',
  11: "the system has no room for another process now",
  12: "there is not enough memory",
  13: "permission is denied",
  20: "a part of the path is not a directory",
  22: "the system does not take that value",
  24: "too many files are open",
  26: "the file is being written",
  28: "there is no room on the disk",
  36: "the name is too long",
  7: "the command and environment are too long",
};

const STEP_WORDS: Readonly<Record<ChildStep, (spec: ServiceSpec) => string>> = {
  spec: () => "its generation directory cannot be read",
  log: (spec) => `its log files cannot be opened (${spec.log.archive ?? "see the state directory"})`,
  fifo: () => "its output FIFOs cannot be made",
  socket: () => "its event socket cannot be made",
  fork: () => "no process can be made for it",
  session: () => "it cannot get a session of its own",
  cgroup: () => "it cannot enter its cgroup",
  limit: () => 'its "limits" cannot be set',
  nice: (spec) => `its priority ${spec.priority} cannot be set`,
  groups: () => 'its "supplementary_groups" cannot be set',
  gid: (spec) => `it cannot run with the group of "${spec.unixGroup ?? spec.user}"`,
  uid: (spec) => `it cannot run as the user "${spec.user}"`,
  directory: (spec) => `its directory ${spec.directory} cannot be entered`,
  descriptor: () => "its descriptors cannot be put in place",
  claim: () => "its generation cannot be claimed",
  exec: (spec) => `its program "${spec.shell ? "/bin/sh" : (spec.command[0] ?? "")}" cannot be run`,
};

/** Why no program came to be, for the person who has to mend it. */
export function describeFailure(failed: FailedRecord, spec: ServiceSpec): string {
  const why = ERRNO_WORDS[failed.errno] ?? `the system says error ${failed.errno}`;
  return `${STEP_WORDS[failed.step](spec)}: ${why}`;
}
