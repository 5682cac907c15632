/**
 * Re-hashes the files of a workspace.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import type { Digest } from "../../core/digest.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { type BundleEntry, type ExternalEntry, knownSize } from "../documents/bundle.ts";
import type { Pointer } from "../documents/pointer.ts";
import { isTransient, pointerPath } from "./layout.ts";
import { isReserved, workspacePath } from "./path.ts";
import { type PointerFiles, readPointers } from "./pointers.ts";
import { Survey } from "./survey.ts";
import { listTree } from "./tree.ts";
import { pointerOnly, reportOf, type VerifiedFile, type VerifyReport } from "./verify_report.ts";

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
 * Re-hashes a workspace against the entries of its bundle, or against its pointers alone. An
 * external file that was not fetched is no fault.
 * @throws {NotFoundError} when there is no such folder.
 */
export async function verifyWorkspace(options: VerifyWorkspaceOptions): Promise<VerifyReport> {
  const { root } = options;
  const common = operationOptions(options);
  const tree = (await listTree(root, common)).filter(({ path }) => !isTransient(path));
  const pointers = await readPointers(root, tree, common);
  const entries = options.entries
    ? await Array.fromAsync(options.entries)
    : Array.from(pointers.pointers.values(), (pointer): BundleEntry => (
      { ...pointer, kind: "external" }
    ));
  const verifier = new WorkspaceVerifier(new Survey(root), pointers, common);
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

class WorkspaceVerifier {
  readonly #survey: Survey;
  readonly #pointers: PointerFiles;
  readonly #options: OperationOptions;

  constructor(survey: Survey, pointers: PointerFiles, options: OperationOptions) {
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
    if (!pointer.fulfilled) return pointerOnly(path);
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

/** What is wrong with the pointer of an entry. */
function pointerFault(
  { path, uri, sha256, size }: ExternalEntry,
  pointer: Pointer | undefined,
): VerifiedFile | undefined {
  if (!pointer) return { path, state: "missing", bytes: 0, reason: "it has no readable pointer" };
  if (pointer.uri === uri && pointer.sha256 === sha256 && pointer.size === size) return undefined;
  return { path, state: "modified", bytes: 0, reason: "its pointer is of another content" };
}
