/**
 * Small adapters over web streams of bytes.
 * @module
 */
import { digestAlgorithm, digestDocument, Digester, DOCUMENT_SIZE } from "./digest.ts";
import { InvalidInputError } from "./errors.ts";
import { checkDigest, checkSize, type ExpectedContent } from "./content/expected_content.ts";

/**
 * Bytes read or written at once. Chunk size decides throughput here: streams of 64 KiB ran at a
 * third of the speed of streams of 1 MiB.
 */
export const CHUNK_SIZE = 1024 * 1024;

/**
 * Reads a stream to its end into memory.
 * @param what What they are, in the words of the error.
 * @throws {InvalidInputError} as soon as more than `limit` bytes have come.
 */
export async function readAll(
  stream: ReadableStream<Uint8Array>,
  limit: number,
  what?: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const gathered = new Gathered(limit, what);
  for await (const chunk of stream) gathered.add(chunk);
  return gathered.bytes();
}

/**
 * Bytes that come in pieces, copied one behind the other. Kept as they come, a body in pieces of a
 * byte, each with the 64 KiB that it was received in, would take that many times its size.
 */
export class Gathered {
  readonly #limit: number;
  readonly #what: string;
  #buffer = new Uint8Array();
  /** Bytes so far. */
  size = 0;

  /** Begins with nothing. */
  constructor(limit: number, what = "content") {
    this.#limit = limit;
    this.#what = what;
  }

  /**
   * Adds a piece, whose memory may be used again afterwards.
   * @throws {InvalidInputError} when there are more bytes than the limit then.
   */
  add(piece: Uint8Array): void {
    const size = this.size + piece.byteLength;
    if (size > this.#limit) {
      throw new InvalidInputError(
        `Cannot read ${this.#what}: it is larger than ${this.#limit} bytes`,
        {
          expected: this.#limit,
        },
      );
    }
    if (size > this.#buffer.byteLength) {
      const larger = new Uint8Array(Math.min(this.#limit, Math.max(size, 2 * this.size)));
      larger.set(this.#buffer.subarray(0, this.size));
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.size);
    this.size = size;
  }

  /** All of them, in memory of their own. */
  bytes(): Uint8Array<ArrayBuffer> {
    const isFull = this.size === this.#buffer.byteLength;
    return isFull ? this.#buffer : this.#buffer.slice(0, this.size);
  }
}

export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return joined;
}

/** A stream over what an iterable yields; cancelling the stream ends the iterable. */
export function streamOf(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks) as ReadableStream<Uint8Array>;
}

/**
 * A stream of what `transform` makes of another. Cancelling it cancels the other as well, also
 * before anything was read: a generator that never began does not close its source.
 */
export function transformed(
  stream: ReadableStream<Uint8Array>,
  transform: (stream: ReadableStream<Uint8Array>) => AsyncGenerator<Uint8Array, void>,
): ReadableStream<Uint8Array> {
  const chunks = transform(stream);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel(reason) {
      await chunks.return();
      if (!stream.locked) await stream.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

export async function* digested(
  stream: AsyncIterable<Uint8Array>,
  digester: Digester,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of stream) {
    digester.update(chunk);
    yield chunk;
  }
}

/**
 * A stream that has what another has, and fails when that has not the expected size: as soon as a
 * byte too many comes, or at its end.
 * @throws {IntegrityError} with the wanted and the found size.
 */
export function sized(
  stream: ReadableStream<Uint8Array>,
  expected: Partial<ExpectedContent> & Pick<ExpectedContent, "size">,
  what: string = expected.digest ?? "the content",
): ReadableStream<Uint8Array> {
  let size = 0;
  return observed(stream, {
    chunk({ byteLength }) {
      size += byteLength;
      if (size > expected.size) checkSize(size, expected.size, what);
    },
    end: () => checkSize(size, expected.size, what),
  });
}

/**
 * Passes a stream on and fails at its end when digest or size are not as expected; too many bytes
 * fail as soon as they come.
 * @throws {IntegrityError} with the wanted and the found value.
 */
export async function* verified(
  stream: ReadableStream<Uint8Array>,
  expected: ExpectedContent,
  what: string = expected.digest,
): AsyncGenerator<Uint8Array, void> {
  const algorithm = digestAlgorithm(expected.digest);
  if (expected.size <= DOCUMENT_SIZE) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of sized(stream, expected, what)) {
      chunks.push(chunk.slice());
      yield chunk;
    }
    const actual = await digestDocument(concatBytes(chunks), algorithm);
    return checkDigest(expected.digest, actual, what);
  }
  const digester = new Digester(algorithm);
  yield* digested(sized(stream, expected, what), digester);
  checkDigest(expected.digest, digester.digest(), what);
}

/** Bytes of a stream, or its end. */
export interface Piece {
  readonly done: boolean;
  readonly value?: Uint8Array;
}

/** Reads a stream piece by piece; a piece is gone when the next is asked for. */
export interface PieceReader {
  /** The next piece, which may be empty. */
  read(): Promise<Piece>;
  /** Lets go of the rest. */
  cancel(reason?: unknown): Promise<void>;
  /** Gives back what it read into. Nobody has a piece any more, and nobody reads on. */
  release?(): void;
}

/** What can be read past its stream, which costs as much as the bytes do. */
const offered = new WeakMap<ReadableStream<Uint8Array>, (size: number) => PieceReader>();

/** Lets a stream be read in pieces by a reader of its own. */
export function offerPieces(
  body: ReadableStream<Uint8Array>,
  makeReader: (size: number) => PieceReader,
): void {
  offered.set(body, makeReader);
}

/** Makes a reader with a buffer of `size` bytes. */
export function pieceReader(body: ReadableStream<Uint8Array>, size = CHUNK_SIZE): PieceReader {
  const makeReader = offered.get(body);
  if (makeReader) {
    // Nobody else is to read or cancel it.
    body.getReader();
    return makeReader(size);
  }
  try {
    const reader = body.getReader({ mode: "byob" });
    let buffer = new Uint8Array(size);
    return {
      read: async () => {
        const { done, value } = await reader.read(buffer);
        if (value) buffer = new Uint8Array(value.buffer);
        return { done, value };
      },
      cancel: (reason) => reader.cancel(reason),
    };
  } catch (error) {
    // Not every body is a stream of bytes that fills a buffer it is given.
    if (!(error instanceof TypeError)) throw error;
    return body.getReader();
  }
}

/** What looks at a stream that passes; what it throws ends the stream. */
export interface Onlooker {
  /** Sees each chunk before it is passed on. */
  chunk(bytes: Uint8Array): void;
  /** Sees the end. */
  end?(): void;
  /** Makes what is thrown of what went wrong; that itself when absent. */
  failed?(error: unknown): unknown;
}

/** A stream, or what opens it when its first bytes are wanted. */
type Openable = ReadableStream<Uint8Array> | (() => Promise<ReadableStream<Uint8Array>>);

/**
 * A stream that has what another has, with somebody who looks at it. It can be read in pieces where
 * the other one can: a generator in between takes more of the processor than sending its bytes.
 */
export function observed(stream: Openable, onlooker: Onlooker): ReadableStream<Uint8Array> {
  const chunks = observedReader(stream, onlooker, (stream) => stream.getReader());
  const result = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.read();
      if (done) controller.close();
      else if (value) controller.enqueue(value);
    },
    cancel: (reason) => chunks.cancel(reason),
  }, { highWaterMark: 0 });
  const inPieces = (size: number) =>
    observedReader(stream, onlooker, (stream) => pieceReader(stream, size));
  offerPieces(result, inPieces);
  return result;
}

function observedReader(
  stream: Openable,
  onlooker: Onlooker,
  readerOf: (stream: ReadableStream<Uint8Array>) => PieceReader,
): PieceReader {
  let reader: PieceReader | undefined;
  return {
    async read() {
      try {
        reader ??= readerOf(typeof stream === "function" ? await stream() : stream);
        const piece = await reader.read();
        if (piece.done) onlooker.end?.();
        else if (piece.value) onlooker.chunk(piece.value);
        return piece;
      } catch (error) {
        // What broke already needs no cancelling.
        await reader?.cancel(error).catch(() => undefined);
        throw onlooker.failed ? onlooker.failed(error) : error;
      }
    },
    async cancel(reason) {
      if (reader) await reader.cancel(reason);
      else if (typeof stream !== "function") await stream.cancel(reason);
    },
  };
}
