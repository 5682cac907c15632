/**
 * The 512-byte blocks of tar archives: where fields lie, and how they are filled.
 * @module
 */
import { withoutEnd } from "../core/text.ts";

/** Size of a tar block in bytes. */
export const BLOCK_SIZE = 512;

/** Where a field lies in the 512 bytes. */
export type Field = readonly [offset: number, size: number];

/** The fields of a USTAR header (POSIX.1-1988). */
export const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  uname: [265, 32],
  gname: [297, 32],
  devMajor: [329, 8],
  devMinor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, Field>;

/** The zero bytes that fill the last block of a content of `size` bytes. */
export function tarPadding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((BLOCK_SIZE - size % BLOCK_SIZE) % BLOCK_SIZE);
}

/** The sum a tar header must carry: all its bytes, the checksum field counted as spaces. */
export function tarChecksum(block: Uint8Array): number {
  const [offset, size] = FIELDS.checksum;
  let sum = 0;
  for (let index = 0; index < BLOCK_SIZE; index++) {
    sum += index >= offset && index < offset + size ? 0x20 : block[index] ?? 0;
  }
  return sum;
}

/** The sum as some early programs made it, of bytes with a sign; other readers take it as well. */
export function signedTarChecksum(block: Uint8Array): number {
  return tarChecksum(block) - 256 * block.filter((byte) => byte >= 0x80).byteLength;
}

/** Whether a number fits a field of octal digits that ends with a NUL. */
export function fitsOctal(fieldSize: number, value: number): boolean {
  return value >= 0 && value < 8 ** (fieldSize - 1);
}

/** One header block under construction. */
export class TarBlock {
  readonly #bytes = new Uint8Array(BLOCK_SIZE);

  /** Writes text, cut to the field. */
  text([offset, size]: Field, value: string): void {
    new TextEncoder().encodeInto(value, this.#bytes.subarray(offset, offset + size));
    if (value.length <= size || value[size - 1] !== "/") return;
    // A cut that ends in a slash would make readers take the file for a folder.
    this.#bytes[offset + withoutEnd(value.slice(0, size - 1), "/").length] = 0;
  }

  /** Writes octal digits that end with a NUL; zero where the value does not fit. */
  octal([offset, size]: Field, value: number): void {
    const digits = fitsOctal(size, value) ? value.toString(8) : "0";
    this.text([offset, size], digits.padStart(size - 1, "0"));
  }

  /** Completes the block with magic, version and checksum. */
  seal(): Uint8Array<ArrayBuffer> {
    this.text(FIELDS.magic, "ustar\x0000");
    const sum = tarChecksum(this.#bytes).toString(8).padStart(6, "0");
    this.text(FIELDS.checksum, `${sum}\0 `);
    return this.#bytes;
  }
}
