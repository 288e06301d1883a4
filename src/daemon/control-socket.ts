import { type ApiServer, type SocketAccess, startApiServer } from "../api/server.ts";
import type { Clock } from "../base/clock.ts";
import type { CodedError } from "../base/coded-error.ts";
import { ok, type Result } from "../base/result.ts";
import type { DaemonSpec } from "../model/service.ts";
import { Accounts } from "../platform/users.ts";
import { createFacade } from "./facade.ts";
import { describeFault } from "./fault-words.ts";
import type { DaemonPaths } from "./options.ts";
import type { DaemonParts } from "./parts.ts";

/** Begins to answer on the control socket; its group and mode follow the configuration from then on. */
export async function openControlSocket(
  parts: DaemonParts,
  paths: DaemonPaths,
  spec: DaemonSpec["socket"],
): Promise<Result<ApiServer, CodedError>> {
  const { own } = parts.logs;
  const started = startApiServer({
    facade: createFacade(parts),
    socketPath: paths.controlSocket,
    ...(await accessOf(spec, parts.clock)),
    onFault: (error, what) => own.error(`a fault while answering ${what}`, { fault: describeFault(error) }),
    onStreamEnd: (what, end) => own.debug(`a stream ended: ${what}`, { how: JSON.stringify(end) }),
  });
  if (!started.ok) return started;
  const server = started.value;
  parts.configurator.onDaemonChanged(({ socket }) => {
    accessOf(socket, parts.clock)
      .then((access) => server.permit(access))
      .catch((error: unknown) => own.error(`cannot change group and mode of the control socket: ${String(error)}`));
  });
  return ok(server);
}

async function accessOf({ group, mode }: DaemonSpec["socket"], clock: Clock): Promise<SocketAccess> {
  if (group === null) return { mode, gid: null };
  const found = await new Accounts(clock).resolve({ user: null, unixGroup: group, supplementaryGroups: null });
  return { mode, gid: found.ok ? found.value.gid : null };
}
