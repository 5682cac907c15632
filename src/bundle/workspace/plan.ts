/**
 * What a materialization will do, found out before the first byte is written.
 * @module
 */
import { digestBytes } from "../../core/digest.ts";
import { diskOf } from "../../core/folders/room.ts";
import { compareText, quote } from "../../core/text.ts";
import { type BundleEntry, type ExternalEntry, knownSize } from "../documents/bundle.ts";
import { pathFilter, type PathFilterOptions } from "./path_filter.ts";
import { Survey } from "../../archive/places/survey.ts";
import {
  type FileVerdict,
  planFiles,
  type PlanFilesOptions,
  type WantedFile,
} from "../../archive/places/verdicts.ts";
import { encodePointer } from "../documents/pointer.ts";
import { collectConflicts, conflictsAmong, type WorkspaceConflict } from "./conflict.ts";
import { pointerPath } from "./layout.ts";
import { type NameOptions, refuseUnfitNames, workspacePath } from "./path.ts";

/** What happens to a file; `pointer` means that only its pointer file is written. */
export type FileAction = "create" | "keep" | "replace" | "conflict" | "pointer";

/** A file of a plan. */
export interface PlannedFile {
  /** Normalised path in the workspace. */
  readonly path: string;
  /** What happens to it. */
  readonly action: FileAction;
  /** Its entry in the bundle, with the normalised path. */
  readonly entry: BundleEntry;
  /** What is in its place now, and what is wrong with that. */
  readonly verdict: FileVerdict;
  /** Size of the content in bytes; 0 where the bundle does not say. */
  readonly size: number;
  /** Bytes of content that have to be moved. */
  readonly bytes: number;
  /** The pointer file as it has to be when nothing more is fetched; external entries only. */
  readonly pointer?: PlannedPointer;
}

/** A pointer file of a plan. */
export interface PlannedPointer {
  /** Path of the pointer file. */
  readonly path: string;
  /** Whether the bytes are in the workspace already. */
  readonly fulfilled: boolean;
  /** Whether the file has to be written. */
  readonly write: boolean;
}

/** How to plan. */
export interface PlanMaterializeOptions extends PathFilterOptions, PlanFilesOptions, NameOptions {
  /** Whether external files are fetched, and not only pointed to. */
  readonly prefetchExternal?: boolean;
}

/** A plan, with all the reasons why it may not be carried out. */
export interface MaterializePlan {
  /** The folder that was looked at. */
  readonly dest: string;
  /** The files in the order of code points. */
  readonly files: readonly PlannedFile[];
  /** Everything that is in the way; when there is something, nothing may be written. */
  readonly conflicts: readonly WorkspaceConflict[];
  /** Bytes of content that have to be moved. */
  readonly bytesToMove: number;
  /** Bytes that may still be written to the disk; absent where the system does not say. */
  readonly diskFree?: number;
}

/**
 * Plans to write entries into a folder, which need not exist. Nothing is changed.
 * @throws {InvalidInputError} when a path or a pattern is malformed, or names are not for the
 * system.
 */
export async function planMaterialize(
  entries: readonly BundleEntry[],
  dest: string,
  options: PlanMaterializeOptions = {},
): Promise<MaterializePlan> {
  const { unique, duplicates } = distinct(chosen(entries, options));
  refuseUnfitNames(unique.map(({ path }) => path), {
    ...options,
    action: "materialize",
    what: dest,
  });
  const survey = new Survey(dest);
  const verdicts = await planFiles(survey, unique.map(wanted), options);
  const files: PlannedFile[] = [];
  const pointers: (WorkspaceConflict | undefined)[] = [];
  for (const [index, entry] of unique.entries()) {
    const verdict = verdicts[index]!;
    if (entry.kind === "registry") {
      const bytes = moves(verdict) ? entry.blob.size : 0;
      const { path, blob: { size } } = entry;
      files.push({ path, action: verdict.action, entry, verdict, size, bytes });
    } else {
      const { file, conflict } = await planExternal(survey, entry, verdict, options);
      files.push(file);
      pointers.push(conflict);
    }
  }
  const paths = files.flatMap(({ path, pointer }) => pointer ? [path, pointer.path] : [path]);
  return {
    dest,
    files,
    conflicts: collectConflicts(
      duplicates,
      conflictsAmong(paths, options),
      files.map(({ action, verdict }) => action === "conflict" ? verdict.conflict : undefined),
      pointers,
    ),
    bytesToMove: files.reduce((sum, { bytes }) => sum + bytes, 0),
    diskFree: diskOf(dest).free,
  };
}

/** The entries that pass the filters, with normalised paths, in the order of code points. */
function chosen(entries: readonly BundleEntry[], options: PlanMaterializeOptions): BundleEntry[] {
  const matches = pathFilter(options);
  const all = entries.map((entry) => {
    const path = workspacePath(entry.path);
    return path === entry.path ? entry : { ...entry, path };
  });
  // Whoever mistypes a pattern would take a workspace without those files for a whole one.
  for (const pattern of options.include ?? []) {
    const isWanted = pathFilter({ include: [pattern] });
    if (all.some(({ path }) => isWanted(path))) continue;
    options.log?.("warning", `No file of the chosen layers matches ${quote(pattern, 200)}`);
  }
  return all.filter(({ path }) => matches(path)).sort((a, b) => compareText(a.path, b.path));
}

/** Splits off entries whose path another entry has. */
function distinct(
  entries: readonly BundleEntry[],
): { unique: BundleEntry[]; duplicates: WorkspaceConflict[] } {
  const byPath = new Map<string, BundleEntry>();
  const duplicates: WorkspaceConflict[] = [];
  for (const entry of entries) {
    const first = byPath.get(entry.path);
    if (!first) byPath.set(entry.path, entry);
    else {
      const layers = [first.layer, entry.layer].map((layer) => quote(layer)).join(" and ");
      const reason = `the bundle has it twice, in layers ${layers}`;
      duplicates.push({ path: entry.path, reason, replaceable: false });
    }
  }
  return { unique: [...byPath.values()], duplicates };
}

function wanted(entry: BundleEntry): WantedFile {
  const { path } = entry;
  if (entry.kind === "external") {
    return { path, digest: `sha256:${entry.sha256}`, size: entry.size };
  }
  return { path, digest: entry.blob.digest, size: knownSize(entry.blob) };
}

function moves({ action }: FileVerdict): boolean {
  return action === "create" || action === "replace";
}

async function planExternal(
  survey: Survey,
  entry: ExternalEntry,
  verdict: FileVerdict,
  options: PlanMaterializeOptions,
): Promise<{ file: PlannedFile; conflict?: WorkspaceConflict }> {
  // A file with the right content fulfils the pointer, whatever put it there.
  const fulfilled = verdict.action === "keep";
  const { path, size } = entry;
  const { pointer, conflict } = await planPointer(survey, entry, fulfilled, options);
  const fetched = options.prefetchExternal === true;
  const idle = pointer.write ? "pointer" : "keep";
  const action = fetched && !fulfilled ? verdict.action : idle;
  const bytes = fetched && moves(verdict) ? size : 0;
  return { file: { path, action, entry, verdict, size, bytes, pointer }, conflict };
}

async function planPointer(
  survey: Survey,
  entry: ExternalEntry,
  fulfilled: boolean,
  options: PlanMaterializeOptions,
): Promise<{ pointer: PlannedPointer; conflict?: WorkspaceConflict }> {
  const path = pointerPath(entry.path);
  const bytes = encodePointer({ ...entry, fulfilled });
  const file = { path, digest: digestBytes(bytes), size: bytes.byteLength };
  // Pointers are ours: an older one is replaced without asking, what is no file is not.
  const [verdict] = await planFiles(survey, [file], { ...options, overwrite: true });
  const write = verdict?.action !== "keep";
  const replaced = verdict?.place.kind === "file" || verdict?.place.kind === "missing";
  const found = replaced ? undefined : verdict?.conflict;
  const conflict = found && { ...found, replaceable: false };
  return { pointer: { path, fulfilled, write }, conflict };
}
