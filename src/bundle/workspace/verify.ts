/**
 * Re-hashes a workspace, or what a registry and an object store hold of a bundle.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { type Digest, digestStream } from "../../core/digest.ts";
import { IntegrityError } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { streamOf, verified } from "../../core/streams.ts";
import { compareText, quote } from "../../core/text.ts";
import type { ObjectStore } from "../../objects/object_store.ts";
import type { Bundle, BundleEntry, ExternalEntry, RegistryEntry } from "../documents/bundle.ts";
import { knownSize } from "./plan.ts";
import { isMissing } from "../resolve/missing_part.ts";
import type { Pointer } from "../documents/pointer.ts";
import { BundleBlobs } from "./blobs.ts";
import { isTransient, pointerPath } from "./layout.ts";
import { isReserved, workspacePath } from "./path.ts";
import { readPointers, type WorkspacePointers } from "./pointers.ts";
import { WorkspaceSurvey } from "./survey.ts";
import { listTree } from "./tree.ts";

/** What was found of a file; `pointer` means that its bytes are elsewhere and were not looked at. */
export type VerifiedState = "ok" | "pointer" | "missing" | "modified";

/** A file that was verified. */
export interface VerifiedFile {
  /** Normalised path. */
  readonly path: string;
  /** What was found. */
  readonly state: VerifiedState;
  /** Bytes that were read and hashed. */
  readonly bytes: number;
  /** What is wrong, as a clause. */
  readonly reason?: string;
  /** Digest it must have, where content is what differs. */
  readonly expected?: Digest;
  /** Digest it has, where content is what differs. */
  readonly actual?: Digest;
}

/** What a verification found. */
export interface VerifyReport {
  /** Whether nothing is missing or modified. */
  readonly ok: boolean;
  /** The files in the order of code points. */
  readonly files: readonly VerifiedFile[];
  /** Paths that are missing. */
  readonly missing: readonly string[];
  /** Paths whose content or pointer is another than it must be. */
  readonly modified: readonly string[];
  /** Files of a workspace that are not the bundle's; they are no fault. */
  readonly extra: readonly string[];
  /** Bytes that were read and hashed. */
  readonly bytes: number;
}

/** What to compare a workspace with. */
export interface VerifyWorkspaceOptions extends OperationOptions {
  /** The workspace. */
  readonly root: string;
  /** The files that must be there; only pointers are verified when absent. */
  readonly entries?: Iterable<BundleEntry> | AsyncIterable<BundleEntry>;
  /** Files read at once; 5 when absent. */
  readonly concurrency?: number;
}

/**
 * Re-hashes a workspace against the entries of its bundle, or against its pointers alone. An external
 * file that was not fetched is no fault.
 * @throws {NotFoundError} when there is no such folder.
 */
export async function verifyWorkspace(options: VerifyWorkspaceOptions): Promise<VerifyReport> {
  const { root } = options;
  const common = operationOptions(options);
  const tree = (await listTree(root, common)).filter(({ path }) => !isTransient(path));
  const pointers = await readPointers(root, tree, common);
  const entries = options.entries
    ? await Array.fromAsync(options.entries)
    : [...pointers.pointers.values()].map(pointedEntry);
  const verifier = new WorkspaceVerifier(new WorkspaceSurvey(root), pointers, common);
  const files = await mapConcurrent(entries, (entry) => verifier.verify(entry), options);
  const broken = options.entries ? [] : pointers.malformed.map(({ path, reason }) => (
    { path, reason, state: "modified", bytes: 0 } as const
  ));
  const known = new Set(entries.map(({ path }) => path));
  const extra = tree.filter(({ path, kind }) =>
    options.entries && kind !== "folder" && !known.has(path) && !isReserved(path)
  );
  return reportOf([...files, ...broken], extra.map(({ path }) => path));
}

/** What to verify of a bundle. */
export interface VerifyBundleOptions extends OperationOptions {
  /** The bundle. */
  readonly bundle: Bundle;
  /** The entries to verify. */
  readonly entries: Iterable<BundleEntry> | AsyncIterable<BundleEntry>;
  /** Opens the store of external files; they are not looked at when absent. */
  readonly objects?: () => ObjectStore | Promise<ObjectStore>;
  /** Whether external files are read and hashed too, and not only asked for. */
  readonly readExternal?: boolean;
  /** Whether external files are read and hashed whose SHA-256 their store has not recorded. */
  readonly readUnrecorded?: boolean;
  /** Contents read at once; 5 when absent. */
  readonly concurrency?: number;
}

/** Reads and hashes the content of a bundle where it is stored. Nothing is written. */
export async function verifyBundle(options: VerifyBundleOptions): Promise<VerifyReport> {
  const entries = await Array.fromAsync(options.entries);
  const common = operationOptions(options);
  const blobs = new BundleBlobs(options.bundle.store, undefined, common);
  const objects = entries.some(({ kind }) => kind === "external")
    ? await options.objects?.()
    : undefined;
  const files = await mapConcurrent(entries, (entry) => {
    if (entry.kind === "registry") return verifyBlob(blobs, entry, common);
    return objects ? verifyObject(objects, entry, options) : pointerOnly(entry.path);
  }, options);
  return reportOf(files, []);
}

class WorkspaceVerifier {
  readonly #survey: WorkspaceSurvey;
  readonly #pointers: WorkspacePointers;
  readonly #options: OperationOptions;

  constructor(survey: WorkspaceSurvey, pointers: WorkspacePointers, options: OperationOptions) {
    this.#survey = survey;
    this.#pointers = pointers;
    this.#options = options;
  }

  async verify(entry: BundleEntry): Promise<VerifiedFile> {
    const path = workspacePath(entry.path, "verify");
    if (entry.kind === "registry") {
      return await this.#file(path, entry.blob.digest, knownSize(entry.blob)) ??
        { path, state: "missing", bytes: 0 };
    }
    const pointer = this.#pointers.pointers.get(pointerPath(path));
    const fault = pointerFault(entry, pointer);
    if (!pointer || fault) return fault ?? { path, state: "missing", bytes: 0 };
    const file = await this.#file(path, `sha256:${entry.sha256}`, entry.size);
    if (file) return file;
    if (!pointer.fulfilled) return await pointerOnly(path);
    return { path, state: "missing", bytes: 0, reason: "its pointer says that it is here" };
  }

  /** Compares what is in a place; `undefined` when nothing is. */
  async #file(
    path: string,
    expected: Digest,
    size: number | undefined,
  ): Promise<VerifiedFile | undefined> {
    const place = await this.#survey.look(path);
    if (place.kind === "missing") return undefined;
    if (place.kind !== "file") {
      const found = place.kind === "blocked"
        ? "a folder above it is none"
        : `it is a ${place.kind}`;
      return { path, state: "modified", bytes: 0, reason: found, expected };
    }
    const actual = await this.#survey.digest(path, this.#options);
    const bytes = place.size;
    if (actual === expected) return { path, state: "ok", bytes };
    const reason = size !== undefined && size !== place.size
      ? `got ${place.size} bytes, want ${size}`
      : "its content has another digest";
    return { path, state: "modified", bytes, reason, expected, actual };
  }
}

function pointedEntry({ path, layer, uri, sha256, size, tier }: Pointer): ExternalEntry {
  return { kind: "external", path, layer, uri, sha256, size, tier };
}

/** What is wrong with the pointer of an entry. */
function pointerFault(
  { path, uri, sha256, size }: ExternalEntry,
  pointer: Pointer | undefined,
): VerifiedFile | undefined {
  if (!pointer) return { path, state: "missing", bytes: 0, reason: "it has no readable pointer" };
  if (pointer.uri === uri && pointer.sha256 === sha256 && pointer.size === size) return undefined;
  return { path, state: "modified", bytes: 0, reason: "its pointer is of another content" };
}

function pointerOnly(path: string): Promise<VerifiedFile> {
  return Promise.resolve({ path, state: "pointer", bytes: 0 });
}

async function verifyBlob(
  blobs: BundleBlobs,
  { path, blob }: RegistryEntry,
  options: OperationOptions,
): Promise<VerifiedFile> {
  return await outcome(path, async () => {
    const sized = await blobs.sized(blob, path);
    return (await digestStream(await blobs.openDirectly(sized, path), options)).size;
  });
}

async function verifyObject(
  objects: ObjectStore,
  { path, uri, sha256, size }: ExternalEntry,
  options: VerifyBundleOptions,
): Promise<VerifiedFile> {
  const common = operationOptions(options);
  return await outcome(path, async () => {
    const facts = await objects.stat(uri, common);
    const differs = facts.size !== size || (facts.sha256 ?? sha256) !== sha256;
    if (differs) {
      throw new IntegrityError(
        `Cannot verify ${quote(path)}: got ${facts.size} bytes` +
          `${facts.sha256 ? ` of sha256:${facts.sha256}` : ""}, want ${size} of sha256:${sha256}`,
        { path, expected: `sha256:${sha256}`, actual: facts.sha256 ?? facts.size },
      );
    }
    const unrecorded = facts.sha256 === undefined && options.readUnrecorded;
    if (!options.readExternal && !unrecorded) return 0;
    const expected = { digest: `sha256:${sha256}` as const, size };
    const stream = await objects.open(uri, { ...common, etag: facts.etag });
    return (await digestStream(streamOf(verified(stream, expected, uri)), common)).size;
  });
}

/** Turns the errors that speak of the content into findings; others end the verification. */
async function outcome(path: string, read: () => Promise<number>): Promise<VerifiedFile> {
  try {
    return { path, state: "ok", bytes: await read() };
  } catch (error) {
    if (isMissing(error)) return { path, state: "missing", bytes: 0, reason: error.message };
    if (!(error instanceof IntegrityError)) throw error;
    return { path, state: "modified", bytes: 0, reason: error.message };
  }
}

function reportOf(found: readonly VerifiedFile[], extra: readonly string[]): VerifyReport {
  const files = found.toSorted((a, b) => compareText(a.path, b.path));
  const paths = (wanted: VerifiedState) =>
    files.filter(({ state }) => state === wanted).map(({ path }) => path);
  const [missing, modified] = [paths("missing"), paths("modified")];
  return {
    ok: missing.length + modified.length === 0,
    files,
    missing,
    modified,
    extra,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
