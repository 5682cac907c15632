/**
 * Reading tar archives: USTAR, PAX and GNU names, in one pass and bounded memory.
 *
 * Blocks are framed and checked here, what a header says is decoded by `modern-tar`.
 * @module
 */
import { unpackTar } from "../deps/modern-tar.ts";
import type { TarHeader } from "../deps/modern-tar.ts";
import { IntegrityError, InvalidInputError, UnsupportedError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { CHUNK_SIZE, concatBytes, streamOf } from "../core/streams.ts";
import { ByteReader } from "./byte_reader.ts";
import { BLOCK_SIZE, tarChecksum, tarPadding } from "./tar_header.ts";

/** What an entry of an archive is. */
export type TarMemberType =
  | "file"
  | "directory"
  | "hard link"
  | "symbolic link"
  | "device"
  | "fifo"
  | "other";

/** An entry of an archive while it is read. */
export interface TarMember {
  /** The name as the archive has it: not safe as a path. */
  readonly name: string;
  readonly type: TarMemberType;
  /** Size of the content in bytes. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** Modification time; an invalid date when the archive has nonsense. */
  readonly mtime: Date;
  /** Where a link points. */
  readonly linkName?: string | undefined;
  /** The content. What is not read before the next entry is asked for is skipped. */
  readonly body: ReadableStream<Uint8Array>;
}

/** Limits that keep a hostile archive from using up memory and time. */
export interface ReadTarOptions extends OperationOptions {
  /** Most entries of an archive; a million when absent. */
  readonly maxEntries?: number | undefined;
  /** Most bytes of long names and PAX records that one entry may have; 1 MiB when absent. */
  readonly maxMetadata?: number | undefined;
}

const TYPES: Readonly<Record<string, TarMemberType>> = {
  "\0": "file",
  "0": "file",
  "1": "hard link",
  "2": "symbolic link",
  "3": "device",
  "4": "device",
  "5": "directory",
  "6": "fifo",
  "7": "file",
};

/** Type flags of headers that describe the entry after them: PAX, PAX global, GNU name, GNU link. */
const METADATA_FLAGS = "xgLK";

/**
 * The entries of a tar archive in their order. The stream is read to its end, past the archive's end
 * blocks, and cancelled when the iteration stops early.
 * @throws {IntegrityError} when the archive is corrupt, ends too early, or is followed by other data.
 * @throws {InvalidInputError} when a limit is passed.
 * @throws {UnsupportedError} when a file is stored as a sparse file.
 */
export async function* readTar(
  stream: ReadableStream<Uint8Array>,
  options: ReadTarOptions = {},
): AsyncGenerator<TarMember, void> {
  const { maxEntries = 1_000_000 } = options;
  const bytes = new ByteReader(stream);
  const headers = new Headers(bytes, options.maxMetadata ?? CHUNK_SIZE);
  try {
    let count = 0;
    for (let next = await headers.next(); next; next = await headers.next()) {
      options.signal?.throwIfAborted();
      if (++count > maxEntries) throw tooLarge(`it has more than ${maxEntries} entries`);
      const body = new Body(bytes, next.size);
      yield { ...next, body: streamOf(body.chunks()) };
      await body.finish();
    }
    await checkTail(bytes);
  } finally {
    await bytes.cancel();
  }
}

/** The content of the current entry. */
class Body {
  readonly #bytes: ByteReader;
  readonly #padding: number;
  #left: number;

  constructor(bytes: ByteReader, size: number) {
    this.#bytes = bytes;
    this.#left = size;
    this.#padding = tarPadding(size).byteLength;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void> {
    while (this.#left > 0) {
      const chunk = await this.#bytes.some(this.#left);
      if (chunk === undefined) throw truncated();
      this.#left -= chunk.byteLength;
      yield chunk;
    }
  }

  /** Moves on to the next header; the content can no longer be read. */
  async finish(): Promise<void> {
    const left = this.#left + this.#padding;
    this.#left = 0;
    if (!await this.#bytes.skip(left)) throw truncated();
  }
}

/** Reads the headers between contents. */
class Headers {
  readonly #bytes: ByteReader;
  readonly #maxMetadata: number;
  #globals: Uint8Array[] = [];

  constructor(bytes: ByteReader, maxMetadata: number) {
    this.#bytes = bytes;
    this.#maxMetadata = maxMetadata;
  }

  /** What the next header says; `undefined` at the end blocks. */
  async next(): Promise<Omit<TarMember, "body"> | undefined> {
    const metadata: Uint8Array[] = [];
    while (true) {
      const block = await this.#block();
      if (isZero(block)) {
        if (metadata.length > 0 || !isZero(await this.#block())) {
          throw corrupt("a header is missing");
        }
        return undefined;
      }
      if (octal(block.subarray(148, 156)) !== tarChecksum(block)) {
        throw corrupt("a header has a wrong checksum");
      }
      const flag = String.fromCharCode(block[156] ?? 0);
      if (!METADATA_FLAGS.includes(flag)) {
        return member(await decode([...this.#globals, ...metadata, block]), flag);
      }
      const list = flag === "g" ? this.#globals : metadata;
      list.push(block, await this.#metadata(octal(block.subarray(124, 136))));
      const size = list.reduce((sum, part) => sum + part.byteLength, 0);
      if (size > this.#maxMetadata) throw this.#tooMuchMetadata();
    }
  }

  async #block(): Promise<Uint8Array> {
    const block = await this.#bytes.exactly(BLOCK_SIZE);
    if (block === undefined) throw truncated();
    return block;
  }

  async #metadata(size: number): Promise<Uint8Array> {
    if (size > this.#maxMetadata) throw this.#tooMuchMetadata();
    const bytes = await this.#bytes.exactly(size + tarPadding(size).byteLength);
    if (bytes === undefined) throw truncated();
    return bytes;
  }

  #tooMuchMetadata(): InvalidInputError {
    return tooLarge(`an entry has more than ${this.#maxMetadata} bytes of metadata`);
  }
}

/** Decodes the headers of one entry; the content is not among the blocks. */
async function decode(blocks: readonly Uint8Array[]): Promise<TarHeader> {
  try {
    const [entry] = await unpackTar(concatBytes(blocks));
    if (entry !== undefined) return entry.header;
  } catch (cause) {
    throw corrupt(cause instanceof Error ? cause.message : String(cause), cause);
  }
  throw corrupt("a header cannot be decoded");
}

function member(header: TarHeader, flag: string): Omit<TarMember, "body"> {
  const isSparse = flag === "S" ||
    Object.keys(header.pax ?? {}).some((key) => key.startsWith("GNU.sparse."));
  if (isSparse) {
    throw new UnsupportedError(
      `Cannot read tar entry ${JSON.stringify(header.name)}: it is stored as a sparse file`,
      { path: header.name, remedy: "write the archive without --sparse" },
    );
  }
  return {
    name: header.name,
    type: header.type === "directory" ? "directory" : TYPES[flag] ?? "other",
    size: header.size,
    mode: (header.mode ?? 0) & 0o7777,
    mtime: header.mtime ?? new Date(NaN),
    linkName: header.linkname || undefined,
  };
}

/** Reads on to the end of the stream, where only zeros may be. */
async function checkTail(bytes: ByteReader): Promise<void> {
  for (let tail = await bytes.some(CHUNK_SIZE); tail; tail = await bytes.some(CHUNK_SIZE)) {
    if (!isZero(tail)) throw corrupt("other data follows its end");
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** The number in a header field of octal digits, which spaces or a NUL end. */
function octal(field: Uint8Array): number {
  const digits = /^ *([0-7]+)/.exec(new TextDecoder().decode(field))?.[1];
  if (digits === undefined) throw corrupt("a header has a malformed number");
  return parseInt(digits, 8);
}

function truncated(): IntegrityError {
  return corrupt("it is truncated");
}

function corrupt(reason: string, cause?: unknown): IntegrityError {
  return new IntegrityError(
    `Cannot read tar archive: ${reason.replace(/\.$/, "")}`,
    cause === undefined ? {} : { cause },
  );
}

function tooLarge(reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot read tar archive: ${reason}`);
}
