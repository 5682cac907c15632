/**
 * Fetches the external files of a bundle into a workspace, each content once.
 * @module
 */
import type { Extraction } from "../../archive/extract.ts";
import { fileHasContent } from "../../archive/file_content.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import { InvalidInputError, isAbort } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { taken } from "../../core/content/source.ts";
import { streamOf, verified } from "../../core/streams.ts";
import { quote } from "../../core/text.ts";
import { downloadToFile } from "../../objects/download.ts";
import type { ObjectStore } from "../../objects/object_store.ts";
import { quoteUri } from "../../objects/object_uri.ts";
import { KEPT_FROM } from "../../transfer/partial_file.ts";
import type { ExternalEntry } from "../documents/bundle.ts";
import { encodePointer } from "../documents/pointer.ts";
import { explained } from "../resolve/missing_part.ts";
import { pointerPath } from "./layout.ts";
import type { Workspace } from "./open.ts";
import { modeOf, openPlaced } from "./placed.ts";
import type { PlannedFile } from "./plan.ts";
import type { Place } from "../../archive/places/survey.ts";

/** How to fetch. */
export interface ExternalFilesOptions extends OperationOptions {
  /** The folder as it was given, for messages. */
  readonly dest: string;
  /** Objects fetched at once; 2 when absent, as each download has several connections. */
  readonly concurrency?: number;
}

/** An external file that is to be here, and what is in its place. */
export interface ExternalFile {
  readonly entry: ExternalEntry;
  readonly place: Place;
}

/** Fetches objects into a workspace that is open for writing. */
export class ExternalFiles {
  readonly #workspace: Workspace;
  readonly #open: (() => ObjectStore | Promise<ObjectStore>) | undefined;
  readonly #options: ExternalFilesOptions;
  /** Bytes that came from the object store. */
  bytesFetched = 0;

  /** `open` opens the store; it is called only when a file has to be fetched. */
  constructor(
    workspace: Workspace,
    open: (() => ObjectStore | Promise<ObjectStore>) | undefined,
    options: ExternalFilesOptions,
  ) {
    this.#workspace = workspace;
    this.#open = open;
    this.#options = options;
  }

  /**
   * Fetches the external files that the plan creates or replaces. A failed one does not stop the
   * others; the first failure is thrown at the end.
   */
  async fetch(files: readonly PlannedFile[]): Promise<void> {
    const groups = byContent(files);
    if (groups.size === 0) return;
    const objects = await this.#openStore();
    const failures: unknown[] = [];
    // The pointers were written once, unfulfilled: a writer takes each path with one content only.
    await using writer = await this.#workspace.writer();
    const { signal, concurrency = 2 } = this.#options;
    await mapConcurrent(groups.values(), async (group) => {
      try {
        await this.#fetchGroup(objects, writer, group);
      } catch (error) {
        if (isAbort(error, signal)) throw error;
        failures.push(error);
      }
    }, { signal, concurrency });
    for (const failure of failures.slice(1)) this.#options.log?.("error", String(failure));
    if (failures.length > 0) throw failures[0];
  }

  async #openStore(): Promise<ObjectStore> {
    if (this.#open) return await this.#open();
    const { dest } = this.#options;
    throw new InvalidInputError(
      `Cannot fetch external files into ${quote(dest)}: no object store is configured`,
      { path: dest },
    );
  }

  /** Fetches an object once, for all the files that have its content. */
  async #fetchGroup(
    objects: ObjectStore,
    writer: Extraction,
    [first, ...others]: readonly ExternalFile[],
  ): Promise<void> {
    if (first === undefined) return;
    const { entry: { path, size, sha256 } } = first;
    const expected = { digest: `sha256:${sha256}`, size } as const;
    await this.#write(writer, first, () => this.#download(objects, writer, first.entry));
    const { root } = this.#workspace;
    const { signal } = this.#options;
    for (const other of others) {
      const open = () => openPlaced(root, path, { signal, expected });
      const facts = { size, mode: modeOf(other.entry) };
      await this.#write(writer, other, () => writer.writeFile(other.entry.path, open, facts));
    }
  }

  /** Writes a file where it belongs, and then in its pointer that it is here. */
  async #write(
    writer: Extraction,
    { entry, place }: ExternalFile,
    write: () => Promise<void>,
  ): Promise<void> {
    await this.#workspace.inPlace(entry.path, place, write);
    const pointer = encodePointer({ ...entry, fulfilled: true });
    await writer.writeFile(pointerPath(entry.path), () => streamOf([pointer]), { mode: 0o644 });
  }

  async #download(objects: ObjectStore, writer: Extraction, entry: ExternalEntry): Promise<void> {
    const { uri, path, size, sha256 } = entry;
    if (size < KEPT_FROM) return await this.#downloadSmall(objects, writer, entry);
    const common = operationOptions(this.#options);
    const { path: partial, folder } = this.#workspace.downloadPlace(sha256);
    // A run that was killed at the last moment has left it whole.
    const expected = { digest: `sha256:${sha256}`, size } as const;
    if (!await fileHasContent(partial, expected, common)) {
      const kept = { folder, partialFolder: folder, shownName: path };
      const download = { ...common, ...kept, size, sha256 };
      const downloading = downloadToFile(objects, uri, partial, download);
      await explained(downloading, quote(path), { path });
      this.bytesFetched += size;
    }
    await writer.adoptFile(path, partial, { size, mode: modeOf(entry) });
  }

  /** Writes an object straight to its place: of a small one nothing is worth keeping. */
  async #downloadSmall(
    objects: ObjectStore,
    writer: Extraction,
    entry: ExternalEntry,
  ): Promise<void> {
    const { uri, path, size, sha256 } = entry;
    const { signal, log } = this.#options;
    const expected = { digest: `sha256:${sha256}`, size } as const;
    const open = async () => {
      const stream = await objects.open(uri, { size, signal, log });
      return verified(stream, expected, quoteUri(uri));
    };
    const facts = { id: uri, phase: "download", size, mode: modeOf(entry) } as const;
    const writing = taken(
      () => writer.writeFile(path, open, facts),
      (failure) => objects.elsewhere?.(uri, failure) ?? Promise.resolve(false),
    );
    await explained(writing, quote(path), { path });
    this.bytesFetched += size;
  }
}

/** The external files that a plan fetches. */
export function fetchedFiles(files: readonly PlannedFile[]): readonly ExternalFile[] {
  return files.flatMap(({ entry, action, verdict: { place } }) =>
    entry.kind === "external" && (action === "create" || action === "replace")
      ? [{ entry, place }]
      : []
  );
}

/** The external files that have to be fetched, by digest of their content. */
function byContent(files: readonly PlannedFile[]): Map<string, ExternalFile[]> {
  return Map.groupBy(fetchedFiles(files), ({ entry }) => entry.sha256);
}
