/**
 * Files of one extraction under their hidden names: their places, their limit and their progress.
 * @module
 */
import { basename, dirname, join } from "../core/runtime/path.ts";
import { digestStream } from "../core/digest.ts";
import { InvalidInputError } from "../core/errors.ts";
import { explainWrite } from "../core/file_errors.ts";
import { lstatIfExists } from "../core/files.ts";
import type { OperationOptions, ProgressPhase } from "../core/operation.ts";
import { type OnBytes, reported } from "../core/progress.ts";
import { streamOf } from "../core/streams.ts";
import { quote } from "../core/text.ts";
import { contentClash } from "./claims.ts";
import {
  type FileContent,
  isSelfWriting,
  measured,
  type SelfWritingContent,
} from "./file_content.ts";
import { raiseLimit } from "./limits.ts";
import { parentOf } from "./safe_path.ts";
import { type FileAttributes, setAttributes } from "../core/content/file_attributes.ts";
import { type StagedContent, StagedFile } from "../core/staged_file.ts";
import type { TargetFolder } from "./target_folder.ts";

/** What is known of a file before it is written. */
export interface FileFacts extends FileAttributes {
  /** Size the content must have, in bytes. */
  readonly size?: number;
  /** Identity of the file in progress events; its path when absent. */
  readonly id?: string;
  /** The stage it belongs to in progress events; `extract` when absent. */
  readonly phase?: ProgressPhase;
}

/** How to extract. The signal, progress and log are those of the whole extraction. */
export interface ExtractionOptions extends OperationOptions {
  /** Names that not every system can hold are refused; only those of this one when absent. */
  readonly portable?: boolean;
  /** Most bytes to write in all; no limit when absent. */
  readonly maxBytes?: number;
  /** What the hidden names of unfinished files start with; a dot when absent. */
  readonly hiddenPrefix?: string;
  /** Whether files are flushed to the disk before they have their names; so it is when absent. */
  readonly flush?: boolean;
  /**
   * Whether what killed extractions have left below the folder is removed, all but what the
   * contents of `resumed` go on with. The hidden names then need a prefix of their own.
   */
  readonly sweep?: { readonly resumed: readonly ResumedFile[] };
}

/** A path, and the key of the self-writing content that is to be there. */
export interface ResumedFile {
  readonly path: string;
  readonly key: string;
}

/** Where content lies beside its place while it writes itself, without the endings. */
export function partialBase(
  place: string,
  key: string,
  { hiddenPrefix = "." }: Pick<ExtractionOptions, "hiddenPrefix">,
): string {
  return join(dirname(place), `${hiddenPrefix}${key}`);
}

/**
 * Makes sure that no more bytes are written in all than is allowed.
 * @throws {InvalidInputError}
 */
export function checkLimit(path: string, bytes: number, limit = Infinity): void {
  if (bytes <= limit) return;
  throw new InvalidInputError(
    `Cannot extract ${quote(path)}: the files exceed the limit of ${limit} bytes in all`,
    { path, expected: limit, remedy: raiseLimit("--max-size") },
  );
}

/** Stages files below a folder, each path once. */
export class Staging {
  readonly #target: TargetFolder;
  readonly #options: ExtractionOptions;
  readonly #files = new Map<string, Promise<StagedFile>>();
  #written = 0;
  #unfinished = false;

  /** Stages below `target`. */
  constructor(target: TargetFolder, options: ExtractionOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** Whether content that can be gone on with was left unfinished. */
  get unfinished(): boolean {
    return this.#unfinished;
  }

  /** Whether a path was staged or kept. */
  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** Takes a file that is there already as the content of its path. */
  keep(path: string): void {
    this.#files.set(path, Promise.resolve(StagedFile.existing(this.#target.resolve(path))));
  }

  /** Forgets a path whose staged file was discarded. */
  forget(path: string): void {
    this.#files.delete(path);
  }

  /**
   * Writes a file under a hidden name; `undefined` when the path has the same content already.
   * @throws {InvalidInputError} when the limit is passed.
   * @throws {IntegrityError} when the content has another size than the facts say.
   * @throws {ConflictError} when something that must not be replaced is in the way, or the path has
   * other content already.
   */
  async stage(
    path: string,
    content: FileContent,
    facts: FileFacts,
  ): Promise<StagedFile | undefined> {
    const earlier = this.#files.get(path);
    if (earlier !== undefined) {
      await this.#ensureSame(path, await earlier, content);
      return undefined;
    }
    const staging = this.#write(path, content, facts);
    this.#files.set(path, staging);
    try {
      return await staging;
    } catch (error) {
      // A caller that tries again must not be compared with what failed.
      this.#files.delete(path);
      throw error;
    }
  }

  async #write(path: string, content: FileContent, facts: FileFacts): Promise<StagedFile> {
    let bytes = 0;
    const { size, id = path, phase = "extract" } = facts;
    const item = { id, phase, name: path, size };
    try {
      return await reported(item, this.#options, async (onBytes) => {
        const come: OnBytes = (now, kept) => {
          const more = now - bytes;
          bytes = now;
          this.#count(path, more);
          onBytes(bytes, kept);
        };
        this.#options.signal?.throwIfAborted();
        this.#count(path, 0, size);
        this.#ensurePlace(path);
        if (isSelfWriting(content)) {
          return await this.#receive(path, content, { ...facts, onBytes: come });
        }
        const onChunk = (count: number) => come(bytes + count);
        const chunks = measured(content, { path, size, onBytes: onChunk });
        return await this.#place(path, chunks, facts);
      });
    } catch (error) {
      this.#written -= bytes;
      throw explainWrite(this.#target.resolve(path), error);
    }
  }

  async #place(
    path: string,
    content: StagedContent,
    facts: FileFacts,
  ): Promise<StagedFile> {
    using folder = this.#target.pin(parentOf(path), { of: path });
    return await StagedFile.write(this.#target.resolve(path), content, {
      mode: facts.mode,
      mtime: facts.mtime,
      signal: this.#options.signal,
      hiddenPrefix: this.#options.hiddenPrefix,
      flush: this.#options.flush,
      folder: folder.path,
      // The second look finds a folder that became a link after the first one. What has come to
      // the place itself meanwhile is found by the rename, which replaces no folder.
      onOpen: () => this.#target.ensureFolder(parentOf(path), { of: path }),
    });
  }

  /** Has content write itself; it has its name at once. */
  async #receive(
    path: string,
    content: SelfWritingContent,
    { mode, mtime, onBytes }: FileAttributes & { readonly onBytes: OnBytes },
  ): Promise<StagedFile> {
    const place = this.#target.resolve(path);
    const base = partialBase(place, content.key, this.#options);
    using folder = this.#target.pin(parentOf(path), { of: path });
    try {
      await content.receive({
        path: place,
        partialBase: join(folder.path, basename(base)),
        place: (whole) => Deno.rename(whole, join(folder.path, basename(place))),
        mode,
        onBytes,
        onWhole: (whole) => {
          this.#ensurePlace(path);
          setAttributes(whole, { mode, mtime });
        },
      });
      return StagedFile.existing(place);
    } catch (error) {
      this.#unfinished ||= await lstatIfExists(`${base}.partial`) !== undefined;
      throw error;
    }
  }

  #ensurePlace(path: string): void {
    this.#target.ensureFolder(parentOf(path), { of: path });
    this.#target.ensureReplaceable(path);
  }

  /** Counts bytes that were written, and looks whether the limit allows those to come. */
  #count(path: string, written: number, toCome = 0): void {
    this.#written += written;
    checkLimit(path, this.#written + toCome, this.#options.maxBytes);
  }

  /** Compares content that comes under a path once more with what came first. */
  async #ensureSame(path: string, earlier: StagedFile, content: FileContent): Promise<void> {
    const { signal } = this.#options;
    const again = streamOf(measured(content, { path, onBytes: () => signal?.throwIfAborted() }));
    const { digest } = await digestStream(again, { signal });
    const first = await earlier.digest({ signal });
    if (digest === first) return;
    throw contentClash(path, first, digest);
  }
}
