/**
 * The compressions of layers, one row each.
 *
 * The same bytes compress to the same bytes, however they are cut into chunks and whatever the
 * system.
 * @module
 */
import { nodeZlib } from "../core/runtime/builtins.ts";
import { IntegrityError, UnsupportedError } from "../core/errors.ts";
import { CHUNK_SIZE, concatBytes, streamOf } from "../core/streams.ts";
import { LARGEST_WINDOW, type WindowLimit } from "./limits.ts";
import { type Splitter, through, type ThroughOptions } from "./zlib_stream.ts";
import { ZstdParts } from "./zstd_parts.ts";

/** A compression by name. */
export type CompressionName = "none" | "gzip" | "zstd";

export interface CompressOptions {
  /** Level, 1 to 22 with zstd and 1 to 9 with gzip; the compression's default when absent. */
  readonly level?: number;
}

export interface Compression {
  /** Its name, as options spell it. */
  readonly name: CompressionName;
  /** What the media type of a layer ends with. */
  readonly suffix: "" | "+gzip" | "+zstd";
  compress(
    stream: ReadableStream<Uint8Array>,
    options?: CompressOptions,
  ): ReadableStream<Uint8Array>;
  /**
   * Decompresses a stream. The result fails with an {@linkcode IntegrityError} when the stream is
   * corrupt, ends too early, or goes on after its end, and with an {@linkcode InvalidInputError}
   * before a frame is decoded that wants more memory than the limit allows.
   */
  decompress(
    stream: ReadableStream<Uint8Array>,
    limit?: WindowLimit,
  ): ReadableStream<Uint8Array>;
}

const CHUNKS = { chunkSize: CHUNK_SIZE } as const;

export const COMPRESSIONS: Readonly<Record<CompressionName, Compression>> = {
  none: {
    name: "none",
    suffix: "",
    compress: (stream) => stream,
    decompress: (stream) => stream,
  },
  gzip: {
    name: "gzip",
    suffix: "+gzip",
    compress: (stream, options) =>
      streamOf(withUnknownSystem(through(stream, compressing(() => gzip(options))))),
    decompress: (stream) => through(stream, decompressing("gzip", gunzip, new Pass())),
  },
  zstd: {
    name: "zstd",
    suffix: "+zstd",
    compress: (stream, options) => through(stream, compressing(() => zstd(options))),
    decompress: (stream, limit) =>
      through(stream, decompressing("zstd", unzstd, new ZstdParts(limit))),
  },
};

/** The compression that the suffix of a layer's media type names; `none` without one. */
export function compressionOfMediaType(mediaType: string): Compression {
  const { none, ...others } = COMPRESSIONS;
  return Object.values(others).find(({ suffix }) => mediaType.endsWith(suffix)) ?? none;
}

const gzip = ({ level }: CompressOptions = {}) => nodeZlib().createGzip({ ...CHUNKS, level });
const gunzip = () => nodeZlib().createGunzip(CHUNKS);
const zstd = ({ level }: CompressOptions = {}) => {
  const { constants, createZstdCompress } = zlibWithZstd();
  return createZstdCompress({
    ...CHUNKS,
    params: {
      [constants.ZSTD_c_checksumFlag]: 1,
      ...(level === undefined ? {} : { [constants.ZSTD_c_compressionLevel]: level }),
      ...(level !== undefined && level >= 17 && level <= 19 ? smallTables(constants) : {}),
    },
  });
};

/**
 * The tables of levels 17 to 19, as large as those of level 16: they took 100 MiB, and save one
 * byte in a hundred. Higher levels are for those who have the memory.
 */
function smallTables(constants: ReturnType<typeof nodeZlib>["constants"]): Record<number, number> {
  return { [constants.ZSTD_c_chainLog]: 22, [constants.ZSTD_c_hashLog]: 20 };
}

/** @throws {UnsupportedError} on a Node that was made before it had zstd. */
function zlibWithZstd(): ReturnType<typeof nodeZlib> {
  const zlib = nodeZlib();
  if ("createZstdCompress" in zlib) return zlib;
  throw new UnsupportedError("Cannot use zstd: this version of Node does not have it", {
    remedy: "use Node 22.15 or later, or Deno",
  });
}

/** Takes every window: those that are too large do not come here. */
const unzstd = () => {
  const { constants, createZstdDecompress } = zlibWithZstd();
  return createZstdDecompress({
    ...CHUNKS,
    params: { [constants.ZSTD_d_windowLogMax]: Math.log2(LARGEST_WINDOW) },
  });
};

function compressing(transform: ThroughOptions["transform"]): ThroughOptions {
  return { transform, splitter: new EvenChunks(), explain: (error) => error };
}

function decompressing(
  name: CompressionName,
  transform: ThroughOptions["transform"],
  splitter: Splitter,
): ThroughOptions {
  return {
    transform,
    splitter,
    explain: (cause) => {
      const what = `${name} data`;
      const reason = reasonOf(cause);
      const found = `its ${what} cannot be decompressed: ${reason}`;
      return new IntegrityError(`Cannot decompress ${what}: ${reason}`, { found, cause });
    },
  };
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^zstd decompress error: /i, "");
}

/** Passes chunks on as they are. */
class Pass implements Splitter {
  split(chunk: Uint8Array): Uint8Array[] {
    return [chunk];
  }
  end(): void {}
}

/** Cuts a stream into chunks of one size: where the cuts are, decides what gzip makes of it. */
class EvenChunks implements Splitter {
  #parts: Uint8Array[] = [];
  #size = 0;

  *split(chunk: Uint8Array): Generator<Uint8Array, void> {
    for (let rest = chunk; rest.byteLength > 0;) {
      const part = rest.subarray(0, CHUNK_SIZE - this.#size);
      rest = rest.subarray(part.byteLength);
      this.#parts.push(part);
      this.#size += part.byteLength;
      if (this.#size === CHUNK_SIZE) yield* this.end();
    }
  }

  end(): Uint8Array[] {
    const whole = this.#size === 0 ? [] : [concatBytes(this.#parts)];
    this.#parts = [];
    this.#size = 0;
    return whole;
  }
}

/** Position of the byte of a gzip header that names the system, and its "unknown" (RFC 1952). */
const GZIP_SYSTEM = { offset: 9, unknown: 255 } as const;

/** Replaces the name of this system in a gzip header, which the compressor emits in one piece. */
async function* withUnknownSystem(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  let offset = 0;
  for await (const chunk of stream) {
    const at = GZIP_SYSTEM.offset - offset;
    if (at >= 0 && at < chunk.byteLength) chunk[at] = GZIP_SYSTEM.unknown;
    offset += chunk.byteLength;
    yield chunk;
  }
}
