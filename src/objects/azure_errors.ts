/**
 * Failures of Azure Blob Storage in this program's terms.
 *
 * The SDK's errors hold the request with its signature and its credentials, so they are neither
 * shown nor kept as a cause.
 * @module
 */
import {
  AccessDeniedError,
  type ErrorFacts,
  IntegrityError,
  InvalidInputError,
  ModelOpsError,
  NotFoundError,
  TransferError,
} from "../core/errors.ts";
import { quoteUri } from "./object_uri.ts";
import { isRetriedStatus, parseRetryAfter, TransientError } from "../core/retry.ts";
import { knownFault } from "../http/faults.ts";

/** What is done with which object. */
export interface AzureAction {
  /** The verb of the message. */
  readonly action: "read" | "write";
  /** The address of the object. */
  readonly uri: string;
  readonly signal?: AbortSignal;
}

/** What the service says of a body with another digest than was sent along: it can come whole. */
const DAMAGED = "Md5Mismatch";

/** What an SDK's error for an answer of the service has. */
interface ServiceError extends Error {
  readonly statusCode: number;
  readonly code?: string;
  readonly response?: { readonly headers: { get(name: string): string | undefined } } | undefined;
}

/** Turns what a call of the SDK threw into a transient or a lasting error. */
export function explainAzure(error: unknown, { action, uri, signal }: AzureAction): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof ModelOpsError || error instanceof TransientError) return error;
  const cannot = `Cannot ${action} ${quoteUri(uri)}`;
  if (isCredentialError(error)) {
    const reason = "Microsoft Entra ID gave no login for the storage account";
    return new AccessDeniedError(`${cannot}: ${reason}`, { setting: "azureIdentity" });
  }
  if (!isServiceError(error)) return networkError(error, cannot);
  const { statusCode: status } = error;
  const code = codeOf(error);
  const retryAfter = parseRetryAfter(error.response?.headers.get("retry-after"));
  if (isRetriedStatus(status) || code === DAMAGED) {
    return new TransientError(found(status, code), { retryAfter });
  }
  const row = EXPLANATIONS.find(([match]) => match === status || match === code);
  const facts = { status, code };
  if (row === undefined) return new TransferError(`${cannot}: ${found(status, code)}`, facts);
  const [, Kind, reason, advice] = row;
  return new Kind(`${cannot}: ${reason} (${found(status, code)})`, { ...facts, ...advice });
}

/** Turns a transient error that has not passed into the one that ends the work; others pass. */
export function giveUp(error: unknown, { action, uri, signal }: AzureAction): unknown {
  if (signal?.aborted) return signal.reason;
  if (!(error instanceof TransientError)) return error;
  return new TransferError(`Cannot ${action} ${quoteUri(uri)}: ${error.message}`);
}

type Row = readonly [
  match: number | string,
  kind: new (message: string, facts: ErrorFacts) => ModelOpsError,
  reason: string,
  advice?: Pick<ErrorFacts, "remedy" | "setting">,
];

/** Answers of the service, codes before the statuses they come with. */
const EXPLANATIONS: readonly Row[] = [
  [
    "ContainerNotFound",
    NotFoundError,
    "the container does not exist",
    { remedy: "check its name, or create the container in the storage account before you push" },
  ],
  [
    "ResourceNotFound",
    NotFoundError,
    "the endpoint has no such account or container",
    { setting: "azureEndpoint" },
  ],
  ["PARSE_ERROR", TransferError, "its answer is no document of the service"],
  [404, NotFoundError, "there is no such object"],
  [
    401,
    AccessDeniedError,
    "the storage account refused the credentials",
    { setting: "azureLogin" },
  ],
  [
    403,
    AccessDeniedError,
    "the storage account refused the credentials or the permission",
    { setting: "azurePermission" },
  ],
  [412, IntegrityError, "it was changed meanwhile", { remedy: "run the command again" }],
  [416, InvalidInputError, "the range is not within the object"],
  [
    "BlobArchived",
    TransferError,
    "it is in the archive tier and cannot be read there",
    { remedy: "rehydrate it to the hot or cool tier, which takes hours, and try again then" },
  ],
  [
    "BlobBeingRehydrated",
    TransferError,
    "it is on its way out of the archive tier",
    { remedy: "try again when the rehydration is done, which takes hours" },
  ],
];

/** The status of an answer that the SDK threw an error for. */
export function statusOf(error: unknown): number | undefined {
  return isServiceError(error) ? error.statusCode : undefined;
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number";
}

/** Whether the login itself failed, before there was any request to the store. */
function isCredentialError(error: unknown): boolean {
  return error instanceof Error &&
    /Credential|Authentication/.test(`${error.name} ${error.constructor.name}`);
}

/** The service's own code, such as `BlobNotFound`; an answer to HEAD has it in a header only. */
function codeOf(error: ServiceError): string | undefined {
  const code = error.response?.headers.get("x-ms-error-code") ?? error.code;
  return code !== undefined && /^\w{1,80}$/.test(code) ? code : undefined;
}

function found(status: number, code: string | undefined): string {
  return code === undefined ? `status ${status}` : `status ${status}, ${code}`;
}

/** Words that are not known are not shown, since they may quote the signed URL. */
function networkError(error: unknown, cannot: string): Error {
  if (error instanceof RangeError && error.message.includes("valid content length")) {
    return new TransientError("the answer does not say how long it is");
  }
  const { kind, reason, remedy } = knownFault(error) ??
    { kind: "lost", reason: "the connection was lost" };
  if (kind === "lost" || kind === "unreachable") return new TransientError(reason);
  return new TransferError(`${cannot}: ${reason}`, { remedy });
}
