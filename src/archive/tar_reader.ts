/**
 * Reading tar archives: one pass, bounded memory.
 * @module
 */
import { DEFAULT_ENTRIES, raiseLimit } from "./limits.ts";
import type { OperationOptions } from "../core/operation.ts";
import { collectGarbage } from "../core/runtime/garbage.ts";
import { giveWay } from "../core/runtime/turn.ts";
import { CHUNK_SIZE, streamOf } from "../core/streams.ts";
import { ByteReader } from "./byte_reader.ts";
import { tarPadding } from "./tar_header.ts";
import {
  corrupt,
  isZero,
  type TarEndOptions,
  type TarFacts,
  TarHeaderReader,
  tooLarge,
  truncated,
} from "./tar_header_reader.ts";

export type { TarFacts, TarMemberType } from "./tar_header_reader.ts";

/** An entry of an archive while it is read. */
export interface TarMember extends TarFacts {
  /** The content. What is not read before the next entry is asked for is skipped. */
  readonly body: ReadableStream<Uint8Array>;
  /** The same, without a stream: of many small files that is what takes the most. */
  readonly chunks: () => AsyncIterable<Uint8Array>;
}

/** Limits that keep a hostile archive from using up memory and time. */
export interface ReadTarOptions extends OperationOptions, TarEndOptions {
  /** Most entries of an archive; a million when absent. */
  readonly maxEntries?: number;
  /** Most bytes of long names and PAX records that one entry may have; 1 MiB when absent. */
  readonly maxMetadata?: number;
  /** Told of each entry before its content. */
  readonly onEntry?: () => void;
}

/**
 * The entries of a tar archive in their order. The stream is read to its end, past the archive's
 * end blocks, and cancelled when the iteration stops early.
 * @throws {IntegrityError} when the archive is corrupt, ends too early, or is followed by other
 * data.
 * @throws {InvalidInputError} when a limit is passed.
 * @throws {UnsupportedError} when a file is stored as a sparse file.
 */
export async function* readTar(
  stream: ReadableStream<Uint8Array>,
  options: ReadTarOptions = {},
): AsyncGenerator<TarMember, void> {
  const { maxEntries = DEFAULT_ENTRIES } = options;
  const bytes = new ByteReader(stream);
  const headers = new TarHeaderReader(bytes, {
    maxMetadata: options.maxMetadata ?? CHUNK_SIZE,
    onMissingEnd: options.onMissingEnd,
  });
  try {
    let count = 0;
    for (let next = await headers.next(); next; next = await headers.next()) {
      await giveWay();
      options.signal?.throwIfAborted();
      if (++count > maxEntries) {
        throw tooLarge(`it has more than ${maxEntries} entries`, raiseLimit("--max-entries"));
      }
      options.onEntry?.();
      const body = new Body(bytes, next.size);
      yield {
        ...next,
        get body() {
          return streamOf(body.chunks());
        },
        chunks: () => body.chunks(),
      };
      await body.finish(options.onMissingEnd !== undefined);
    }
    await checkTail(bytes);
  } finally {
    await bytes.cancel();
  }
}

/** Bytes of a body after which a look is taken at what lies about. */
const PILE = 64 * 1024 * 1024;

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
    let piled = 0;
    while (this.#left > 0) {
      const chunk = await this.#bytes.some(this.#left);
      if (chunk === undefined) throw truncated();
      this.#left -= chunk.byteLength;
      yield chunk;
      // Without this, 200 MiB of what was read of a large file lay about.
      if ((piled += chunk.byteLength) < PILE) continue;
      collectGarbage();
      piled = 0;
    }
  }

  /** Moves on to the next header; the content can no longer be read. */
  async finish(mayLackPadding: boolean): Promise<void> {
    const left = this.#left;
    this.#left = 0;
    if (!await this.#bytes.skip(left)) throw truncated();
    // Padding that is missing at the end takes nothing away from the last entry.
    if (!await this.#bytes.skip(this.#padding) && !mayLackPadding) throw truncated();
  }
}

/** Reads on to the end of the stream, where only zeros may be. */
async function checkTail(bytes: ByteReader): Promise<void> {
  for (let tail = await bytes.some(CHUNK_SIZE); tail; tail = await bytes.some(CHUNK_SIZE)) {
    if (!isZero(tail)) throw corrupt("other data follows its end");
  }
}
