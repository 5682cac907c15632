/**
 * The headers of tar archives as they are read: USTAR, PAX and GNU names.
 *
 * Blocks are framed and checked here; what they say is decoded by `modern-tar`, which does not tell
 * an unknown type of entry from a file and has a fixed limit on metadata.
 * @module
 */
import { quote } from "../core/text.ts";
import { unpackTar } from "../deps/modern-tar.ts";
import type { TarHeader } from "../deps/modern-tar.ts";
import { IntegrityError, InvalidInputError, UnsupportedError } from "../core/errors.ts";
import { concatBytes } from "../core/streams.ts";
import type { ByteReader } from "./byte_reader.ts";
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

/** What the headers say about an entry. */
export interface TarFacts {
  /** The name as the archive has it: not safe as a path. */
  readonly name: string;
  readonly type: TarMemberType;
  /** Size of the content in bytes. */
  readonly size: number;
  /** Permission bits, with those for set-user-ID and the like. */
  readonly mode: number;
  /** Modification time; an invalid date when the archive has nonsense. */
  readonly mtime: Date;
  readonly linkName?: string;
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

/** How archives may end. */
export interface TarEndOptions {
  /**
   * Called where the blocks of zeros at the end are missing, as some writers leave them: the
   * archive is whole if its last entry is, unless it was cut between two. It is damaged when absent.
   */
  readonly onMissingEnd?: () => void;
}

/** Type flags of headers that describe the next entry: PAX, PAX global, GNU name, GNU link. */
const METADATA_FLAGS = "xgLK";

/** Most bytes of global PAX records: they are decoded again for every entry. */
const MAX_GLOBALS = 16 * 1024;

/** Reads the headers between the contents of an archive. */
export class TarHeaderReader {
  readonly #bytes: ByteReader;
  readonly #options: TarEndOptions & { readonly maxMetadata: number };
  readonly #globals: Uint8Array[] = [];
  #seenEntry = false;

  /** Reads from `bytes`, at most `maxMetadata` bytes of metadata for one entry. */
  constructor(bytes: ByteReader, options: TarEndOptions & { readonly maxMetadata: number }) {
    this.#bytes = bytes;
    this.#options = options;
  }

  /** Whether the stream ends where an entry has ended, and may do so. */
  async #endsHere(): Promise<boolean> {
    const { onMissingEnd } = this.#options;
    if (!onMissingEnd || !this.#seenEntry || !await this.#bytes.atEnd()) return false;
    onMissingEnd();
    return true;
  }

  /**
   * What the next header says; `undefined` at the end blocks, or where they should be.
   * @throws {IntegrityError} when the header is missing or corrupt.
   * @throws {InvalidInputError} when there is too much metadata.
   * @throws {UnsupportedError} when the entry is a sparse file.
   */
  async next(): Promise<TarFacts | undefined> {
    const metadata: Uint8Array[] = [];
    while (true) {
      if (metadata.length === 0 && await this.#endsHere()) return undefined;
      const block = await this.#block();
      if (isZero(block)) {
        const isWhole = await this.#endsHere() || isZero(await this.#block());
        if (metadata.length > 0 || !isWhole) {
          throw corrupt("a header is missing");
        }
        return undefined;
      }
      if (octal(block.subarray(148, 156)) !== tarChecksum(block)) {
        throw corrupt("a header has a wrong checksum");
      }
      const flag = String.fromCharCode(block[156] ?? 0);
      if (!METADATA_FLAGS.includes(flag)) {
        this.#seenEntry = true;
        return member(await decode([...this.#globals, ...metadata, block]), flag);
      }
      const size = octal(block.subarray(124, 136));
      if (flag === "g") {
        await this.#collect(block, size, { into: this.#globals, limit: MAX_GLOBALS });
      } else await this.#collect(block, size, { into: metadata, limit: this.#options.maxMetadata });
    }
  }

  async #block(): Promise<Uint8Array> {
    const block = await this.#bytes.exactly(BLOCK_SIZE);
    if (block === undefined) throw truncated();
    return block;
  }

  /** Adds a metadata header and its content to a list of limited size. */
  async #collect(
    block: Uint8Array,
    size: number,
    { into, limit }: { readonly into: Uint8Array[]; readonly limit: number },
  ): Promise<void> {
    const held = into.reduce((sum, part) => sum + part.byteLength, 0);
    if (held + size > limit) throw tooLarge(`it has more than ${limit} bytes of metadata in a row`);
    const content = await this.#bytes.exactly(size + tarPadding(size).byteLength);
    if (content === undefined) throw truncated();
    into.push(block, content);
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

function member(header: TarHeader, flag: string): TarFacts {
  const isSparse = flag === "S" ||
    Object.keys(header.pax ?? {}).some((key) => key.startsWith("GNU.sparse."));
  if (isSparse) {
    const name = header.name.slice(0, 200);
    throw new UnsupportedError(
      `Cannot read tar entry ${quote(name)}: it is stored as a sparse file`,
      { path: name, remedy: "write the archive without --sparse" },
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

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** The number in a header field of octal digits, which spaces or a NUL end. */
function octal(field: Uint8Array): number {
  const digits = /^ *([0-7]+)/.exec(new TextDecoder().decode(field))?.[1];
  if (digits === undefined) throw corrupt("a header has a malformed number");
  return parseInt(digits, 8);
}

export function truncated(): IntegrityError {
  return corrupt("it is truncated");
}

export function corrupt(reason: string, cause?: unknown): IntegrityError {
  return new IntegrityError(`Cannot read tar archive: ${reason.replace(/\.$/, "")}`, { cause });
}

/** The error of an archive that passes a limit. */
export function tooLarge(reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot read tar archive: ${reason}`);
}
