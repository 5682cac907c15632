/**
 * What a program or a library of Linux needs to be loaded, as its ELF file says it (64 bits, little
 * endian).
 * @module
 */
import { InvalidInputError } from "../../src/core/errors.ts";

/** What a file needs. */
export interface ElfNeeds {
  /** Path of the loader; absent in libraries. */
  readonly loader?: string;
  /** Names of the libraries, in order. */
  readonly libraries: readonly string[];
}

/** Kinds of segments and of entries that are read here, by the names of `elf.h`. */
const PT_LOAD = 1, PT_DYNAMIC = 2, PT_INTERP = 3;
const DT_NULL = 0, DT_NEEDED = 1, DT_STRTAB = 5;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/**
 * Reads what a file needs; one that is linked statically needs nothing.
 * @throws {InvalidInputError} when the bytes are no such file.
 */
export function elfNeeds(bytes: Uint8Array): ElfNeeds {
  try {
    return new ElfReader(bytes).needs();
  } catch (error) {
    if (error instanceof RangeError) throw notElf("it ends too early");
    throw error;
  }
}

class ElfReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#view.getUint32(0) !== 0x7f454c46) throw notElf("it does not begin as one");
    if (bytes[4] !== 2 || bytes[5] !== 1) throw notElf("it is not of 64 bits, little endian");
  }

  needs(): ElfNeeds {
    const segments = this.#segments();
    const interpreter = segments.find(({ type }) => type === PT_INTERP);
    const libraries = this.#libraries(segments);
    return interpreter === undefined
      ? { libraries }
      : { loader: this.#text(interpreter.offset), libraries };
  }

  #segments(): Segment[] {
    const [start, size, count] = [this.#long(32), this.#short(54), this.#short(56)];
    return Array.from({ length: count }, (_, index) => {
      const at = start + index * size;
      return {
        type: this.#view.getUint32(at, true),
        offset: this.#long(at + 8),
        address: this.#long(at + 16),
        size: this.#long(at + 32),
      };
    });
  }

  #libraries(segments: readonly Segment[]): string[] {
    const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
    if (dynamic === undefined) return [];
    const needed: number[] = [];
    let strings: number | undefined;
    for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
      const [tag, value] = [this.#long(at), this.#long(at + 8)];
      if (tag === DT_NULL) break;
      if (tag === DT_NEEDED) needed.push(value);
      if (tag === DT_STRTAB) strings = value;
    }
    if (needed.length === 0) return [];
    if (strings === undefined) throw notElf("it has no table of names");
    const table = offsetOf(strings, segments);
    return needed.map((name) => this.#text(table + name));
  }

  #text(offset: number): string {
    const end = this.#bytes.indexOf(0, offset);
    if (end < 0) throw notElf("a name has no end");
    return new TextDecoder().decode(this.#bytes.subarray(offset, end));
  }

  #short(at: number): number {
    return this.#view.getUint16(at, true);
  }

  /** Numbers beyond what JavaScript counts exactly lie beyond every file. */
  #long(at: number): number {
    return Number(this.#view.getBigUint64(at, true));
  }
}

/** Where in the file an address in memory comes from. */
function offsetOf(address: number, segments: readonly Segment[]): number {
  const segment = segments.find((each) =>
    each.type === PT_LOAD && address >= each.address && address < each.address + each.size
  );
  if (segment === undefined) throw notElf("its names lie in no part of it");
  return segment.offset + address - segment.address;
}

function notElf(reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot read the file as ELF: ${reason}`);
}
