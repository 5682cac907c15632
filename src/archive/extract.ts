/**
 * The one extractor: everything that writes files named by an artifact writes them here.
 * @module
 */
import { basename, join } from "../core/runtime/path.ts";
import { ConflictError } from "../core/errors.ts";
import { removeIfExists } from "../core/files.ts";
import { quote } from "../core/text.ts";
import { explainWrite, systemCode } from "../core/file_errors.ts";
import { fileSource } from "../core/content/file_source.ts";
import { collectInSeries } from "../core/runtime/garbage.ts";
import { giveWay } from "../core/runtime/turn.ts";
import { observed } from "../core/streams.ts";
import type { ExpectedContent } from "../core/content/expected_content.ts";
import { Claims } from "./claims.ts";
import { type FileContent, fileHasContent, release } from "./file_content.ts";
import { Survey } from "./places/survey.ts";
import { conflictWords, type FileConflict, planFiles, type WantedFile } from "./places/verdicts.ts";
import { parentOf, safeRelativePath } from "./safe_path.ts";
import type { StagedFile } from "../core/staged_file.ts";
import { MarkedFolder } from "./leftovers.ts";
import { type ExtractionOptions, type FileFacts, partialBase, Staging } from "./staging.ts";
import { TargetFolder } from "./target_folder.ts";
import { readTar, type ReadTarOptions, type TarMember } from "./tar_reader.ts";

export type { FileContent } from "./file_content.ts";
export type { ExtractionOptions, FileFacts, ResumedFile } from "./staging.ts";

/** Limits of one archive. */
export type ExtractTarOptions =
  & Pick<
    ReadTarOptions,
    "maxEntries" | "maxMetadata" | "onMissingEnd"
  >
  & {
    /**
     * Told of bytes that a second name of an earlier entry adds; what it throws ends the archive.
     */
    readonly onRepeated?: (bytes: number) => void;
    /** Files that are there with other content are not replaced, but refused, all at once. */
    readonly keepChanged?: boolean;
  };

/** What came out of an archive. */
export interface ExtractedTar {
  /** The files that were written, in the archive's order. */
  readonly files: readonly { readonly path: string; readonly size: number }[];
  /** The entries that were left out, each with its reason: links and special files. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** How many were left out; of more than a thousand the first are in {@linkcode skipped}. */
  readonly skippedCount: number;
}

/**
 * Entries that are left out and kept by name: an archive may have millions, in next to no bytes.
 */
const SKIPPED_SHOWN = 1000;

/** The refusal to replace what is in the way of an extraction. */
export function wouldOverwrite(
  folder: string,
  conflicts: readonly FileConflict[],
): ConflictError {
  const action = `extract to ${quote(folder)}`;
  return new ConflictError(...conflictWords(action, folder, conflicts));
}

/** The content of an entry; why it is left out where it has none that can be written. */
function contentOf(
  member: TarMember,
  staged: ReadonlyMap<string, StagedFile>,
  { onRepeated = () => {} }: ExtractTarOptions,
): FileContent | string {
  if (member.type === "file") return member.chunks;
  if (member.type !== "hard link") return `${member.type} entries are not extracted`;
  const { linkName = "" } = member;
  const earlier = staged.get(linkName.split("/").filter((part) => !/^\.?$/.test(part)).join("/"));
  const isInside = !linkName.startsWith("/") && earlier !== undefined;
  const onlooker = { chunk: ({ byteLength }: Uint8Array) => onRepeated(byteLength) };
  if (isInside) return async () => observed(await earlier.open(), onlooker);
  return `it is a hard link to ${quote(linkName)}, which no earlier entry is`;
}

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
    return this.#track(this.#extractTar(stream, options));
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
      await staged.discard();
      this.#staging.forget(path);
      throw error;
    }
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

  async #extractTar(
    stream: ReadableStream<Uint8Array>,
    limits: ExtractTarOptions,
  ): Promise<ExtractedTar> {
    const { signal } = this.#options;
    const staged = new Map<string, StagedFile>();
    const files: { path: string; size: number }[] = [];
    const skipped: { path: string; reason: string }[] = [];
    let skippedCount = 0;
    try {
      for await (const member of readTar(stream, { ...limits, signal })) {
        if (member.type === "directory") {
          await this.#makeFolder(member.name, member.mode);
        } else {
          const content = contentOf(member, staged, limits);
          if (typeof content === "string") {
            if (skippedCount++ < SKIPPED_SHOWN) {
              skipped.push({ path: member.name, reason: content });
            }
            collectInSeries(skippedCount);
            continue;
          }
          const path = this.claim(member.name);
          const facts = member.type === "file" ? member : { ...member, size: undefined };
          const file = await this.#staging.stage(path, content, facts);
          if (file === undefined) continue;
          staged.set(path, file);
          files.push({ path, size: member.size });
          collectInSeries(files.length);
        }
      }
      if (limits.keepChanged) await this.#refuseChanged(staged);
      let committed = 0;
      for (const [path, file] of staged) {
        await giveWay();
        await this.#commit(path, file);
        collectInSeries(++committed);
      }
    } catch (error) {
      for (const [path, file] of staged) {
        await file.discard();
        this.#staging.forget(path);
      }
      throw error;
    }
    return { files, skipped, skippedCount };
  }

  /** Finds the staged files that would replace other content. */
  async #refuseChanged(staged: ReadonlyMap<string, StagedFile>): Promise<void> {
    const survey = new Survey(this.root);
    const wanted: WantedFile[] = [];
    for (const [path, file] of staged) {
      await giveWay();
      // Most often nothing is there: then there is nothing to compare, and nothing is read again.
      if ((await survey.look(path)).kind === "missing") continue;
      wanted.push({ path, digest: await file.digest(this.#options) });
    }
    const found = await planFiles(survey, wanted, {
      signal: this.#options.signal,
      replaceFolders: false,
    });
    const conflicts = found.flatMap(({ conflict }) => conflict ?? []);
    if (conflicts.length > 0) throw wouldOverwrite(this.root, conflicts);
  }

  async #makeFolder(name: string, mode: number): Promise<void> {
    if (name.startsWith(".") && name.split("/").every((part) => part === "" || part === ".")) {
      return;
    }
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
