/**
 * The headers of tar archives as they are read: framed, checked, and put together where several
 * stand before one entry.
 * @module
 */
import { InvalidInputError, UnsupportedError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import type { IntegrityError } from "../core/errors.ts";
import type { ByteReader } from "./byte_reader.ts";
import { BLOCK_SIZE, FIELDS, signedTarChecksum, tarChecksum, tarPadding } from "./tar_block.ts";
import {
  corrupt,
  decodeEntry,
  decodeLongName,
  decodeRecords,
  numberIn,
  type TarFacts,
  typeFlag,
} from "./tar_decoder.ts";

export { corrupt, type TarFacts, type TarMemberType } from "./tar_decoder.ts";

/** How archives may end. */
export interface TarEndOptions {
  /**
   * Called where the blocks of zeros at the end are missing, as some writers leave them: the
   * archive is whole if its last entry is, unless it was cut between two. It is damaged when
   * absent.
   */
  readonly onMissingEnd?: () => void;
}

/** Most bytes of the global PAX records of one header. */
const MAX_GLOBALS = 16 * 1024;

/** Reads the headers between the contents of an archive. */
export class TarHeaderReader {
  readonly #bytes: ByteReader;
  readonly #options: TarEndOptions & { readonly maxMetadata: number };
  /** PAX records of all entries that follow. */
  readonly #globals = new Map<string, string>();
  #seenEntry = false;

  /** Reads from `bytes`, at most `maxMetadata` bytes of metadata for one entry. */
  constructor(bytes: ByteReader, options: TarEndOptions & { readonly maxMetadata: number }) {
    this.#bytes = bytes;
    this.#options = options;
  }

  /** Whether the stream, which ended after `rest`, may do so: nothing of an entry is in that. */
  #mayEnd(rest: Uint8Array): boolean {
    const { onMissingEnd } = this.#options;
    if (!onMissingEnd || !this.#seenEntry || !isZero(rest)) return false;
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
    const metadata = new Metadata(this.#options.maxMetadata);
    while (true) {
      const block = await this.#bytes.upTo(BLOCK_SIZE);
      if (block.byteLength < BLOCK_SIZE) {
        if (!metadata.isPending && this.#mayEnd(block)) return undefined;
        throw truncated();
      }
      if (isZero(block)) {
        if (metadata.isPending || !await this.#endsAfterZeros()) {
          throw corrupt("a header is missing");
        }
        return undefined;
      }
      const sum = numberIn(block, FIELDS.checksum);
      if (sum !== tarChecksum(block) && sum !== signedTarChecksum(block)) {
        throw corrupt("a header has a wrong checksum");
      }
      const flag = typeFlag(block);
      const size = numberIn(block, FIELDS.size);
      if ("xLK".includes(flag)) metadata.add(flag, await this.#content(metadata.claim(size)));
      else if (flag === "g") await this.#addGlobals(metadata.claim(size));
      else {
        this.#seenEntry = true;
        return entryOf(block, metadata.records(this.#globals));
      }
    }
  }

  async #addGlobals(size: number): Promise<void> {
    const used = textSize(this.#globals);
    withinLimit(size, { used, limit: MAX_GLOBALS, what: "global PAX records" });
    const records = decodeRecords(await this.#content(size));
    for (const [key, value] of records) this.#globals.set(key, value);
  }

  /** Whether the second block of zeros is there, or as much of it as is needed. */
  async #endsAfterZeros(): Promise<boolean> {
    const block = await this.#bytes.upTo(BLOCK_SIZE);
    if (block.byteLength === BLOCK_SIZE) return isZero(block);
    if (this.#mayEnd(block)) return true;
    throw truncated();
  }

  /** The content of a metadata header. */
  async #content(size: number): Promise<Uint8Array> {
    const whole = size + tarPadding(size).byteLength;
    const content = await this.#bytes.upTo(whole);
    if (content.byteLength < whole) throw truncated();
    return content.subarray(0, size);
  }
}

/** What the headers before an entry say of it. */
class Metadata {
  /** Whether they are of an entry that has to come: global ones may be the last. */
  isPending = false;
  /** Bytes that they have in all. */
  #size = 0;
  readonly #limit: number;
  #pax: ReadonlyMap<string, string> = new Map();
  readonly #names = new Map<string, string>();

  /** Takes at most `limit` bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts a header and its content, which has `size` bytes. */
  claim(size: number): number {
    withinLimit(size, { used: this.#size, limit: this.#limit, what: "metadata in a row" });
    this.#size += BLOCK_SIZE + size;
    return size;
  }

  /** Adds the content of a header. The last one of each kind counts. */
  add(flag: string, content: Uint8Array): void {
    this.isPending = true;
    if (flag === "x") this.#pax = decodeRecords(content);
    else this.#names.set(flag === "L" ? "path" : "linkpath", decodeLongName(content));
  }

  /** All that is said of the entry: what is nearest to it counts, and the names of GNU tar. */
  records(globals: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    return new Map([...globals, ...this.#pax, ...this.#names]);
  }
}

function withinLimit(
  size: number,
  { used, limit, what }: { readonly used: number; readonly limit: number; readonly what: string },
): void {
  if (size < 0) throw corrupt("a header has a negative size");
  if (used + size > limit) throw tooLarge(`it has more than ${limit} bytes of ${what}`);
}

/** Characters of records, keys and values. */
function textSize(records: ReadonlyMap<string, string>): number {
  let size = 0;
  for (const [key, value] of records) size += key.length + value.length;
  return size;
}

/** Records of files that are stored without their holes, by GNU tar, star and Solaris. */
const SPARSE_KEYS = /^(?:GNU\.sparse\.|SCHILY\.realsize$|SUN\.holesdata$)/;

function entryOf(block: Uint8Array, records: ReadonlyMap<string, string>): TarFacts {
  const facts = decodeEntry(block, records);
  const isSparse = typeFlag(block) === "S" ||
    [...records.keys()].some((key) => SPARSE_KEYS.test(key));
  if (!isSparse) return facts;
  const name = facts.name.slice(0, 200);
  throw new UnsupportedError(
    `Cannot read tar entry ${quote(name)}: it is stored as a sparse file`,
    { path: name, remedy: "write the archive without --sparse" },
  );
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

export function truncated(): IntegrityError {
  return corrupt("it is truncated");
}

/** The error of an archive that passes a limit. */
export function tooLarge(reason: string, remedy?: string): InvalidInputError {
  return new InvalidInputError(`Cannot read tar archive: ${reason}`, { found: reason, remedy });
}
