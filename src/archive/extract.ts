/**
 * The one extractor: everything that writes files named by an artifact writes them here.
 * @module
 */
import type { ExpectedContent } from "../core/content/expected_content.ts";
import { type ExtractedTar, type ExtractTarOptions, extractTarTo } from "./extract_tar.ts";
import type { FileContent } from "./file_content.ts";
import { MarkedFolder } from "./leftovers.ts";
import { safeRelativePath } from "./safe_path.ts";
import { type ExtractionOptions, type FileFacts, partialBase } from "./staging.ts";
import { TargetFiles } from "./target_files.ts";
import { TargetFolder } from "./target_folder.ts";

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
  readonly #files: TargetFiles;
  readonly #signal: AbortSignal | undefined;
  readonly #running = new Set<Promise<unknown>>();
  readonly #marked: MarkedFolder | undefined;

  private constructor(
    target: TargetFolder,
    options: ExtractionOptions,
    marked: MarkedFolder | undefined,
  ) {
    this.#files = new TargetFiles(target, options);
    this.#signal = options.signal;
    this.#marked = marked;
  }

  /** Opens a folder for extraction, making it when it is missing. */
  static async open(root: string, options: ExtractionOptions = {}): Promise<Extraction> {
    options.signal?.throwIfAborted();
    const target = await TargetFolder.open(root);
    return new Extraction(target, options, await markFolder(target, options));
  }

  /** Absolute path of the folder, without links. */
  get root(): string {
    return this.#files.root;
  }

  /**
   * Claims a name before anything is written, and returns it as a safe relative path. Claiming all
   * the names first finds every clash before the first byte moves.
   * @throws {InvalidInputError} when the name is unsafe.
   * @throws {ConflictError} when it meets another name of this extraction.
   */
  claim(name: string): string {
    return this.#files.claim(name);
  }

  /**
   * Whether a file is there already with this content, by reading all of it. Where it is, the path
   * counts as written.
   * @throws {InvalidInputError | ConflictError} as {@linkcode claim} does.
   */
  isUnchanged(name: string, expected: ExpectedContent): Promise<boolean> {
    return this.#track(this.#files.isUnchanged(name, expected));
  }

  /** Counts a path as written, since the file there is right. */
  keep(name: string): void {
    this.#files.staging.keep(this.claim(name));
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
    return this.#track(this.#files.write(name, content, facts));
  }

  /**
   * Gives a finished file a name below the folder, by renaming it; between two disks it is copied.
   * The caller answers for its content.
   * @throws {InvalidInputError | ConflictError} as {@linkcode writeFile} does.
   */
  adoptFile(name: string, file: string, facts: FileFacts = {}): Promise<void> {
    return this.#track(this.#files.adoptFile(name, file, facts));
  }

  /**
   * Makes a folder, and those above it.
   * @throws {InvalidInputError} when the name is unsafe.
   * @throws {ConflictError} when a file or a link is in the way.
   */
  makeFolder(name: string, options: { readonly mode?: number } = {}): Promise<void> {
    return this.#track(this.#files.makeFolder(name, options.mode ?? 0o755));
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
    return this.#track(extractTarTo(this.#files, stream, { ...options, signal: this.#signal }));
  }

  /** Waits for what is still being written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#marked?.close(this.#files.staging);
  }

  async #track<Result>(work: Promise<Result>): Promise<Result> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
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
