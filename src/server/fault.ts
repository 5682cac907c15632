/**
 * Answers that refuse: error codes, their statuses, and the document that carries them.
 *
 * Only what the server itself says leaves it. The message of a store's error may hold a path of
 * this machine, so such an error is logged and answered by its kind alone. See
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 * @module
 */
import { jsonResponse } from "./documents.ts";
import { type ErrorKind, firstFailure, isAbort, ModelOpsError } from "../core/errors.ts";
import { systemCode } from "../core/file_errors.ts";

interface CodeRow {
  readonly status: number;
  readonly message: string;
}

/** The codes of the specification, and two of the Distribution registry's that it lacks. */
const CODES = {
  BLOB_UNKNOWN: { status: 404, message: "The repository does not have this blob" },
  BLOB_UPLOAD_INVALID: { status: 400, message: "The upload cannot go on like this" },
  BLOB_UPLOAD_UNKNOWN: { status: 404, message: "The repository does not have this upload" },
  DENIED: { status: 403, message: "Access is refused" },
  DIGEST_INVALID: { status: 400, message: "The digest is malformed or not that of the content" },
  MANIFEST_BLOB_UNKNOWN: { status: 400, message: "The manifest needs content that is not here" },
  MANIFEST_INVALID: { status: 400, message: "The manifest cannot be used" },
  MANIFEST_UNKNOWN: { status: 404, message: "The repository does not have this manifest" },
  NAME_INVALID: { status: 400, message: "The repository name is malformed" },
  NAME_UNKNOWN: { status: 404, message: "There is no such repository" },
  PAGINATION_NUMBER_INVALID: { status: 400, message: "The page size is not a whole number" },
  SIZE_INVALID: { status: 400, message: "The length of the content is not the promised one" },
  TOOMANYREQUESTS: { status: 429, message: "Too many requests are waiting" },
  UNAUTHORIZED: { status: 401, message: "A user name and password are needed" },
  UNKNOWN: { status: 500, message: "The registry failed" },
  UNSUPPORTED: { status: 405, message: "The operation is not supported" },
} as const satisfies Record<string, CodeRow>;

/** A code of an error document. */
export type ErrorCode = keyof typeof CODES;

/** What a fault says beyond its code. */
export interface FaultOptions {
  /** HTTP status; the usual one of the code when absent. */
  readonly status?: number;
  /** For people; the code's usual one when absent. It must not have facts about this machine. */
  readonly message?: string;
  /** One error of the document for each; a single one without detail when absent. */
  readonly details?: readonly unknown[];
  /** More headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The lower error, for the log only. */
  readonly cause?: unknown;
}

/** Thrown to answer a request with an error document; it never leaves the server. */
export class RegistryFault extends Error {
  /** The code of the document. */
  readonly code: ErrorCode;
  /** HTTP status of the answer. */
  readonly status: number;
  /** Details of the document's errors, one each. */
  readonly details: readonly unknown[];
  /** More headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /** Makes the fault for a code. */
  constructor(code: ErrorCode, options: FaultOptions = {}) {
    super(
      options.message ?? CODES[code].message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = "RegistryFault";
    this.code = code;
    this.status = options.status ?? CODES[code].status;
    this.details = options.details ?? [undefined];
    this.headers = options.headers ?? {};
  }
}

/** The answer of a fault: its status, its headers and `{"errors": [{code, message, detail}]}`. */
export function faultResponse(fault: RegistryFault): Response {
  const { code, message } = fault;
  const errors = fault.details.map((detail) => ({ code, message, detail }));
  return jsonResponse({ errors }, { status: fault.status, headers: fault.headers });
}

/** How errors of the store are answered; the kinds that are not here are faults of the server. */
const KINDS: Partial<Record<ErrorKind, readonly [ErrorCode, FaultOptions]>> = {
  "conflict": ["UNKNOWN", {
    status: 409,
    message: "Another operation is using this content",
    headers: { "retry-after": "1" },
  }],
  "denied": ["DENIED", {}],
  "integrity": ["UNKNOWN", { message: "The stored content is damaged" }],
  "unsupported": ["UNSUPPORTED", { status: 400 }],
};

/** What a disk refuses to keep, and why. */
const UNSTORABLE: readonly (readonly [codes: readonly string[], message: string])[] = [
  [["ENOSPC", "EDQUOT"], "The registry has no space left"],
  [["EFBIG"], "The registry may not write files of that size"],
  [["EROFS"], "The registry's disk is read-only"],
  [["EACCES", "EPERM"], "The registry lacks permissions on its disk"],
];

/**
 * The fault that answers any error. `unknown` is the code for content that the store does not have;
 * `signal` is the one that stops the server.
 */
export function faultOf(
  thrown: unknown,
  options: { readonly unknown: ErrorCode; readonly signal?: AbortSignal },
): RegistryFault {
  const error = firstFailure(thrown);
  if (error instanceof RegistryFault) return error;
  if (isAbort(error, options.signal)) {
    return new RegistryFault("UNKNOWN", { status: 503, message: "The registry is stopping" });
  }
  for (const [codes, message] of UNSTORABLE) {
    // Any 5xx but this one would be tried again.
    if (hasCode(error, codes)) {
      return new RegistryFault("UNKNOWN", { status: 507, message, cause: error });
    }
  }
  if (hasCode(error, ["EMFILE", "ENFILE"])) {
    return new RegistryFault("TOOMANYREQUESTS", {
      status: 503,
      message: "The registry has too many files open",
      headers: { "retry-after": "1" },
      cause: error,
    });
  }
  if (!(error instanceof ModelOpsError)) return new RegistryFault("UNKNOWN", { cause: error });
  if (error.kind === "not-found") return new RegistryFault(options.unknown, { cause: error });
  const [code, rest] = KINDS[error.kind] ?? ["UNKNOWN", {}];
  return new RegistryFault(code, { ...rest, cause: error });
}

/** Whether the disk refuses to keep anything more, which does not keep it from being read. */
export function isUnstorable(error: unknown): boolean {
  return UNSTORABLE.some(([codes]) => hasCode(error, codes));
}

/** Whether an error, or one that caused it, has one of these codes of the system. */
function hasCode(error: unknown, codes: readonly string[]): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (codes.includes(systemCode(at) ?? "")) return true;
  }
  return false;
}
