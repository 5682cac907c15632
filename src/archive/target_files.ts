/**
 * The files of one extraction, each on its way: its name is claimed, it is written under a hidden
 * one, and gets its own when it is right.
 * @module
 */
import { fileSource } from "../core/content/file_source.ts";
import type { ExpectedContent } from "../core/content/expected_content.ts";
import { explainWrite, systemCode } from "../core/file_errors.ts";
import { removeIfExists } from "../core/files.ts";
import { basename, join } from "../core/runtime/path.ts";
import type { StagedFile } from "../core/staged_file.ts";
import { Claims } from "./claims.ts";
import { type FileContent, fileHasContent, release } from "./file_content.ts";
import { refuseHidden } from "./leftovers.ts";
import { namesTarget, parentOf, safeRelativePath } from "./safe_path.ts";
import { type ExtractionOptions, type FileFacts, Staging } from "./staging.ts";
import type { TargetFolder } from "./target_folder.ts";

/** Writes files below a folder; what is promised of each is in {@linkcode Extraction}. */
export class TargetFiles {
  /** What has been written, and what is being. */
  readonly staging: Staging;
  readonly #target: TargetFolder;
  readonly #options: ExtractionOptions;
  readonly #claims: Claims;

  /** Writes below a folder that is open; nothing is written yet. */
  constructor(target: TargetFolder, options: ExtractionOptions) {
    this.#target = target;
    this.#options = options;
    this.#claims = new Claims(options.portable ? "windows" : undefined);
    this.staging = new Staging(target, options);
  }

  /** Absolute path of the folder, without links. */
  get root(): string {
    return this.#target.path;
  }

  /** Claims a name from outside, and returns it as a safe relative path. */
  claim(name: string): string {
    const path = safeRelativePath(name, this.#options);
    refuseHidden(path, this.#options);
    this.#claims.file(path);
    return path;
  }

  /** Whether the file of a name is there with this content; it counts as written then. */
  async isUnchanged(name: string, expected: ExpectedContent): Promise<boolean> {
    const path = this.claim(name);
    if (this.staging.has(path) || !this.#target.hasFile(path)) return false;
    const file = this.#target.resolve(path);
    if (!await fileHasContent(file, expected, { signal: this.#options.signal })) return false;
    this.staging.keep(path);
    return true;
  }

  /** Writes a file under a name that is not claimed yet. */
  async write(name: string, content: FileContent, facts: FileFacts): Promise<void> {
    try {
      const path = this.claim(name);
      const staged = await this.staging.stage(path, content, facts);
      if (staged !== undefined) await this.commit(path, staged);
    } catch (error) {
      await release(content);
      throw error;
    }
  }

  /** Gives a staged file its name; a failure leaves nothing of it. */
  async commit(path: string, staged: StagedFile): Promise<void> {
    try {
      using folder = this.#target.pin(parentOf(path), { of: path });
      await staged.commit(folder.path);
    } catch (error) {
      await this.discard(path, staged);
      throw error;
    }
  }

  /** Removes a staged file. */
  async discard(path: string, staged: StagedFile): Promise<void> {
    await staged.discard();
    this.staging.forget(path);
  }

  /** Removes a staged file, since its path has the same content: it counts as written. */
  async keepEarlier(path: string, staged: StagedFile): Promise<void> {
    await this.discard(path, staged);
    this.staging.keep(path);
  }

  /** Gives a finished file a name below the folder. */
  async adoptFile(name: string, file: string, facts: FileFacts): Promise<void> {
    const path = this.claim(name);
    const place = this.#target.resolve(path);
    try {
      this.#target.ensureFolder(parentOf(path), { of: path });
      using folder = this.#target.pin(parentOf(path), { of: path });
      this.#target.ensureReplaceable(path);
      if (facts.mode && Deno.build.os !== "windows") await Deno.chmod(file, facts.mode & 0o777);
      await Deno.rename(file, join(folder.path, basename(path)));
      this.staging.keep(path);
    } catch (error) {
      // A name cannot lead to another disk: the bytes are copied then.
      if (systemCode(error) !== "EXDEV") throw explainWrite(place, error);
      const source = await fileSource(file);
      await this.write(path, () => source.open({ signal: this.#options.signal }), facts);
      await removeIfExists(file);
    }
  }

  /** Makes a folder, and those above it. */
  async makeFolder(name: string, mode: number): Promise<void> {
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
