/**
 * Writes the files of a bundle whose bytes are in the registry, each content fetched once.
 * @module
 */
import { explainWrite } from "../../core/file_errors.ts";
import type { Extraction } from "../../archive/extract.ts";
import { fileHasContent } from "../../archive/file_content.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import type { Digest } from "../../core/digest.ts";
import { IntegrityError, NotFoundError } from "../../core/errors.ts";
import { removeIfExists } from "../../core/files.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { reported } from "../../core/progress.ts";
import { unlessAborted } from "../../core/waiting/on_abort.ts";
import { quote } from "../../core/text.ts";
import { KEPT_FROM } from "../../transfer/partial_file.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { RegistryEntry } from "../documents/bundle.ts";
import type { Blobs } from "./blobs.ts";
import type { Workspace } from "./open.ts";
import { modeOf, openPlaced } from "./placed.ts";
import type { PlannedFile } from "./plan.ts";

/** How to write, and what to read from. */
export interface RegistryFilesOptions extends OperationOptions {
  readonly blobs: Blobs;
  /** Files written at once; 5 when absent. */
  readonly concurrency?: number;
}

/** A file to write: its content, and what the file system is told about it. */
interface FileOfBlob {
  readonly path: string;
  readonly blob: Descriptor;
  readonly facts: { readonly size: number; readonly mode: number };
}

/** Writes registry files into a workspace that is open for writing. */
export class RegistryFiles {
  readonly #workspace: Workspace;
  readonly #writer: Extraction;
  readonly #options: RegistryFilesOptions;
  /** Where each content is, or will be when its first file is written. */
  readonly #placed = new Map<Digest, Promise<string>>();

  /** Size of all that is written together, in bytes. */
  #total = 0;

  /** Writes by `writer`, which the workspace opened. */
  constructor(workspace: Workspace, writer: Extraction, options: RegistryFilesOptions) {
    this.#workspace = workspace;
    this.#writer = writer;
    this.#options = options;
  }

  /** Writes the registry files that the plan creates or replaces. */
  async write(files: readonly PlannedFile[]): Promise<void> {
    this.#total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    await mapConcurrent(files, async ({ entry, action, path, verdict: { place } }) => {
      if (entry.kind !== "registry" || action === "keep") return;
      await this.#workspace.inPlace(path, place, () => this.#writeEntry(entry));
    }, this.#options);
  }

  async #writeEntry(entry: RegistryEntry): Promise<void> {
    const { path } = entry;
    const { blobs } = this.#options;
    const blob = await blobs.sized(entry.blob, path);
    const file = { path, blob, facts: { size: blob.size, mode: modeOf(entry) } };
    if (!blobs.hasCache) return await this.#writeOnce(file);
    try {
      await this.#writeCached(file);
    } catch (error) {
      if (!(error instanceof IntegrityError || error instanceof NotFoundError)) throw error;
      // The cache may be damaged or pruned, which must not fail the operation. When the repository
      // is at fault instead, reading from it fails again.
      this.#options.log?.("warning", `Reading ${blob.digest} past the cache: ${error.message}`);
      await this.#writeFetched(file);
    }
  }

  async #writeCached(file: FileOfBlob): Promise<void> {
    const { path, blob, facts } = file;
    const { blobs } = this.#options;
    const cached = await blobs.cachedFile(blob, path);
    if (!blobs.hasCache) return await this.#writeOnce(file);
    if (cached !== undefined) return await this.#writeCopy(cached, file);
    await this.#writer.writeFile(path, () => blobs.open(blob, path), facts);
  }

  /** Writes what comes from the repository: with a large file, another run goes on. */
  async #writeFetched(file: FileOfBlob, phase?: "download"): Promise<void> {
    const { blobs } = this.#options;
    await blobs.taken(file.blob, () => this.#writeFrom(blobs, file, phase));
  }

  async #writeFrom(
    blobs: Blobs,
    { path, blob, facts }: FileOfBlob,
    phase: "download" | undefined,
  ): Promise<void> {
    if (blob.size < KEPT_FROM) {
      const open = () => blobs.openDirectly(blob, path);
      return await this.#writer.writeFile(path, open, { ...facts, phase });
    }
    const item = { id: path, phase: phase ?? "extract", name: path, size: blob.size } as const;
    await reported(item, this.#options, (onBytes) =>
      blobs.toFile(blob, path, {
        onBytes,
        total: this.#total,
        partialBase: this.#workspace.downloadPlace(blob.digest.replace(":", "-")).path,
        place: (file) => this.#writer.adoptFile(path, file, facts),
      }));
  }

  /** Fetches a content for its first file, and copies that file for the others. */
  async #writeOnce(file: FileOfBlob): Promise<void> {
    const { path, blob, facts } = file;
    const earlier = this.#placed.get(blob.digest);
    if (earlier) {
      const { signal } = this.#options;
      const { root } = this.#workspace;
      const open = async () => openPlaced(root, await earlier, { signal, expected: blob });
      return await this.#writer.writeFile(path, open, facts);
    }
    const writing = this.#writeFetched(file, "download").then(() => path);
    this.#placed.set(blob.digest, writing);
    await writing;
  }

  /** Copies a file of the cache, sharing its blocks where the disk can, and verifies it. */
  async #writeCopy(cached: string, { path, blob, facts }: FileOfBlob): Promise<void> {
    const { size, digest } = blob;
    const { signal } = this.#options;
    const copy = this.#workspace.downloadPlace(crypto.randomUUID()).path;
    const item = { id: path, phase: "extract", name: path, size } as const;
    await reported(item, this.#options, async () => {
      try {
        await copyFile(cached, copy, { mode: facts.mode, signal });
        if (!await fileHasContent(copy, { digest, size }, { signal })) {
          throw new IntegrityError(`Cannot use the cached content of ${quote(path)}`, {
            path,
            expected: digest,
          });
        }
        await this.#writer.adoptFile(path, copy, facts);
      } catch (error) {
        await removeIfExists(copy);
        throw error;
      }
    });
  }
}

/** Copies a file and flushes the copy; the system shares blocks instead of copying where it can. */
async function copyFile(
  from: string,
  to: string,
  { mode, signal }: { readonly mode: number; readonly signal?: AbortSignal },
): Promise<void> {
  try {
    await unlessAborted(Deno.copyFile(from, to), signal);
    if (Deno.build.os !== "windows") await Deno.chmod(to, mode);
    using file = await Deno.open(to, { read: true, write: true });
    await unlessAborted(file.sync(), signal);
  } catch (error) {
    throw explainWrite(to, error);
  }
}
