/**
 * The one extractor: everything that writes files named by an artifact writes them here.
 * @module
 */
import { basename, join } from "../core/runtime/path.ts";
import { removeIfExists } from "../core/files.ts";
import { explainWrite, systemCode } from "../core/file_errors.ts";
import { fileSource } from "../core/content/file_source.ts";
import type { ExpectedContent } from "../core/content/expected_content.ts";
import { Claims } from "./claims.ts";
import { type ExtractedTar, type ExtractTarOptions, extractTarTo } from "./extract_tar.ts";
import { type FileContent, fileHasContent, release } from "./file_content.ts";
import { namesTarget, parentOf, safeRelativePath } from "./safe_path.ts";
import type { StagedFile } from "../core/staged_file.ts";
import { MarkedFolder, refuseHidden } from "./leftovers.ts";
import { type ExtractionOptions, type FileFacts, partialBase, Staging } from "./staging.ts";
import { TargetFolder } from "./target_folder.ts";

export type { ExtractedTar, ExtractTarOptions } from "./extract_tar.ts";
export type { FileContent } from "./file_content.ts";
export type { ExtractionOptions, FileFacts, ResumedFile } from "./staging.ts";

/**
 * Writes files below one folder, and never outside it. Names are checked, links on the way are
 * refused, and a file appears whole or not at all. Several files may be written at once.
 *
 * Another user who may write to the folder can put a link in the way at the moment of a rename. The
 * rename then fails, since the hidden file is not where the link leads.
 *
 * Disposing waits for what is still being written.
 */
export class Extraction implements AsyncDisposable {
  readonly #target: TargetFolder;
  readonly #options: ExtractionOptions;
  readonly #claims: Claims;
  readonly #staging: Staging;
  readonly #running = new Set<Promise<unknown>>();
  readonly #marked: MarkedFolder | undefined;

  private constructor(
    target: TargetFolder,
    options: ExtractionOptions,
    marked: MarkedFolder | undefined,
  ) {
    this.#target = target;
    this.#options = options;
    this.#claims = new Claims(options.portable ? "windows" : undefined);
    this.#marked = marked;
    this.#staging = new Staging(target, options);
  }

  /** Opens a folder for extraction, making it when it is missing. */
  static async open(root: string, options: ExtractionOptions = {}): Promise<Extraction> {
    options.signal?.throwIfAborted();
    const target = await TargetFolder.open(root);
    return new Extraction(target, options, await markFolder(target, options));
  }

  /** Absolute path of the folder, without links. */
  get root(): string {
    return this.#target.path;
  }

  /**
   * Claims a name before anything is written, and returns it as a safe relative path. Claiming all
   * the names first finds every clash before the first byte moves.
   * @throws {InvalidInputError} when the name is unsafe.
   * @throws {ConflictError} when it meets another name of this extraction.
   */
  claim(name: string): string {
    const path = safeRelativePath(name, this.#options);
    refuseHidden(path, this.#options);
    this.#claims.file(path);
    return path;
  }

  /**
   * Whether a file is there already with this content, by reading all of it. Where it is, the path
   * counts as written.
   * @throws {InvalidInputError | ConflictError} as {@linkcode claim} does.
   */
  isUnchanged(name: string, expected: ExpectedContent): Promise<boolean> {
    return this.#track(this.#isUnchanged(name, expected));
  }

  /** Counts a path as written, since the file there is right. */
  keep(name: string): void {
    this.#staging.keep(this.claim(name));
  }

  /**
   * Writes one file. A stream that is not read to its end is cancelled; a function is not called
   * before its content is needed. The content is read to its end before the file gets its name, so
   * a content that verifies itself and throws leaves nothing behind. A path that this extraction
   * has written before may come again with the same content only.
   * @throws {InvalidInputError} when the name is unsafe or a limit is passed.
   * @throws {IntegrityError} when the content has another size than the facts say.
   * @throws {ConflictError} when something that must not be replaced is in the way.
   */
  writeFile(name: string, content: FileContent, facts: FileFacts = {}): Promise<void> {
    return this.#track(this.#writeFile(name, content, facts));
  }

  /**
   * Gives a finished file a name below the folder, by renaming it; between two disks it is copied.
   * The caller answers for its content.
   * @throws {InvalidInputError | ConflictError} as {@linkcode writeFile} does.
   */
  adoptFile(name: string, file: string, facts: FileFacts = {}): Promise<void> {
    return this.#track(this.#adoptFile(name, file, facts));
  }

  /**
   * Makes a folder, and those above it.
   * @throws {InvalidInputError} when the name is unsafe.
   * @throws {ConflictError} when a file or a link is in the way.
   */
  makeFolder(name: string, options: { readonly mode?: number } = {}): Promise<void> {
    return this.#track(this.#makeFolder(name, options.mode ?? 0o755));
  }

  /**
   * Writes the regular files and folders of a tar archive. No file gets its name before the whole
   * stream was read, so a stream that verifies itself and throws leaves no files behind.
   * @throws {IntegrityError} when the archive is corrupt or truncated; besides, as
   * {@linkcode writeFile}.
   */
  extractTar(
    stream: ReadableStream<Uint8Array>,
    options: ExtractTarOptions = {},
  ): Promise<ExtractedTar> {
    return this.#track(
      extractTarTo(
        {
          root: this.root,
          claim: (name) => this.claim(name),
          stage: (path, content, facts) => this.#staging.stage(path, content, facts),
          commit: (path, file) => this.#commit(path, file),
          keep: async (path, file) => {
            await this.#discard(path, file);
            this.#staging.keep(path);
          },
          discard: (path, file) => this.#discard(path, file),
          makeFolder: (name, mode) => this.#makeFolder(name, mode),
        },
        stream,
        { ...options, signal: this.#options.signal },
      ),
    );
  }

  /** Waits for what is still being written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#marked?.close(this.#staging);
  }

  async #track<Result>(work: Promise<Result>): Promise<Result> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  async #isUnchanged(name: string, expected: ExpectedContent): Promise<boolean> {
    const path = this.claim(name);
    if (this.#staging.has(path) || !this.#target.hasFile(path)) return false;
    const file = this.#target.resolve(path);
    if (!await fileHasContent(file, expected, { signal: this.#options.signal })) return false;
    this.#staging.keep(path);
    return true;
  }

  async #writeFile(name: string, content: FileContent, facts: FileFacts): Promise<void> {
    try {
      const path = this.claim(name);
      const staged = await this.#staging.stage(path, content, facts);
      if (staged !== undefined) await this.#commit(path, staged);
    } catch (error) {
      await release(content);
      throw error;
    }
  }

  /** Gives a staged file its name; a failure leaves nothing of it. */
  async #commit(path: string, staged: StagedFile): Promise<void> {
    try {
      using folder = this.#target.pin(parentOf(path), { of: path });
      await staged.commit(folder.path);
    } catch (error) {
      await this.#discard(path, staged);
      throw error;
    }
  }

  async #discard(path: string, staged: StagedFile): Promise<void> {
    await staged.discard();
    this.#staging.forget(path);
  }

  async #adoptFile(name: string, file: string, facts: FileFacts): Promise<void> {
    const path = this.claim(name);
    const place = this.#target.resolve(path);
    try {
      this.#target.ensureFolder(parentOf(path), { of: path });
      using folder = this.#target.pin(parentOf(path), { of: path });
      this.#target.ensureReplaceable(path);
      if (facts.mode && Deno.build.os !== "windows") await Deno.chmod(file, facts.mode & 0o777);
      await Deno.rename(file, join(folder.path, basename(path)));
      this.#staging.keep(path);
    } catch (error) {
      // A name cannot lead to another disk: the bytes are copied then.
      if (systemCode(error) !== "EXDEV") throw explainWrite(place, error);
      const source = await fileSource(file);
      await this.#writeFile(path, () => source.open({ signal: this.#options.signal }), facts);
      await removeIfExists(file);
    }
  }

  async #makeFolder(name: string, mode: number): Promise<void> {
    if (namesTarget(name)) return;
    const path = safeRelativePath(name, this.#options);
    this.#claims.folder(path);
    try {
      this.#target.ensureFolder(path, { mode: (mode & 0o777) | 0o700 });
    } catch (error) {
      throw explainWrite(this.#target.resolve(path), error);
    }
  }
}

/** Marks a folder and removes what was left in it, where that is wanted. */
async function markFolder(
  target: TargetFolder,
  { sweep, hiddenPrefix, ...options }: ExtractionOptions,
): Promise<MarkedFolder | undefined> {
  if (sweep === undefined || hiddenPrefix === undefined) return undefined;
  const keep = sweep.resumed.map(({ path, key }) =>
    partialBase(target.resolve(safeRelativePath(path)), key, { hiddenPrefix })
  );
  return await MarkedFolder.open(target.path, { ...options, hiddenPrefix, keep: new Set(keep) });
}
