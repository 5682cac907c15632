/**
 * Writes the files of a bundle into a workspace.
 * @module
 */
import { randomUUID } from "node:crypto";
import { fileHasContent } from "../../archive/file_content.ts";
import type { Extraction } from "../../archive/extract.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import { type Digest, digestBytes } from "../../core/digest.ts";
import { IntegrityError, InvalidInputError, isAbort, NotFoundError } from "../../core/errors.ts";
import { removeIfExists } from "../../core/files.ts";
import { explainWrite } from "../../core/file_errors.ts";
import { fileSource } from "../../core/file_source.ts";
import {
  type OperationOptions,
  operationOptions,
  type ProgressEvent,
} from "../../core/operation.ts";
import { streamOf, verified } from "../../core/streams.ts";
import { quote } from "../../core/text.ts";
import { downloadToFile } from "../../objects/download.ts";
import type { ObjectStore } from "../../objects/object_store.ts";
import type { ContentStore } from "../../oci/store.ts";
import type {
  BundleEntry,
  ExternalEntry,
  RegistryEntry,
  ResolvedBundle,
} from "../documents/bundle.ts";
import { explained } from "../resolve/missing_part.ts";
import {
  type FileAction,
  type MaterializePlan,
  planMaterialize,
  type PlanMaterializeOptions,
  type PlannedFile,
} from "./plan.ts";
import { encodePointer, pointerOf } from "../documents/pointer.ts";
import { encodeProvenance, provenanceOf } from "../documents/provenance.ts";
import { RegistryContent } from "../resolve/content.ts";
import { type OpenWorkspaceOptions, Workspace } from "./open.ts";
import { WorkspaceConflictError } from "./conflict.ts";
import { placeOf, pointerPath, PROVENANCE_PATH } from "./layout.ts";

/** What to materialize, and how. */
export interface MaterializeOptions extends PlanMaterializeOptions, OpenWorkspaceOptions {
  /** The bundle. */
  readonly bundle: ResolvedBundle;
  /** The entries of the role's layers. */
  readonly entries: Iterable<BundleEntry> | AsyncIterable<BundleEntry>;
  /** The folder, which is made when it is missing. */
  readonly dest: string;
  /** The role that was selected. */
  readonly role: string;
  /** The layers that were chosen instead of the role's. */
  readonly layers?: readonly string[];
  /** Opens the store of external files; called only when one has to be fetched. */
  readonly objects?: () => ObjectStore | Promise<ObjectStore>;
  /** Where blobs are kept for other materializations; none are kept when absent. */
  readonly cache?: ContentStore;
  /** Whether to say what would happen and change nothing. */
  readonly dryRun?: boolean;
}

/** A file of a materialized bundle. */
export interface MaterializedFile {
  /** Normalised path in the workspace. */
  readonly path: string;
  /** What was done about it, or would be. */
  readonly action: FileAction;
  /** Size of the content in bytes. */
  readonly size: number;
  /** Where its bytes come from. */
  readonly kind: BundleEntry["kind"];
  /** Its layer. */
  readonly layer: string;
}

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
  readonly bundle: ResolvedBundle;
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
}

/**
 * Writes the files, pointers and provenance of a bundle into a folder. Everything that is in the way is
 * found before the first byte is written; each file appears whole and verified, or not at all. What is
 * there already is left alone, so a run that was stopped goes on where it was.
 *
 * External files are fetched last: when one fails, the others and all registry files are in place, its
 * pointer says that it is missing, and the first failure is thrown.
 * @throws {WorkspaceConflictError} with all conflicts; nothing has been written then.
 * @throws {IntegrityError} when a content is not what the bundle says.
 * @throws {TransferError} when a content is missing or cannot be moved.
 */
export async function materializeBundle(options: MaterializeOptions): Promise<MaterializeResult> {
  // Read before the workspace is touched: an index that cannot be read leaves no trace.
  const entries = await Array.fromAsync(options.entries);
  if (options.dryRun) {
    return resultOf(options, await planMaterialize(entries, options.dest, options));
  }
  await using workspace = await Workspace.open(options.dest, options);
  const plan = await planMaterialize(entries, workspace.root, options);
  if (plan.conflicts.length > 0) throw new WorkspaceConflictError(options.dest, plan.conflicts);
  if (plan.diskFree !== undefined && plan.diskFree < plan.bytesToMove) {
    const facts = { needed: plan.bytesToMove, free: plan.diskFree };
    options.log?.("warning", "The disk has less space than the files need", facts);
  }
  const run = new Materialization(workspace, options);
  await run.write(plan.files);
  return resultOf(options, plan, run);
}

class Materialization {
  readonly #workspace: Workspace;
  readonly #options: MaterializeOptions;
  readonly #common: OperationOptions;
  readonly #content: RegistryContent;
  readonly #placed = new Map<Digest, Promise<string>>();
  bytesPrefetched = 0;

  constructor(workspace: Workspace, options: MaterializeOptions) {
    this.#workspace = workspace;
    this.#options = options;
    this.#common = operationOptions(options);
    this.#content = new RegistryContent(options.bundle.store, options.cache, this.#common);
  }

  get bytesFetched(): number {
    return this.#content.bytesFetched;
  }

  async write(files: readonly PlannedFile[]): Promise<void> {
    await this.#workspace.begin();
    await using writer = await this.#workspace.writer();
    await this.#writeRegistryFiles(writer, files);
    await this.#writePointers(writer, files);
    await this.#fetchExternalFiles(files);
    const { bundle, role } = this.#options;
    await writeUnlessSame(
      writer,
      PROVENANCE_PATH,
      encodeProvenance(provenanceOf(bundle, role, this.#options)),
    );
    await this.#workspace.finish();
  }

  async #writeRegistryFiles(writer: Extraction, files: readonly PlannedFile[]): Promise<void> {
    await mapConcurrent(files, async (file) => {
      if (file.action === "keep") return await this.#keep(file);
      const { entry } = file;
      if (entry.kind !== "registry") return;
      await this.#workspace.inPlace(
        file.path,
        file.verdict.place,
        () => this.#writeBlob(writer, entry),
      );
    }, this.#options);
  }

  /** Leaves a file as it is, but for permission bits that the bundle knows. */
  async #keep({ path, size, entry, verdict: { place } }: PlannedFile): Promise<void> {
    this.#options.progress?.(
      { id: path, phase: "extract", name: path, state: "skip", bytes: size, size },
    );
    if (entry.mode === undefined || place.kind !== "file" || place.mode === undefined) return;
    const mode = modeOf(entry);
    if ((place.mode & 0o777) === mode) return;
    await Deno.chmod(placeOf(this.#workspace.root, path), mode);
  }

  async #writeBlob(writer: Extraction, entry: RegistryEntry): Promise<void> {
    const { path } = entry;
    const blob = await this.#content.sizedBlob(entry.blob, path);
    const facts = { size: blob.size, mode: modeOf(entry) };
    const { digest } = blob;
    if (this.#content.hasCache) {
      try {
        const file = await this.#content.cachedFile(blob, path);
        if (file !== undefined) return await this.#placeCopy(writer, file, { path, blob, facts });
        return await writer.writeFile(path, () => this.#content.open(blob, path), facts);
      } catch (error) {
        if (!(error instanceof IntegrityError || error instanceof NotFoundError)) throw error;
        // Either the cache is damaged or pruned, which must not keep anybody from working, or the
        // repository is: then this fails too.
        this.#options.log?.("warning", `Reading ${digest} past the cache: ${error.message}`);
        return await writer.writeFile(path, () => this.#content.openDirectly(blob, path), facts);
      }
    }
    const earlier = this.#placed.get(digest);
    if (earlier) {
      return await writer.writeFile(path, () => this.#copyOf(earlier, blob), facts);
    }
    const writing = writer.writeFile(path, () => this.#content.openDirectly(blob, path), facts)
      .then(() => path);
    this.#placed.set(digest, writing);
    await writing;
  }

  /** Copies a file of the cache, by sharing its blocks where the file system can, and verifies it. */
  async #placeCopy(
    writer: Extraction,
    file: string,
    { path, blob, facts }: {
      readonly path: string;
      readonly blob: RegistryEntry["blob"];
      readonly facts: { readonly size: number; readonly mode: number };
    },
  ): Promise<void> {
    const { size, digest } = blob;
    const report = (state: ProgressEvent["state"], bytes: number) =>
      this.#options.progress?.({ id: path, phase: "extract", name: path, state, bytes, size });
    report("start", 0);
    const copy = this.#workspace.downloadPlace(randomUUID()).path;
    try {
      await copyFile(file, copy, facts.mode);
      if (!await fileHasContent(copy, { digest, size }, this.#common)) {
        throw new IntegrityError(`Cannot use the cached content of ${quote(path)}`, {
          path,
          expected: digest,
        });
      }
      await writer.adoptFile(path, copy, facts);
      report("done", size);
    } catch (error) {
      report("fail", 0);
      await removeIfExists(copy);
      throw error;
    }
  }

  /** Opens the content of a file that has been placed before, verified. */
  async #copyOf(
    placed: Promise<string>,
    expected: { readonly digest: Digest; readonly size: number },
  ): Promise<AsyncIterable<Uint8Array>> {
    const source = await fileSource(placeOf(this.#workspace.root, await placed));
    return verified(await source.open(this.#common), expected);
  }

  async #writePointers(writer: Extraction, files: readonly PlannedFile[]): Promise<void> {
    await mapConcurrent(files, async ({ entry, pointer }) => {
      if (entry.kind !== "external" || !pointer?.write) return;
      const bytes = encodePointer(pointerOf(entry, pointer.fulfilled));
      await writer.writeFile(pointer.path, () => streamOf([bytes]), { mode: 0o644 });
    }, this.#options);
  }

  /** Fetches every external file that is to be here; one that fails keeps no other from coming. */
  async #fetchExternalFiles(files: readonly PlannedFile[]): Promise<void> {
    const groups = new Map<string, PlannedFile[]>();
    for (const file of files) {
      if (file.entry.kind !== "external" || !movesBytes(file)) continue;
      const { sha256 } = file.entry;
      groups.set(sha256, [...groups.get(sha256) ?? [], file]);
    }
    if (groups.size === 0) return;
    const objects = await this.#openObjects();
    const failures: unknown[] = [];
    await using writer = await this.#workspace.writer();
    // Each download has several connections of its own.
    const { signal, concurrency = 2 } = this.#options;
    await mapConcurrent(groups.values(), async (group) => {
      try {
        await this.#fetchExternal(objects, writer, group);
      } catch (error) {
        if (isAbort(error, signal)) throw error;
        failures.push(error);
      }
    }, { signal, concurrency });
    for (const failure of failures.slice(1)) this.#options.log?.("error", String(failure));
    if (failures.length > 0) throw failures[0];
  }

  async #openObjects(): Promise<ObjectStore> {
    const { objects, dest } = this.#options;
    if (objects) return await objects();
    throw new InvalidInputError(
      `Cannot fetch external files into ${quote(dest)}: no object store is configured`,
      { path: dest },
    );
  }

  /** Fetches an object once, for all the files that have its content. */
  async #fetchExternal(
    objects: ObjectStore,
    writer: Extraction,
    files: readonly PlannedFile[],
  ): Promise<void> {
    let first: Promise<string> | undefined;
    for (const file of files) {
      const entry = file.entry as ExternalEntry;
      const { path, size } = entry;
      const expected = { digest: `sha256:${entry.sha256}` as const, size };
      const facts = { size, mode: modeOf(entry) };
      const placed = first;
      await this.#workspace.inPlace(path, file.verdict.place, async () => {
        if (placed) await writer.writeFile(path, () => this.#copyOf(placed, expected), facts);
        else await this.#download(objects, writer, entry);
      });
      first ??= Promise.resolve(path);
      const pointer = encodePointer(pointerOf(entry, true));
      await writer.writeFile(pointerPath(path), () => streamOf([pointer]), { mode: 0o644 });
    }
  }

  async #download(objects: ObjectStore, writer: Extraction, entry: ExternalEntry): Promise<void> {
    const { uri, path, size, sha256 } = entry;
    const { path: partial, folder: partialFolder } = this.#workspace.downloadPlace(sha256);
    // A run that was killed at the last moment has left it whole.
    const expected = { digest: `sha256:${sha256}`, size } as const;
    if (!await fileHasContent(partial, expected, this.#common)) {
      const download = { ...this.#common, size, sha256, partialFolder };
      await explained(downloadToFile(objects, uri, partial, download), path);
      this.bytesPrefetched += size;
    }
    await writer.adoptFile(path, partial, { size, mode: modeOf(entry) });
  }
}

/** Copies a file and flushes the copy; the system shares blocks instead of copying where it can. */
async function copyFile(from: string, to: string, mode: number): Promise<void> {
  try {
    await Deno.copyFile(from, to);
    if (Deno.build.os !== "windows") await Deno.chmod(to, mode);
    using file = await Deno.open(to, { read: true, write: true });
    await file.sync();
  } catch (error) {
    throw explainWrite(to, error);
  }
}

/** Writes a small file unless it is there with these bytes. */
async function writeUnlessSame(
  writer: Extraction,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const expected = { digest: digestBytes(bytes), size: bytes.byteLength };
  if (await writer.isUnchanged(path, expected)) return;
  await writer.writeFile(path, () => streamOf([bytes]), { mode: 0o644 });
}

/** Permission bits for a file: those of the bundle, readable and writable by the owner. */
function modeOf({ mode }: BundleEntry): number {
  return mode === undefined ? 0o644 : (mode & 0o777) | 0o600;
}

function movesBytes({ action }: Pick<PlannedFile, "action">): boolean {
  return action === "create" || action === "replace";
}

function resultOf(
  options: MaterializeOptions,
  plan: MaterializePlan,
  run: { readonly bytesFetched: number; readonly bytesPrefetched: number } = {
    bytesFetched: 0,
    bytesPrefetched: 0,
  },
): MaterializeResult {
  const count = (wanted: FileAction) => plan.files.filter(({ action }) => action === wanted).length;
  return {
    bundle: options.bundle,
    selectedRole: options.role,
    destPath: options.dest,
    dryRun: options.dryRun ?? false,
    files: plan.files.map(({ path, action, size, entry: { kind, layer } }) => (
      { path, action, size, kind, layer }
    )),
    counters: {
      created: count("create"),
      replaced: count("replace"),
      kept: count("keep"),
      pointers: count("pointer"),
      bytesWritten: options.dryRun ? 0 : plan.bytesToMove,
      bytesFetched: run.bytesFetched,
      bytesPrefetched: run.bytesPrefetched,
    },
    plan,
  };
}
