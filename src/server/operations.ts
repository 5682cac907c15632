/**
 * What those who run a server ask it: whether it lives, whether it is ready, and what it counts.
 * @module
 */
import { createGate, type GateOptions } from "./access.ts";
import { textResponse } from "./documents.ts";
import { faultOf, faultResponse } from "./fault.ts";
import type { RegistryHandler } from "./handler.ts";

/** What is answered beside the registry. */
export interface OperationsOptions extends GateOptions {
  /** Whether requests for content can be answered now. */
  readonly isReady: () => Promise<boolean>;
  /** The metrics as text, for those who may read the registry. */
  readonly metrics: () => Promise<string>;
}

/** A registry that also answers `/livez`, `/readyz` and `/metrics`. */
export function withOperations(
  registry: RegistryHandler,
  options: OperationsOptions,
): RegistryHandler {
  const admit = createGate(options);
  const pages: Readonly<Record<string, Page>> = {
    "/livez": () => text("ok", 200),
    "/readyz": async () => await options.isReady() ? text("ok", 200) : text("not ready", 503),
    "/metrics": async (request) => {
      await admit(request);
      return text(await options.metrics(), 200, "text/plain; version=0.0.4; charset=utf-8");
    },
  };
  return async (request) => {
    const path = new URL(request.url).pathname;
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page === undefined) return await registry(request);
    try {
      if (!["GET", "HEAD"].includes(request.method)) return text("only GET is understood", 405);
      return await page(request);
    } catch (error) {
      return faultResponse(faultOf(error, { unknown: "UNKNOWN" }));
    }
  };
}

type Page = (request: Request) => Response | Promise<Response>;

function text(body: string, status: number, type = "text/plain; charset=utf-8"): Response {
  const headers = { "content-type": type, "x-content-type-options": "nosniff" };
  return textResponse(`${body}\n`, { status, headers });
}
