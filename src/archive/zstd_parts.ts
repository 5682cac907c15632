/**
 * The framing of Zstandard streams (RFC 8878, section 3.1), without decoding anything.
 *
 * The decoder of the runtime takes a stream that ends in the middle of a frame for a whole one, and
 * reports an error cleanly only when it meets it at the beginning of a write. So frames are
 * followed here, and handed on part by part.
 * @module
 */
import { IntegrityError } from "../core/errors.ts";
import { concatBytes } from "../core/streams.ts";
import { checkWindow, type WindowLimit } from "./limits.ts";

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAX_BLOCK = 128 * 1024;
const RLE_BLOCK = 1;
const COMPRESSED_BLOCK = 2;
const RESERVED_BLOCK = 3;

/** What the next bytes are, and what follows; absent when more bytes must come first. */
interface Part {
  readonly size: number;
  readonly then: State;
  /** Whether they are of no use to the decoder. */
  readonly skip?: boolean;
  /** The header of a frame, where one begins. */
  readonly frame?: ZstdFrame;
}
type State = (bytes: Uint8Array) => Part | undefined;

/** What the header of a frame says; sizes in bytes. */
export interface ZstdFrame {
  /** Size of the header. */
  readonly size: number;
  /** How far back the frame may refer to; its content, where that is one segment. */
  readonly window: number;
  /** Size of its content, where it says so. */
  readonly content?: number;
  /** Whether a checksum follows its last block. */
  readonly hasChecksum: boolean;
}

/** What a decoder keeps of a frame, in bytes: its window, or its content where that is smaller. */
function memoryOf({ window, content = Infinity }: ZstdFrame): number {
  return Math.min(window, content);
}

/** Cuts a Zstandard stream into frame headers, blocks and checksums. */
export class ZstdParts {
  /** Bytes that the decoder keeps of the frame that is read. */
  memory = 0;
  readonly #limit: WindowLimit;
  #rest: Uint8Array = new Uint8Array(0);
  #state: State = frameStart;
  #toSkip = 0;
  #seenFrame = false;

  /** Refuses frames whose windows are above the limit. */
  constructor(limit: WindowLimit = {}) {
    this.#limit = limit;
  }

  /**
   * The whole parts that the next bytes complete.
   * @throws {IntegrityError} when the bytes are not a Zstandard stream.
   * @throws {InvalidInputError} when a frame wants more memory than it may have.
   */
  *split(chunk: Uint8Array): Generator<Uint8Array, void> {
    let bytes = this.#rest.byteLength === 0 ? chunk : concatBytes([this.#rest, chunk]);
    while (true) {
      const skipped = Math.min(this.#toSkip, bytes.byteLength);
      this.#toSkip -= skipped;
      bytes = bytes.subarray(skipped);
      const part = this.#toSkip > 0 ? undefined : this.#state(bytes);
      if (part === undefined || (!part.skip && part.size > bytes.byteLength)) break;
      if (part.frame !== undefined) this.#begin(part.frame);
      this.#state = part.then;
      this.#seenFrame = true;
      if (part.skip) {
        this.#toSkip = part.size;
      } else {
        yield bytes.subarray(0, part.size);
        bytes = bytes.subarray(part.size);
      }
    }
    this.#rest = bytes.slice();
  }

  #begin(frame: ZstdFrame): void {
    this.memory = memoryOf(frame);
    checkWindow({ window: frame.window, needed: this.memory }, this.#limit);
  }

  /**
   * Tells that no bytes follow.
   * @throws {IntegrityError} when the stream ends inside a frame.
   */
  end(): void {
    const whole = this.#rest.byteLength === 0 && this.#toSkip === 0 &&
      this.#state === frameStart && this.#seenFrame;
    if (!whole) throw new IntegrityError("Cannot decompress zstd data: it is truncated");
  }
}

const frameStart: State = (bytes) => {
  if (bytes.byteLength < 4) return undefined;
  const magic = littleEndian(bytes, 0, 4);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
    if (bytes.byteLength < 8) return undefined;
    return { size: 8 + littleEndian(bytes, 4, 4), then: frameStart, skip: true };
  }
  if (magic !== FRAME_MAGIC) throw malformed("a frame does not start where one is expected");
  const frame = frameHeader(bytes);
  if (frame === undefined) return undefined;
  return { size: frame.size, then: blockStart(frame.hasChecksum), frame };
};

/** What the header of a frame says; `undefined` when more bytes must come first. */
export function frameHeader(bytes: Uint8Array): ZstdFrame | undefined {
  const descriptor = bytes[4] ?? 0;
  const isSegment = (descriptor & 0x20) !== 0;
  const windowSize = isSegment ? 0 : 1;
  const dictionarySize = [0, 1, 2, 4][descriptor & 3]!;
  const contentSize = [isSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const size = 5 + windowSize + dictionarySize + contentSize;
  if (bytes.byteLength < size) return undefined;
  const content = contentSize === 0
    ? undefined
    : littleEndian(bytes, size - contentSize, contentSize) + (contentSize === 2 ? 256 : 0);
  const window = isSegment ? content! : windowOf(bytes[5]!);
  return { size, window, content, hasChecksum: (descriptor & 4) !== 0 };
}

/** The window that the byte of a header stands for. */
function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + base / 8 * (byte & 7);
}

function blockStart(hasChecksum: boolean): State {
  const block: State = (bytes) => {
    if (bytes.byteLength < 3) return undefined;
    const header = littleEndian(bytes, 0, 3);
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === RESERVED_BLOCK || size > MAX_BLOCK) throw malformed("a block has a wrong header");
    const isLast = (header & 1) !== 0;
    const afterLast = hasChecksum ? checksum : frameStart;
    const whole = 3 + (type === RLE_BLOCK ? 1 : size);
    // A block of nothing changes nothing, and a layer could be made of millions of them.
    const skip = size === 0 && type !== COMPRESSED_BLOCK && !isLast;
    return { size: whole, then: isLast ? afterLast : block, skip };
  };
  return block;
}

const checksum: State = () => ({ size: 4, then: frameStart });

function littleEndian(bytes: Uint8Array, offset: number, length: number): number {
  let value = 0;
  for (let index = length - 1; index >= 0; index--) {
    value = value * 256 + (bytes[offset + index] ?? 0);
  }
  return value;
}

function malformed(reason: string): IntegrityError {
  return new IntegrityError(`Cannot decompress zstd data: ${reason}`);
}
