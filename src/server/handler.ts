/**
 * An OCI registry as a function from requests to responses, over any catalog.
 *
 * It knows nothing of ports and sockets, so that tests call it directly and any HTTP server can
 * carry it. It never throws: whatever happens becomes an answer. See
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import { shareThread } from "../core/runtime/turn.ts";
import type { Catalog } from "../oci/store.ts";
import { type Authenticate, createGate } from "./access.ts";
import { completed } from "./documents.ts";
import { allowedMethods, ENDPOINTS } from "./endpoints.ts";
import { type Action, openRepository } from "./exchange.ts";
import { type ErrorCode, faultOf, faultResponse, RegistryFault } from "./fault.ts";
import { isServedName } from "./name_rules.ts";
import { parseRoute, type Route } from "./route.ts";
import { type RequestTarget, targetOf } from "./http1/request_target.ts";
import { UploadSessions } from "./upload_sessions.ts";

/** Answers the requests of a registry's clients. */
export type RegistryHandler = (request: Request) => Promise<Response>;

/** How a registry behaves. */
export interface RegistryServerOptions extends Pick<OperationOptions, "signal" | "log"> {
  /** Refuse everything that would change the catalog. */
  readonly readOnly?: boolean;
  /** Take manifests and indexes whose content is not all here; refused when absent. */
  readonly sparse?: boolean;
  /** Checks user names and passwords; everybody is let in when absent. */
  readonly authenticate?: Authenticate;
  /** What is open to clients without a password, where others are asked for one. */
  readonly anonymous?: "pull";
  /**
   * Answer only requests that name this machine by a loopback name: a web page whose own name was
   * pointed at it cannot send those.
   */
  readonly loopbackOnly?: boolean;
}

/** Makes a registry over `catalog`. */
export function createRegistryHandler(
  catalog: Catalog,
  options: RegistryServerOptions = {},
): RegistryHandler {
  shareThread();
  const { signal, log } = options;
  const admit = createGate(options);
  const uploads = new UploadSessions();

  async function answer(request: Request, target: RequestTarget): Promise<Response> {
    const route = parseRoute(target.path);
    try {
      const { isAnonymous } = await admit(request);
      if (!route) throw new RegistryFault("UNSUPPORTED", { status: 404, message: "No such path" });
      const action = actionOf(route, request.method, options);
      requireServedName(route);
      return await action({
        request,
        query: target.query,
        name: route.name,
        target: route.target,
        catalog,
        get store() {
          return openRepository(catalog, route.name);
        },
        mayPush: !options.readOnly && !isAnonymous,
        sparse: options.sparse ?? false,
        uploads,
        operation: { signal, log },
      });
    } catch (error) {
      return refuse(error, route ? ENDPOINTS[route.endpoint].unknown : "UNKNOWN");
    }
  }

  function refuse(error: unknown, unknown: ErrorCode): Response {
    const fault = faultOf(error, { unknown, signal });
    if (fault.status >= 500) log?.("error", "Request failed", { error });
    return faultResponse(fault);
  }

  return async (request) => {
    const target = targetOf(request);
    const response = completed(request, await answer(request, target));
    response.headers.set("docker-distribution-api-version", "registry/2.0");
    const { method } = request;
    log?.("debug", "Request answered", { method, path: target.path, status: response.status });
    return response;
  };
}

/** Who answers; a method that the endpoint does not take is refused with those it takes. */
function actionOf(route: Route, method: string, options: RegistryServerOptions): Action {
  const endpoint = ENDPOINTS[route.endpoint];
  const allowed = allowedMethods(endpoint, { readOnly: options.readOnly ?? false });
  const action = allowed.includes(method) ? endpoint.actions[method] : undefined;
  if (action) return action;
  throw new RegistryFault("UNSUPPORTED", {
    message: Object.hasOwn(endpoint.actions, method) ? "This registry is read-only" : undefined,
    headers: { allow: allowed.join(", ") },
  });
}

function requireServedName({ endpoint, name }: Route): void {
  if (endpoint === "base" || endpoint === "catalog" || isServedName(name)) return;
  throw new RegistryFault("NAME_INVALID");
}
