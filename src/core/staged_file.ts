/**
 * Files that appear whole or not at all: written under a hidden name, flushed, then renamed.
 * @module
 */
import { basename, dirname, join } from "./runtime/path.ts";
import { giveBack } from "./buffers.ts";
import { digestStream } from "./digest.ts";
import type { Digest } from "./digest.ts";
import { ConflictError, NotFoundError } from "./errors.ts";
import {
  type FileAttributes,
  setOpenAttributes,
  unfinishedMode,
} from "./content/file_attributes.ts";
import { isNamed, lstatIfExistsSync, removeIfExists, writeFully } from "./files.ts";
import { explainWrite, isUnwritable } from "./file_errors.ts";
import type { OperationOptions } from "./operation.ts";
import { quote } from "./text.ts";

/** How to stage a file. */
export interface StageOptions extends FileAttributes {
  /** Stops the writing. */
  readonly signal?: AbortSignal;
  /** What the hidden name starts with; a dot when absent. */
  readonly hiddenPrefix?: string;
  /**
   * A UUID for the hidden name; a random one when absent. Nobody else may write under it meanwhile:
   * what is there was left by a killed command, and is replaced.
   */
  readonly hiddenId?: string;
  /** Whether the file is flushed to the disk before it has its name; so it is when absent. */
  readonly flush?: boolean;
  /**
   * Whether hidden files that killed commands have left in the folder are removed, once a run: for
   * folders that nobody else tidies.
   */
  readonly tidy?: boolean;
  /** A path of the file's folder that nothing can be put in place of; its name when absent. */
  readonly folder?: string;
  /** Called when the hidden file is open and empty; what it throws ends the staging. */
  readonly onOpen?: () => void | Promise<void>;
}

/** What a staged file gets. */
export type StagedContent = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes a file beside `path`, flushes it to the disk and renames it. A reader sees the old content
 * or the new, never a part. Missing parent folders are made. When `content` fails (as a verifying
 * stream does on a wrong digest) nothing of it is left.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  options: StageOptions = {},
): Promise<void> {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    if (options.tidy) await tidyFolder(dirname(path));
    const chunks = content instanceof Uint8Array ? [content] : content;
    const staged = await StagedFile.write(path, chunks, options);
    await staged.commit();
  } catch (error) {
    throw explainWrite(path, error);
  }
}

/**
 * Writes a small file of ours into a folder that is there and that nobody else writes to: it
 * appears whole, and is flushed by whoever needs it. One of thousands costs a third of what
 * {@linkcode writeFileAtomic} takes.
 */
export async function placeFile(path: string, bytes: Uint8Array): Promise<void> {
  const hidden = join(dirname(path), `.${crypto.randomUUID()}.partial`);
  try {
    Deno.writeFileSync(hidden, bytes, { createNew: true });
    Deno.renameSync(hidden, path);
  } catch (error) {
    await removeIfExists(hidden);
    throw explainWrite(path, error);
  }
}

/** The names of files that are being written, or that a killed command has left. */
export const HIDDEN_FILE = /^\.[0-9a-f-]{36}\.partial$/;

/** Milliseconds after which nobody writes to a hidden file any more. */
const ABANDONED_AFTER = 60 * 60 * 1000;

/** The folders that this run has tidied. */
const tidied = new Set<string>();

/** Removes what killed commands have left of files that were to appear in a folder. */
async function tidyFolder(folder: string): Promise<void> {
  try {
    const place = Deno.realPathSync(folder);
    if (tidied.has(place)) return;
    tidied.add(place);
    for (const { name, isFile } of Deno.readDirSync(folder)) {
      if (!isFile || !HIDDEN_FILE.test(name)) continue;
      const path = join(folder, name);
      const written = lstatIfExistsSync(path)?.mtime?.getTime() ?? Infinity;
      if (Date.now() - written >= ABANDONED_AFTER) await removeIfExists(path);
    }
  } catch (error) {
    // One may write into folders that one may not list, and not remove what others left.
    if (!isUnwritable(error)) throw error;
  }
}

/** A written file that waits for its name. */
export class StagedFile {
  readonly #path: string;
  readonly #partial: string;

  private constructor(path: string, partial: string) {
    this.#path = path;
    this.#partial = partial;
  }

  /** A file that has its name already. */
  static existing(path: string): StagedFile {
    return new StagedFile(path, path);
  }

  /** Writes content to a hidden file beside `path` and flushes it. A failure leaves nothing. */
  static async write(
    path: string,
    content: StagedContent,
    options: StageOptions = {},
  ): Promise<StagedFile> {
    const { hiddenPrefix = ".", hiddenId } = options;
    const hidden = `${hiddenPrefix}${hiddenId ?? crypto.randomUUID()}.partial`;
    const staged = new StagedFile(path, join(dirname(path), hidden));
    const place = join(options.folder ?? dirname(path), hidden);
    try {
      if (hiddenId !== undefined) await removeIfExists(place);
      await staged.#write(place, content, options);
      return staged;
    } catch (error) {
      await removeIfExists(place);
      throw error;
    }
  }

  /**
   * Gives the file its name, in place of what had it. Links are replaced, never followed.
   * @param folder A path of its folder that nothing can be put in place of; its name when absent.
   */
  async commit(folder: string = dirname(this.#path)): Promise<void> {
    try {
      Deno.renameSync(join(folder, basename(this.#partial)), join(folder, basename(this.#path)));
    } catch (error) {
      await this.discard();
      throw explainWrite(this.#path, error);
    }
  }

  /** Removes the hidden file, if it still is one. */
  async discard(): Promise<void> {
    if (this.#partial !== this.#path) await removeIfExists(this.#partial);
  }

  /** Reads the content before the file has its name. */
  async open(options: OperationOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const { fileSource } = await import("./content/file_source.ts");
    return await (await fileSource(this.#partial)).open(options);
  }

  /** The digest of the content, whether the file has its name yet or not. */
  async digest(options: OperationOptions = {}): Promise<Digest> {
    try {
      return await digestFile(this.#partial, options);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      return await digestFile(this.#path, options);
    }
  }

  async #write(place: string, content: StagedContent, options: StageOptions): Promise<void> {
    const mode = unfinishedMode(options.mode);
    using file = Deno.openSync(place, { write: true, createNew: true, mode });
    await options.onOpen?.();
    this.#ensureSame(file);
    for await (const chunk of content) {
      options.signal?.throwIfAborted();
      writeFully(file, chunk);
      giveBack(chunk);
    }
    options.signal?.throwIfAborted();
    setOpenAttributes(file, place, options);
    if (options.flush ?? true) await file.sync();
  }

  /** Makes sure that the open file is the one the hidden name leads to now. */
  #ensureSame(file: Deno.FsFile): void {
    if (isNamed(file, this.#partial)) return;
    throw new ConflictError(
      `Cannot write ${quote(this.#path)}: its folder was replaced meanwhile`,
      { path: this.#path },
    );
  }
}

async function digestFile(path: string, options: OperationOptions): Promise<Digest> {
  const { fileSource } = await import("./content/file_source.ts");
  const source = await fileSource(path);
  return (await digestStream(await source.open(options), options)).digest;
}
