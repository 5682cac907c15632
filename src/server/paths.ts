/**
 * Paths beside those of the registry: what operators and browsers ask a server for.
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import { createGate, type GateOptions } from "./access.ts";
import { completed } from "./documents.ts";
import { faultOf, faultResponse, RegistryFault } from "./fault.ts";
import type { RegistryHandler } from "./handler.ts";
import { type RequestTarget, targetOf } from "./http1/request_target.ts";

/** What answers at one path, which is for reading only. */
export interface FixedPath {
  /** Whether everybody may ask, whoever they are. */
  readonly isOpen?: boolean;
  /** Whether links of other sites may lead here: a page that says the same to everybody. */
  readonly isPage?: boolean;
  /** Answers; what it throws becomes an error document. */
  readonly answer: (request: Request, query: URLSearchParams) => Response | Promise<Response>;
}

/** The paths as they are written, and what answers there. */
export type FixedPaths = Readonly<Record<string, FixedPath>>;

/** A registry that also answers at other paths, for those who may read it. */
export function withPaths(
  registry: RegistryHandler,
  paths: FixedPaths,
  { signal, log, ...access }: GateOptions & Pick<OperationOptions, "signal" | "log">,
): RegistryHandler {
  const admit = createGate(access);

  async function answer(path: FixedPath, request: Request, query: URLSearchParams) {
    try {
      if (!path.isOpen) await admit(request, { isPage: path.isPage });
      requireReading(request);
      return await path.answer(request, query);
    } catch (error) {
      const fault = faultOf(error, { unknown: "NAME_UNKNOWN", signal });
      if (fault.status >= 500) log?.("error", "Request failed", { error });
      const response = faultResponse(fault);
      response.headers.set("cache-control", "no-store");
      return response;
    }
  }

  return async (request) => {
    const { path, query }: RequestTarget = targetOf(request);
    const found = Object.hasOwn(paths, path) ? paths[path] : undefined;
    if (found === undefined) return await registry(request);
    return completed(request, await answer(found, request, query));
  };
}

/** @throws {RegistryFault} when a request is not for reading. */
function requireReading({ method }: Request): void {
  if (["GET", "HEAD"].includes(method)) return;
  throw new RegistryFault("UNSUPPORTED", {
    message: "This path is for reading only",
    headers: { allow: "GET, HEAD" },
  });
}
