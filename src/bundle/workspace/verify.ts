/**
 * Re-hashes the files of a workspace.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { type BundleEntry, type ExternalEntry, knownSize } from "../documents/bundle.ts";
import type { Pointer } from "../documents/pointer.ts";
import { isPointerPath, isTransient, pointerPath } from "./layout.ts";
import { isReserved, workspacePath } from "./path.ts";
import { type PointerFiles, readPointers } from "./pointers.ts";
import type { WantedFile } from "../../archive/places/verdicts.ts";
import { executableFault, Survey } from "../../archive/places/survey.ts";
import { listTree } from "./tree.ts";
import { pointerOnly, reportOf, type VerifiedFile, type VerifyReport } from "./verify_report.ts";

/** What to compare a workspace with. */
export interface VerifyWorkspaceOptions extends OperationOptions {
  readonly root: string;
  /** The files that must be there; only pointers are verified when absent. */
  readonly entries?: Iterable<BundleEntry> | AsyncIterable<BundleEntry>;
}

/**
 * Re-hashes a workspace against the entries of its bundle, or against its pointers alone. A file is
 * modified when its content is another, or when the bundle says whether its owner may execute it
 * and that differs. An external file that was not fetched is no fault.
 * @throws {NotFoundError} when there is no such folder.
 */
export async function verifyWorkspace(options: VerifyWorkspaceOptions): Promise<VerifyReport> {
  const { root } = options;
  const common = operationOptions(options);
  const tree = (await listTree(root, common)).filter(({ path }) => !isTransient(path));
  const { pointers, malformed } = await readPointers(root, tree, common);
  const there = new Set(tree.map(({ path }) => path));
  const entries = options.entries
    ? await Array.fromAsync(options.entries, (entry) => inFormOf(there, entry))
    : Array.from(pointers.values(), (pointer): BundleEntry => ({ ...pointer, kind: "external" }));
  const surveyed = { survey: new Survey(root), pointers };
  const files = await mapConcurrent(
    entries,
    (entry) => verifyEntry(entry, surveyed, common),
    options,
  );
  const broken = options.entries ? [] : malformed.map(({ path, reason }) => (
    { path, reason, state: "modified", bytes: 0 } as const
  ));
  const known = new Set(
    entries.flatMap(({ path, kind }) => kind === "external" ? [path, pointerPath(path)] : [path]),
  );
  const extra = tree.filter(({ path, kind }) =>
    options.entries && kind !== "folder" && !known.has(path) &&
    (isPointerPath(path) || !isReserved(path))
  );
  return reportOf([...files, ...broken], extra.map(({ path }) => path));
}

/** Where files and pointers are looked at. */
interface Surveyed {
  readonly survey: Survey;
  readonly pointers: PointerFiles["pointers"];
}

async function verifyEntry(
  entry: BundleEntry,
  { survey, pointers }: Surveyed,
  options: OperationOptions,
): Promise<VerifiedFile> {
  const path = workspacePath(entry.path, "verify");
  const missing = { path, state: "missing", bytes: 0 } as const;
  const { mode } = entry;
  if (entry.kind === "registry") {
    const wanted = { path, digest: entry.blob.digest, size: knownSize(entry.blob), mode };
    return await verifyFile(survey, wanted, options) ?? missing;
  }
  const pointer = pointers.get(pointerPath(path));
  if (!pointer) return { ...missing, reason: "it has no readable pointer" };
  if (!sameObject(pointer, entry)) {
    return { path, state: "modified", bytes: 0, reason: "its pointer is of another content" };
  }
  const wanted = { path, digest: `sha256:${entry.sha256}`, size: entry.size, mode } as const;
  const file = await verifyFile(survey, wanted, options);
  if (file) return file;
  if (!pointer.fulfilled) return pointerOnly(path);
  return { ...missing, reason: "its pointer says that it is here" };
}

function sameObject(a: Pointer, b: ExternalEntry): boolean {
  return a.uri === b.uri && a.sha256 === b.sha256 && a.size === b.size;
}

/** Compares what is in a place; `undefined` when nothing is. */
async function verifyFile(
  survey: Survey,
  { path, digest: expected, size, mode }: WantedFile & Pick<BundleEntry, "mode">,
  options: OperationOptions,
): Promise<VerifiedFile | undefined> {
  const place = await survey.look(path);
  if (place.kind === "missing") return undefined;
  if (place.kind !== "file") {
    const reason = place.kind === "blocked" ? "a folder above it is none" : `it is a ${place.kind}`;
    return { path, state: "modified", bytes: 0, reason, expected };
  }
  const actual = await survey.digest(path, options);
  const bytes = place.size;
  if (actual === expected) {
    const reason = executableFault(mode, place);
    return reason === undefined
      ? { path, state: "ok", bytes }
      : { path, state: "modified", bytes, reason };
  }
  const reason = size !== undefined && size !== bytes
    ? `got ${bytes} bytes, want ${size}`
    : "its content has another digest";
  return { path, state: "modified", bytes, reason, expected, actual };
}

/** An entry by the name that its file has here: those that an archive brought are composed. */
function inFormOf(there: ReadonlySet<string>, entry: BundleEntry): BundleEntry {
  const path = entry.path.normalize("NFC");
  if (path === entry.path || there.has(entry.path)) return entry;
  return there.has(path) || there.has(pointerPath(path)) ? { ...entry, path } : entry;
}
