/**
 * The errors of the whole product: one class a kind, facts as fields.
 *
 * The library throws; it never decides exit codes, hints or colours. Those are chosen once, in the
 * command line, from the `kind` and the facts an error carries.
 * @module
 */

/** What went wrong, in terms of what a caller can do about it. */
export type ErrorKind =
  | "not-found"
  | "invalid"
  | "transfer"
  | "denied"
  | "integrity"
  | "unsupported"
  | "role-mismatch"
  | "conflict";

/** One of several problems found in a document; `line` counts from 1. */
export interface Problem {
  /** Line in the document, counted from 1; absent when the problem belongs to no line. */
  readonly line?: number;
  /** What is wrong, in one clause. */
  readonly message: string;
  /** What to write instead, when it is known. */
  readonly suggestion?: string;
}

/** Facts that a renderer may turn into a hint; every one is optional and free of secrets. */
export interface ErrorFacts {
  /** The reference that was acted on, as the user wrote it. */
  readonly reference?: string;
  /** Whether it was looked for in the local store, and nowhere else. */
  readonly isLocal?: boolean;
  /** Host (and port) of the registry that was asked. */
  readonly registry?: string;
  /** Path of the file or folder that was acted on. */
  readonly path?: string;
  /** Whether there was no connection with `registry` at all. */
  readonly unanswered?: boolean;
  /** HTTP status of the answer that caused this. */
  readonly status?: number;
  /** Code of the registry's error document, such as `MANIFEST_UNKNOWN`. */
  readonly code?: string;
  /** The value that was wanted: a digest, a size, a media type. */
  readonly expected?: string | number;
  /** The value that was found. */
  readonly actual?: string | number;
  /** All the problems of a document, in line order. */
  readonly problems?: readonly Problem[];
  /** What was found, as a clause, for who knows better than the thrower what was read. */
  readonly found?: string;
  /** The words that were possible where `actual` is none of them. */
  readonly choices?: readonly string[];
  /** Known words near the one that was not understood. */
  readonly suggestions?: readonly string[];
  /** A remedy in the user's terms, where the thrower knows one that no other fact implies. */
  readonly remedy?: string;
  /** The setting that decides, where one does; who reads settings knows how it is given. */
  readonly setting?: SettingFact;
}

/** Settings that errors point to: those of bundles and object stores, of hubs, and of releases. */
export type SettingFact =
  | "azureAccount"
  | "azureConnectionString"
  | "azureCredential"
  | "azureEndpoint"
  | "azureIdentity"
  | "azureLogin"
  | "azureOneLogin"
  | "azurePermission"
  | "azureSas"
  | "hubAddress"
  | "hubLogin"
  | "huggingfaceLogin"
  | "mlflowAddress"
  | "mlflowLogin"
  | "modelscopeLogin"
  | "objectStore"
  | "provider"
  | "publishedRepository"
  | "releases"
  | "repository"
  | "usedRepository";

/** Options of every error of ours: the facts, and the error that caused it. */
export type ErrorOptions = ErrorFacts & {
  /** The lower error this one explains. */
  readonly cause?: unknown;
};

/**
 * The base of every error this library throws on purpose.
 *
 * @example Decide by the kind of an error, and show its facts
 * ```ts
 * import assert from "node:assert/strict";
 * import { ModelOpsError, openModels } from "@modelops/modelops";
 *
 * await using models = await openModels({ storageDir: await Deno.makeTempDir() });
 * const error = await models.inspect("registry.example.com/demo:v1").catch((error) => error);
 * assert.ok(error instanceof ModelOpsError);
 * assert.equal(error.kind, "not-found");
 * assert.equal(error.facts.reference, "registry.example.com/demo:v1");
 * ```
 */
export abstract class ModelOpsError extends Error {
  /** What the caller can do about it. */
  abstract readonly kind: ErrorKind;
  /** The facts the message was made from. */
  readonly facts: ErrorFacts;

  /** Makes an error with a message of the form: action, object, what was found. */
  constructor(message: string, options: ErrorOptions = {}) {
    const { cause, ...facts } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.facts = facts;
  }
}

/** The named thing does not exist. */
export class NotFoundError extends ModelOpsError {
  /** What the caller can do about it. */
  override readonly kind = "not-found";
}

/** The caller's input cannot be used: a malformed value, a wrong file, a broken document. */
export class InvalidInputError extends ModelOpsError {
  /** What the caller can do about it. */
  override readonly kind = "invalid";
}

/** Bytes could not be moved: network, disk or server fault. */
export class TransferError extends ModelOpsError {
  /** What the caller can do about it. */
  override readonly kind = "transfer";
}

/** A server refused the credentials or the permission. */
export class AccessDeniedError extends ModelOpsError {
  /** What the caller can do about it. */
  override readonly kind = "denied";
}

/** Content does not match its digest or size. */
export class IntegrityError extends ModelOpsError {
  /** What the caller can do about it. */
  override readonly kind = "integrity";
}

/** A media type, algorithm or form this program does not know. */
export class UnsupportedError extends ModelOpsError {
  /** What the caller can do about it. */
  override readonly kind = "unsupported";
}

/** The role asked for does not exist in the bundle, or names layers it does not have. */
export class RoleMismatchError extends ModelOpsError {
  /** What the caller can do about it. */
  override readonly kind = "role-mismatch";
}

/** Writing would overwrite or interfere with what is already there. */
export class ConflictError extends ModelOpsError {
  /** What the caller can do about it. */
  override readonly kind = "conflict";
}

/** The result of work; `undefined` when it ends with a {@linkcode NotFoundError}. */
export async function ifFound<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/**
 * What went wrong first: where something that is disposed of fails as well, as on a disk that is
 * full, the runtime throws an error of both. Node 20 has no class for it, so its members tell.
 */
export function firstFailure(error: unknown): unknown {
  let first = error;
  while (first instanceof Error && "error" in first && "suppressed" in first) {
    first = first.suppressed;
  }
  return first;
}

/** Whether an error means that the operation was stopped by its signal. */
export function isAbort(error: unknown, signal?: AbortSignal): boolean {
  if (signal?.aborted && error === signal.reason) return true;
  return error instanceof DOMException && error.name === "AbortError";
}
