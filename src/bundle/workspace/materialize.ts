/**
 * Writes the files of a bundle into a workspace.
 * @module
 */
import type { Extraction } from "../../archive/extract.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import { digestBytes } from "../../core/digest.ts";
import type { TransferError } from "../../core/errors.ts";
import { readDirIfExists } from "../../core/files.ts";
import { bytesOnDisk, checkRoom, roomFault, type RoomNeeded } from "../../core/folders/room.ts";
import { join } from "../../core/runtime/path.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { reportPlan } from "../../core/progress.ts";
import { streamOf } from "../../core/streams.ts";
import type { Bundle, BundleEntry } from "../documents/bundle.ts";
import { encodePointer } from "../documents/pointer.ts";
import { encodeProvenance, provenanceOf } from "../documents/provenance.ts";
import type { LayerChoice } from "../documents/roles.ts";
import type { BundleProvider } from "../provider.ts";
import { Blobs } from "./blobs.ts";
import { WorkspaceConflictError } from "./conflict.ts";
import { ExternalFiles, fetchedFiles } from "./external_files.ts";
import { DOWNLOAD_FOLDER, placeOf, PROVENANCE_PATH } from "./layout.ts";
import type { OpenWorkspaceOptions } from "./lock.ts";
import { Workspace } from "./open.ts";
import { keepFiles } from "./placed.ts";
import {
  type FileAction,
  type MaterializePlan,
  planMaterialize,
  type PlanMaterializeOptions,
  type PlannedFile,
} from "./plan.ts";
import { RegistryFiles } from "./registry_files.ts";

/** How to materialize. */
export interface MaterializeOptions
  extends PlanMaterializeOptions, OpenWorkspaceOptions, LayerChoice {
  /** The folder, which is made when it is missing. */
  readonly dest: string;
  /** Whether to keep content, and where it was found, for other operations; true when absent. */
  readonly cache?: boolean;
  /** Whether to say what would happen and change nothing. */
  readonly dryRun?: boolean;
}

/** What to materialize, and where its content is. */
export interface MaterializeSource extends Pick<BundleProvider, "objects" | "cache"> {
  readonly bundle: Bundle;
  /** The role that was selected. */
  readonly role: string;
  /** The entries of the selected layers. */
  readonly entries: Iterable<BundleEntry> | AsyncIterable<BundleEntry>;
}

/** A file of a materialized bundle; `kind` says where its bytes come from. */
export type MaterializedFile =
  & Pick<PlannedFile, "path" | "action" | "size">
  & Pick<BundleEntry, "kind" | "layer">;

/** Files by action, and bytes. */
export interface MaterializeCounters {
  /** Files that were not there. */
  readonly created: number;
  /** Files that took the place of others. */
  readonly replaced: number;
  /** Files that were there already. */
  readonly kept: number;
  /** External files of which only the pointer was written. */
  readonly pointers: number;
  /** Bytes written into files. */
  readonly bytesWritten: number;
  /** Bytes that came from the registry; less than were written where a cache had them. */
  readonly bytesFetched: number;
  /** Bytes that came from the object store. */
  readonly bytesPrefetched: number;
}

/** What a materialization did. */
export interface MaterializeResult {
  /** The bundle. */
  readonly bundle: Bundle;
  /** The role whose layers were written. */
  readonly selectedRole: string;
  /** The folder, as given. */
  readonly destPath: string;
  /** Whether nothing was changed because only the plan was wanted. */
  readonly dryRun: boolean;
  /** The files in the order of code points. */
  readonly files: readonly MaterializedFile[];
  /** Sums over the files. */
  readonly counters: MaterializeCounters;
  /** What was planned, with the conflicts of a dry run. */
  readonly plan: MaterializePlan;
  /** Why what was planned certainly does not fit on the disk; only a dry run has it. */
  readonly noRoom?: TransferError;
}

/**
 * Writes the files, pointers and provenance of a bundle into a folder. Everything that is in the
 * way is found before the first byte is written; each file appears whole and verified, or not at
 * all. What is there already is left alone, so a run that was stopped goes on where it was.
 *
 * External files are fetched last: when one fails, the others and all registry files are in place,
 * its pointer says that it is missing, and the first failure is thrown.
 * @throws {InvalidInputError} when an object that is to be fetched has no place in the object
 * store; nothing has been written then.
 * @throws {WorkspaceConflictError} with all conflicts; nothing has been written then.
 * @throws {IntegrityError} when a content is not what the bundle says.
 * @throws {TransferError} when a content is missing or cannot be moved.
 */
export async function materializeBundle(
  source: MaterializeSource,
  options: MaterializeOptions,
): Promise<MaterializeResult> {
  // Read before the workspace is touched: an index that cannot be read leaves no trace.
  const entries = await Array.fromAsync(source.entries);
  if (options.dryRun) {
    const plan = await planMaterialize(entries, options.dest, options);
    await checkPlaces(plan, source);
    const noRoom = await roomFault(options.dest, roomOf(plan, source, options));
    return { ...resultOf(source, options, plan), noRoom };
  }
  await using workspace = await Workspace.open(options.dest, options);
  const plan = await planMaterialize(entries, workspace.root, options);
  await checkPlaces(plan, source);
  if (plan.conflicts.length > 0) throw new WorkspaceConflictError(options.dest, plan.conflicts);
  await checkRoom(workspace.root, roomOf(plan, source, options));
  const moved = await writeFiles(workspace, plan.files, source, options);
  return resultOf(source, options, plan, moved);
}

/** Refuses addresses that lead elsewhere than to the object store, before anything is opened. */
async function checkPlaces({ files }: MaterializePlan, source: MaterializeSource): Promise<void> {
  for (const { entry } of fetchedFiles(files)) (await source.objects?.())?.locate(entry.uri);
}

/** What a plan writes; files of a cache are copied, and may share its blocks. */
function roomOf(
  { dest, bytesToMove }: MaterializePlan,
  source: MaterializeSource,
  options: MaterializeOptions,
): RoomNeeded {
  return {
    most: bytesToMove,
    exact: async () => Math.max(0, bytesToMove - await downloadedBytes(dest)),
    copies: source.cache !== undefined && options.cache !== false,
  };
}

/** Bytes that stopped commands have left in a workspace, to be gone on with. */
async function downloadedBytes(root: string): Promise<number> {
  const folder = placeOf(root, DOWNLOAD_FOLDER);
  const entries = await readDirIfExists(folder);
  return entries.reduce((sum, { name }) => sum + bytesOnDisk(join(folder, name)), 0);
}

type MovedBytes = Pick<MaterializeCounters, "bytesFetched" | "bytesPrefetched">;

/** Writes what a plan without conflicts says. */
async function writeFiles(
  workspace: Workspace,
  files: readonly PlannedFile[],
  source: MaterializeSource,
  options: MaterializeOptions,
): Promise<MovedBytes> {
  const { bundle, role } = source;
  const cache = options.cache === false ? undefined : source.cache;
  const blobs = new Blobs(bundle.store, cache, operationOptions(options));
  const externals = new ExternalFiles(workspace, source.objects, options);
  await workspace.begin();
  await using writer = await workspace.writer();
  planStages(files, blobs.hasCache, options);
  await keepFiles(workspace.root, files, options);
  await new RegistryFiles(workspace, writer, { ...options, blobs }).write(files);
  await writePointers(writer, files, options);
  await externals.fetch(files);
  const provenance = encodeProvenance(provenanceOf(bundle, role, options));
  await writeUnlessSame(writer, PROVENANCE_PATH, provenance);
  await workspace.finish();
  return { bytesFetched: blobs.bytesFetched, bytesPrefetched: externals.bytesFetched };
}

/**
 * Tells what there is to do, before anything moves: each content comes once. Without a cache it
 * comes straight to its first place, and is copied from there to the others.
 */
function planStages(
  files: readonly PlannedFile[],
  hasCache: boolean,
  options: OperationOptions,
): void {
  const kept = files.filter(({ action }) => action === "keep");
  const contents = new Map<string, { readonly size: number }>();
  const copied: PlannedFile[] = [];
  for (const file of files) {
    const { entry, action } = file;
    if (entry.kind !== "registry" || action === "keep") continue;
    if (hasCache || contents.has(entry.blob.digest)) copied.push(file);
    if (!contents.has(entry.blob.digest)) contents.set(entry.blob.digest, file);
  }
  for (const { entry } of fetchedFiles(files)) {
    contents.set(`sha256:${entry.sha256} of an object`, entry);
  }
  reportPlan("download", contents.values(), options);
  reportPlan("extract", [...kept, ...copied], options);
}

async function writePointers(
  writer: Extraction,
  files: readonly PlannedFile[],
  options: MaterializeOptions,
): Promise<void> {
  await mapConcurrent(files, async ({ entry, pointer }) => {
    if (entry.kind !== "external" || !pointer?.write) return;
    const bytes = encodePointer({ ...entry, fulfilled: pointer.fulfilled });
    await writer.writeFile(pointer.path, () => streamOf([bytes]), { mode: 0o644 });
  }, options);
}

/** Writes a small file unless it is there with these bytes. */
async function writeUnlessSame(writer: Extraction, path: string, bytes: Uint8Array): Promise<void> {
  const expected = { digest: digestBytes(bytes), size: bytes.byteLength };
  if (await writer.isUnchanged(path, expected)) return;
  await writer.writeFile(path, () => streamOf([bytes]), { mode: 0o644 });
}

function resultOf(
  { bundle, role }: MaterializeSource,
  { dest, dryRun = false }: MaterializeOptions,
  plan: MaterializePlan,
  moved: MovedBytes = { bytesFetched: 0, bytesPrefetched: 0 },
): MaterializeResult {
  const count = (wanted: FileAction) => plan.files.filter(({ action }) => action === wanted).length;
  return {
    bundle,
    selectedRole: role,
    destPath: dest,
    dryRun,
    files: plan.files.map(({ path, action, size, entry: { kind, layer } }) => (
      { path, action, size, kind, layer }
    )),
    counters: {
      created: count("create"),
      replaced: count("replace"),
      kept: count("keep"),
      pointers: count("pointer"),
      bytesWritten: dryRun ? 0 : plan.bytesToMove,
      ...moved,
    },
    plan,
  };
}
