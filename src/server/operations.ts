/**
 * What those who run a server ask it: whether it lives, whether it is ready, and what it counts.
 * @module
 */
import { textResponse } from "./documents.ts";
import type { FixedPaths } from "./paths.ts";

/** What is known of a running server. */
export interface OperationsOptions {
  /** Whether requests for content can be answered now. */
  readonly isReady: () => Promise<boolean>;
  /** The metrics as text, for those who may read the registry. */
  readonly metrics: () => Promise<string>;
}

/** `/livez`, `/readyz` and `/metrics`. */
export function operationPaths({ isReady, metrics }: OperationsOptions): FixedPaths {
  return {
    "/livez": { isOpen: true, answer: () => text("ok", 200) },
    "/readyz": {
      isOpen: true,
      answer: async () => await isReady() ? text("ok", 200) : text("not ready", 503),
    },
    "/metrics": {
      answer: async () => text(await metrics(), 200, "text/plain; version=0.0.4; charset=utf-8"),
    },
  };
}

function text(body: string, status: number, type = "text/plain; charset=utf-8"): Response {
  return textResponse(`${body}\n`, { status, headers: { "content-type": type } });
}
