/**
 * What is in an export archive, verified by reading all of it once.
 * @module
 */
import { archiveForm, FORM_SIZE } from "../../archive/archive_form.ts";
import type { Compression } from "../../archive/compression.ts";
import { type ArchiveLimits, limitedExpansion, raiseLimit } from "../../archive/limits.ts";
import { readTar, type TarMember } from "../../archive/tar_reader.ts";
import { digestBytes, digestStream } from "../../core/digest.ts";
import {
  IntegrityError,
  InvalidInputError,
  type Problem,
  UnsupportedError,
} from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { type FileSource, fileSource } from "../../core/content/file_source.ts";
import { collectInSeries } from "../../core/runtime/garbage.ts";
import { readAll } from "../../core/streams.ts";
import { messagesError } from "../../core/problems.ts";
import { quote } from "../../core/text.ts";
import { decodePointer, type Pointer, POINTER_SIZE_LIMIT } from "../documents/pointer.ts";
import { decodeProvenance, type Provenance } from "../documents/provenance.ts";
import type { ScannedFile } from "../publish/scan.ts";
import { isPointerPath, isTransient, pointerPath, PROVENANCE_PATH } from "../workspace/layout.ts";
import { inPlace } from "../workspace/pointers.ts";
import { anyPath, isReserved, RESERVED_FOLDER } from "../workspace/path.ts";

/** A file of an archive. */
export type ArchiveFile = Pick<ScannedFile, "path" | "digest" | "size" | "mode">;

/** What is in an archive. */
export interface ArchiveContents {
  /** The files by path. */
  readonly files: ReadonlyMap<string, ArchiveFile>;
  /** Paths of the folders. */
  readonly folders: readonly string[];
  /** The pointers by path of their pointer files. */
  readonly pointers: ReadonlyMap<string, Pointer>;
  /** Where the workspace came from, when the archive says so. */
  readonly provenance?: Provenance;
}

/** An archive that can be read several times. */
export class ArchiveReader {
  readonly #source: FileSource;
  readonly #compression: Compression;
  readonly #limits: ArchiveLimits;
  /** Whether it was said that its end is missing: it is read more than once. */
  #saidNoEnd = false;

  private constructor(source: FileSource, compression: Compression, limits: ArchiveLimits) {
    this.#source = source;
    this.#compression = compression;
    this.#limits = limits;
  }

  /**
   * Opens an archive, compressed or not; its bytes say which, not its name.
   * @throws {NotFoundError} when there is no such file.
   * @throws {UnsupportedError} when it is packed in a form that is not read.
   */
  static async open(
    path: string,
    options: OperationOptions & ArchiveLimits = {},
  ): Promise<ArchiveReader> {
    const source = await fileSource(path);
    const range = { start: 0, end: Math.min(FORM_SIZE, source.size) };
    const start = await readAll(await source.open({ range, signal: options.signal }), range.end);
    const form = archiveForm(start);
    if ("compression" in form) return new ArchiveReader(source, form.compression, options);
    throw new UnsupportedError(`Cannot read ${quote(path)}: it is ${form.foreign}, and no tar`, {
      path,
      remedy: "unpack it, and pack its files again with: modelops bundle export FOLDER",
    });
  }

  /** The entries in their order; fails when the file has changed since it was opened. */
  async *members(options: OperationOptions = {}): AsyncGenerator<TarMember, void> {
    const stream = await this.#source.open({ signal: options.signal });
    const { size, path } = this.#source;
    let count = 0;
    const facts = { size, what: quote(path), entries: () => count };
    const { maxWindow } = this.#limits;
    const unpack = () => this.#compression.decompress(stream, { what: facts.what, maxWindow });
    const tar = this.#isPacked ? limitedExpansion(unpack(), facts, this.#limits) : stream;
    try {
      yield* readTar(tar, {
        signal: options.signal,
        maxEntries: this.#limits.maxEntries,
        onEntry: () => collectInSeries(++count),
        onMissingEnd: () => this.#noteMissingEnd(options),
      });
    } catch (error) {
      throw this.#named(error, { isFirst: count === 0 });
    }
  }

  /** The error of an archive with its name; what fails before its first entry is none. */
  #named(cause: unknown, { isFirst = false } = {}): unknown {
    const { path } = this.#source;
    const isCorrupt = cause instanceof IntegrityError;
    if (!isCorrupt && !(cause instanceof InvalidInputError)) return cause;
    const { found, remedy } = cause.facts;
    if (found === undefined) return cause;
    const Named = isCorrupt ? IntegrityError : InvalidInputError;
    const reason = isCorrupt && isFirst ? `it is no tar: ${found}` : found;
    return new Named(`Cannot read archive ${quote(path)}: ${reason}`, { path, remedy, cause });
  }

  /**
   * Reads and verifies everything.
   * @throws {IntegrityError} when the archive is corrupt, or a file is not what its pointer says.
   * @throws {InvalidInputError} naming every link, special file, unsafe name and malformed pointer.
   */
  async contents(options: OperationOptions = {}): Promise<ArchiveContents> {
    const reader = new ContentsReader(this.#source.path);
    let bytes = 0;
    for await (const member of this.members(options)) {
      bytes += member.size;
      this.#checkSize(bytes);
      // Where the content of an entry ends too early is found by who reads it.
      await reader.add(member, options).catch((error) => {
        throw this.#named(error);
      });
    }
    return reader.finish();
  }

  get #isPacked(): boolean {
    return this.#compression.name !== "none";
  }

  /** Tells of a bare tar that may have been cut between two files; a compressed one has an end. */
  #noteMissingEnd({ log }: OperationOptions): void {
    if (this.#isPacked || this.#saidNoEnd) return;
    this.#saidNoEnd = true;
    const { path } = this.#source;
    log?.("warning", `${quote(path)} has no end blocks: if it was cut, files are missing`, {
      path,
    });
  }

  #checkSize(bytes: number): void {
    const { maxSize = Infinity } = this.#limits;
    if (bytes <= maxSize) return;
    throw new InvalidInputError(
      `Cannot import ${quote(this.#source.path)}: its files exceed ${maxSize} bytes in all`,
      { path: this.#source.path, expected: maxSize, remedy: raiseLimit("--max-size") },
    );
  }
}

class ContentsReader {
  readonly #archive: string;
  readonly #files = new Map<string, ArchiveFile>();
  readonly #folders = new Set<string>();
  readonly #pointers = new Map<string, Pointer>();
  readonly #problems: Problem[] = [];
  #provenance: Provenance | undefined;

  constructor(archive: string) {
    this.#archive = archive;
  }

  async add(member: TarMember, options: OperationOptions): Promise<void> {
    try {
      const path = memberPath(member);
      if (this.#files.has(path) || this.#folders.has(path)) {
        throw refused(path, "the archive has it twice");
      }
      if (member.type === "directory") this.#folders.add(path);
      else this.#files.set(path, await this.#read(path, member, options));
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      this.#problems.push({ message: error.message });
    }
  }

  async #read(path: string, member: TarMember, options: OperationOptions): Promise<ArchiveFile> {
    const mode = (member.mode & 0o777) | 0o600;
    if (!isPointerPath(path) && path !== PROVENANCE_PATH) {
      return { path, mode, ...await digestStream(member.body, options) };
    }
    const what = `${quote(path)} of ${quote(this.#archive)}`;
    const bytes = await readAll(member.body, POINTER_SIZE_LIMIT, what);
    if (path === PROVENANCE_PATH) this.#provenance = decodeProvenance(bytes, what);
    else this.#pointers.set(path, ownPointer(path, decodePointer(bytes, what)));
    return { path, mode, digest: digestBytes(bytes), size: bytes.byteLength };
  }

  finish(): ArchiveContents {
    if (this.#problems.length > 0) {
      const path = this.#archive;
      throw messagesError(`import ${quote(path)}`, this.#problems, { path });
    }
    for (const pointer of this.#pointers.values()) this.#checkPointed(pointer);
    return {
      files: this.#files,
      folders: [...this.#folders],
      pointers: this.#pointers,
      provenance: this.#provenance,
    };
  }

  /** Compares a file with the pointer that says that its bytes are here. */
  #checkPointed({ path, sha256, size, fulfilled }: Pointer): void {
    const file = this.#files.get(path);
    const expected = `sha256:${sha256}`;
    if (!fulfilled || !file || (file.digest === expected && file.size === size)) return;
    throw new IntegrityError(
      `Cannot import ${quote(path)}: got ${file.size} bytes with digest ${file.digest}, ` +
        `its pointer wants ${size} bytes with ${expected}`,
      { path, expected, actual: file.digest },
    );
  }
}

/** The path of an entry of an archive. */
export function memberPath(member: Pick<TarMember, "name" | "type">): string {
  const { name, type } = member;
  if (type !== "file" && type !== "directory") throw refused(name, `it is a ${type}`);
  const path = anyPath(name, "import");
  if (isReserved(path) && path.split("/", 1)[0] !== RESERVED_FOLDER) {
    throw refused(name, `some systems take its folder for "${RESERVED_FOLDER}"`);
  }
  if (isTransient(path)) throw refused(name, "only unfinished files have such a name");
  return path;
}

function ownPointer(path: string, found: Pointer): Pointer {
  const pointer = inPlace(path, found);
  if (pointerPath(pointer.path) === path) return pointer;
  throw refused(path, `it is the pointer of ${quote(pointer.path)}, which is elsewhere`);
}

function refused(path: string, reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot import ${quote(path)}: ${reason}`, { path });
}
