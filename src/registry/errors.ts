/**
 * Answers that are errors, as errors of ours.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
 * @module
 */
import { STATUS_CODES } from "node:http";
import {
  AccessDeniedError,
  type ErrorFacts,
  IntegrityError,
  type ModelOpsError,
  NotFoundError,
  TransferError,
  UnsupportedError,
} from "../core/errors.ts";
import { readBody } from "../http/bodies.ts";
import { plainText } from "../core/text.ts";

/** The most of an error document that is read. */
const DOCUMENT_LIMIT = 64 * 1024;

/** What was asked for when the error came. */
export interface Asked {
  /** What was tried, to follow "Cannot": `push "registry.test/demo:v1"`. */
  readonly action: string;
  /** Host of the registry. */
  readonly registry: string;
  /** Host that answered, where it is another than the registry. */
  readonly server?: string;
  /** Longest silence while the answer is read, as in a retry policy. */
  readonly stallTime?: number;
}

/** What an error document says. */
interface Said {
  readonly code?: string;
  readonly message?: string;
}

/** The error for an answer. Its body is read. */
export async function responseError(response: Response, asked: Asked): Promise<ModelOpsError> {
  const said = await readDocument(response, asked);
  const name = STATUS_CODES[response.status];
  const status = name ? `${response.status} ${name}` : `${response.status}`;
  const words = [said.code, said.message].filter(Boolean).join(": ");
  const found = `${asked.server ?? asked.registry} answered ${status}${
    words === "" ? "" : ` (${words})`
  }`;
  const facts: ErrorFacts = {
    registry: asked.registry,
    status: response.status,
    ...(said.code ? { code: said.code } : {}),
  };
  return makeError(`Cannot ${asked.action}: ${found}`, facts);
}

function makeError(message: string, facts: ErrorFacts): ModelOpsError {
  const { status, code, registry } = facts;
  if (status === 401) {
    return new AccessDeniedError(message, { ...facts, remedy: `run modelops login ${registry}` });
  }
  if (status === 403) return new AccessDeniedError(message, facts);
  if (status === 404) return new NotFoundError(message, facts);
  if (code === "UNSUPPORTED" || status === 405) return new UnsupportedError(message, facts);
  if (code === "DIGEST_INVALID" || code === "SIZE_INVALID") {
    return new IntegrityError(message, facts);
  }
  return new TransferError(message, facts);
}

async function readDocument(response: Response, asked: Asked): Promise<Said> {
  const type = response.headers.get("Content-Type") ?? "";
  let text: string;
  try {
    const request = { url: `https://${asked.registry}/`, stallTime: asked.stallTime };
    text = new TextDecoder().decode(await readBody(response, request, DOCUMENT_LIMIT));
  } catch {
    return {}; // The status alone has to do; the body only explains it.
  }
  const said = parseErrorDocument(text);
  if (said.code || said.message) return said;
  return type.startsWith("text/plain") ? { message: plainText(text) } : {};
}

/**
 * The first code and message of a registry's error document (`{"errors":[{"code","message"}]}`), made fit
 * to be shown; nothing for any other text.
 */
export function parseErrorDocument(text: string): {
  readonly code?: string;
  readonly message?: string;
} {
  const first = firstError(text);
  if (typeof first !== "object" || first === null) return {};
  const field = (name: string): string | undefined => {
    const value: unknown = Reflect.get(first, name);
    return typeof value === "string" && value !== "" ? plainText(value) : undefined;
  };
  return { code: field("code"), message: field("message") };
}

function firstError(text: string): unknown {
  try {
    const document: unknown = JSON.parse(text);
    return (document as { errors?: readonly unknown[] } | null)?.errors?.[0];
  } catch {
    return undefined; // Not JSON: some proxy's page.
  }
}
