/**
 * Answers by which a registry refuses, as errors of this program.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
 * @module
 */
import {
  AccessDeniedError,
  type ErrorFacts,
  IntegrityError,
  type ModelOpsError,
  NotFoundError,
  TransferError,
  UnsupportedError,
} from "../core/errors.ts";
import { type ErrorDocument, parseErrorDocument } from "./error_document.ts";
import { readBody } from "../http/bodies.ts";
import { TLS } from "../http/faults.ts";
import { plainText } from "../core/text.ts";

/** The most of an error document that is read. */
const DOCUMENT_LIMIT = 64 * 1024;

/** How servers of TLS, with the status 400, call a request that came in clear. */
const IN_CLEAR =
  /HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port|plain HTTP to an SSL/;

/** A request that was refused. */
export interface RefusedRequest {
  /** What was tried, to follow "Cannot": `push "registry.test/demo:v1"`. */
  readonly action: string;
  /** Host of the registry. */
  readonly registry: string;
  /** Host that answered, where it is another than the registry. */
  readonly server?: string;
  /** Longest silence while the answer is read, as in a retry policy. */
  readonly stallTime?: number;
  /** Stops the reading of the answer. */
  readonly signal?: AbortSignal;
}

/**
 * The error for an answer. Its body is read.
 * @throws the reason of the signal: who stopped is not told what was refused.
 */
export async function responseError(
  response: Response,
  request: RefusedRequest,
): Promise<ModelOpsError> {
  const said = await readDocument(response, request);
  // Only for the names of statuses: what asks without being refused starts without this module.
  const { STATUS_CODES } = await import("node:http");
  const status = [response.status, STATUS_CODES[response.status]].filter(Boolean).join(" ");
  const words = [said.code, said.message].filter(Boolean).join(": ");
  const server = request.server ?? request.registry;
  const found = `${server} answered ${status}${words === "" ? "" : ` (${words})`}`;
  const remedy = IN_CLEAR.test(words) ? TLS : undefined;
  const facts = { registry: request.registry, status: response.status, code: said.code, remedy };
  const error = makeError(`Cannot ${request.action}: ${found}`, facts);
  // What a token server does not have says nothing of what the registry has.
  const isOfRegistry = request.server === undefined || error instanceof AccessDeniedError;
  return isOfRegistry ? error : new TransferError(error.message, facts);
}

function makeError(message: string, facts: ErrorFacts): ModelOpsError {
  const { status, code, registry } = facts;
  if (status === 401) {
    return new AccessDeniedError(message, {
      ...facts,
      remedy: `run \`modelops login ${registry}\``,
    });
  }
  if (status === 403) return new AccessDeniedError(message, facts);
  if (status === 404) return new NotFoundError(message, facts);
  // Not the content is wrong, but how much of it came at once.
  if (status === 413) return new TransferError(message, facts);
  if (code === "UNSUPPORTED" || status === 405) return new UnsupportedError(message, facts);
  if (code === "DIGEST_INVALID" || code === "SIZE_INVALID") {
    return new IntegrityError(message, facts);
  }
  return new TransferError(message, facts);
}

async function readDocument(response: Response, request: RefusedRequest): Promise<ErrorDocument> {
  const type = response.headers.get("Content-Type") ?? "";
  let text: string;
  try {
    const { registry, stallTime, signal } = request;
    const asked = { url: `https://${registry}/`, stallTime, signal };
    text = new TextDecoder().decode(await readBody(response, asked, DOCUMENT_LIMIT));
  } catch {
    request.signal?.throwIfAborted();
    return {}; // The status alone has to do; the body only explains it.
  }
  const said = parseErrorDocument(text);
  if (said.code || said.message) return said;
  const [inClear] = IN_CLEAR.exec(text) ?? [];
  return type.startsWith("text/plain") ? { message: plainText(text) } : { message: inClear };
}
