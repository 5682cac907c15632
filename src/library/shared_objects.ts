/**
 * Objects by way of a Dragonfly daemon. Whoever may read them shows it with each request, and the
 * daemon can ask only with what it is given: a signature that is part of the URL (a SAS). That of
 * an account's key is over each request and good for nobody else.
 * @module
 */
import { AccessDeniedError } from "../core/errors.ts";
import type { Log } from "../core/operation.ts";
import type { Dragonfly } from "../http/dragonfly/dragonfly.ts";
import type { DragonflySettings } from "../http/dragonfly/settings.ts";
import type { Transport } from "../http/transport_options.ts";

/** A transport to an object store that lets a daemon bring what it can. */
export function sharedObjects(
  direct: Transport,
  { daemon, settings, log }: {
    readonly daemon: Dragonfly;
    readonly settings: DragonflySettings;
    readonly log?: Log;
  },
): Transport {
  const shared = daemon.around(direct, isRead);
  const { required, forwardAuth } = settings;
  let hasWarned = false;
  return async (request, hints) => {
    if (!isRead(request)) return await direct(request, hints);
    const isSigned = new URL(request.url).searchParams.has("sig");
    if (isSigned && forwardAuth) return await shared(withPlainRange(request), hints);
    const { host } = new URL(request.url);
    const remedy = isSigned
      ? "add --dragonfly-forward-auth to show their signature to the daemon"
      : "log in with a shared access signature, and add --dragonfly-forward-auth";
    if (required) {
      throw new AccessDeniedError(
        `Cannot fetch objects of ${host} through Dragonfly: they want a login`,
        { registry: host, remedy },
      );
    }
    if (!hasWarned) log?.("warning", `Objects of ${host} come without Dragonfly: ${remedy}`);
    hasWarned = true;
    return await direct(request, hints);
  };
}

/** The service has a header of its own for ranges, which nobody else reads. */
function withPlainRange(request: Request): Request {
  const range = request.headers.get("x-ms-range");
  if (range !== null) request.headers.set("Range", range);
  return request;
}

/** Whether the bytes of an object are asked for, and no document about it. */
function isRead({ method, url }: Request): boolean {
  const { searchParams } = new URL(url);
  return method === "GET" && !searchParams.has("comp") && !searchParams.has("restype");
}
