/**
 * Content to a file: in one stream, or in ranges of which several are under way.
 *
 * The bytes are verified before the file has its name. What was transferred when a transfer was
 * stopped or killed can be kept for the next one.
 * @module
 */
import { dirname, join } from "node:path";
import { mapConcurrent } from "../core/concurrency.ts";
import { IntegrityError } from "../core/errors.ts";
import { explainWrite } from "../core/file_errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { Digest } from "../core/digest.ts";
import type { OnBytes } from "../core/progress.ts";
import type { BlobSource, ToFileOptions } from "../core/source.ts";
import { sized, streamOf } from "../core/streams.ts";
import { checkContent, type ContentCheck } from "./content_check.ts";
import { PartialFile } from "./partial_file.ts";
import { type Part, PARTS_AT_ONCE, partSize } from "./parts.ts";
import { PrefixHasher } from "./prefix_hasher.ts";
import { runTask } from "../work/pool.ts";

/** Content from this size on, in bytes, comes in several ranges at once. */
export const PARALLEL_FROM = 32 * 1024 * 1024;

/** What is transferred: any `BlobSource`, and content whose size only its end tells. */
export type TransferSource = Pick<BlobSource, "open"> & Partial<BlobSource>;

/** How to transfer. */
export interface TransferOptions extends OperationOptions {
  /** What the content is in errors, quoted where that is due. */
  readonly what: string;
  /** What the content has to be; only its size is compared when absent. */
  readonly check?: ContentCheck;
  /**
   * Path without its ending of two files, `.partial` and `.journal`, on the file system of the
   * target. They keep what was transferred when the transfer fails, for the next one of the same
   * content. Nothing is kept without it, nor of content of unknown size or without a check.
   */
  readonly partialBase?: string;
  /** Whether to ask for several ranges at once; so it is from 32 MiB on when absent. */
  readonly parallel?: boolean;
  /** Ranges that are under way at once; 4 when absent. */
  readonly concurrency?: number;
  /** Told how many bytes of the content are in the file, and how many an earlier run has left. */
  readonly onBytes?: OnBytes;
}

/**
 * Transfers content to a file, in place of a file that has its name. Missing folders are made.
 * @returns the size of the file in bytes.
 * @throws {IntegrityError} when the content has another size or hash; nothing is kept of it then.
 */
export async function transferToFile(
  source: TransferSource,
  path: string,
  options: TransferOptions,
): Promise<number> {
  for (;;) {
    await using partial = await openPartial(source, path, options);
    const kept = partial.written;
    const resumed = kept > 0;
    const noteKept = (bytes: number) => {
      options.onBytes?.(bytes, bytes);
      source.noteKept?.(bytes);
    };
    noteKept(kept);
    try {
      const onBytes = (bytes: number) => options.onBytes?.(bytes, kept);
      await fill(partial, source, { ...options, onBytes });
      const size = partial.written;
      await partial.finish(path);
      return size;
    } catch (error) {
      if (!(error instanceof IntegrityError)) {
        noteKept(partial.kept);
        throw explainWrite(path, error);
      }
      partial.discard();
      // What an earlier run left may be at fault: a whole transfer of our own tells.
      if (!resumed) throw error;
      options.log?.("info", `Starting ${options.what} again: what was left of it was wrong`);
    }
  }
}

/** Opens what an earlier transfer of the content has left, or a new partial file. */
async function openPartial(
  { size, isLocal = false }: TransferSource,
  path: string,
  { check, partialBase, parallel }: TransferOptions,
): Promise<PartialFile> {
  const inParts = parallel ?? (!isLocal && (size ?? 0) >= PARALLEL_FROM);
  const whole = size || 1;
  const content = {
    hash: check?.expected,
    size,
    partSize: inParts ? partSize(whole) : whole,
  };
  const base = partialBase ?? path;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.mkdir(dirname(base), { recursive: true });
    const kept = partialBase && await PartialFile.open(partialBase, content);
    // Another process may be at it, which is no reason to wait for it.
    const partial = kept ||
      (await PartialFile.open(join(dirname(base), `.${crypto.randomUUID()}`), content))!;
    if (!kept || check === undefined || size === undefined) partial.discard();
    return partial;
  } catch (error) {
    throw explainWrite(path, error);
  }
}

/** Transfers the missing bytes, and compares the hash of all. */
async function fill(
  partial: PartialFile,
  source: TransferSource,
  options: TransferOptions,
): Promise<void> {
  const { check, what, onBytes, concurrency = PARTS_AT_ONCE } = options;
  const [only, second] = partial.parts;
  if (source.toFile && check?.algorithm && only && second === undefined) {
    const { toFile } = source;
    return await fillWhole(partial, only, { ...options, check, toFile: toFile.bind(source) });
  }
  const hash = check?.start();
  await using hasher = hash && new PrefixHasher(partial, hash);
  onBytes?.(partial.written);
  await hasher?.catchUp(options.signal);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const onChunk = (position: number, chunk: Uint8Array) => {
    hasher?.add(position, chunk);
    onBytes?.(partial.written);
  };
  // Empty content has no parts, but it has to be there.
  const missing = source.size === 0
    ? [{ index: 0, start: 0, end: 0 }]
    : partial.parts.filter((part) => !partial.has(part));
  await mapConcurrent(missing, async (part) => {
    try {
      if (source.toFile) {
        await fillPart(partial, part, source.toFile.bind(source), { signal, onBytes });
      } else {
        const stream = await openRest(source, { part, from: partial.next(part), what, signal });
        await partial.write(part, observed(stream, partial.next(part), onChunk));
      }
      await hasher?.catchUp(signal);
    } catch (error) {
      // The others need not come to their ends.
      stop.abort(error);
      throw error;
    }
  }, { concurrency, signal });
  await hasher?.catchUp(options.signal);
  if (check && hash) checkContent(check, hash.digest(), what);
}

type ToFile = NonNullable<BlobSource["toFile"]>;

/** Has the source write what is missing of a content in one part, and hash it on the way. */
async function fillWhole(
  partial: PartialFile,
  part: Part,
  { toFile, check, what, ...options }: Omit<TransferOptions, "check"> & {
    readonly check: ContentCheck;
    readonly toFile: ToFile;
  },
): Promise<void> {
  const { algorithm } = check;
  // An earlier run may have been killed when all was written but not yet verified.
  const digest = partial.has(part)
    ? await hashWritten(partial, { ...options, algorithm })
    : await fillPart(partial, part, toFile, { ...options, algorithm });
  checkContent(check, digest ?? "", what);
}

async function hashWritten(
  { path, written: size }: PartialFile,
  { algorithm, onBytes, ...options }:
    & Pick<TransferOptions, "signal" | "log" | "onBytes">
    & Pick<ToFileOptions, "algorithm">,
): Promise<Digest> {
  onBytes?.(size);
  return (await runTask("hashFile", { path, algorithm }, { ...options, size })).digest;
}

/** Has the source write what is missing of a part. */
async function fillPart(
  partial: PartialFile,
  part: Part,
  toFile: ToFile,
  { signal, onBytes, algorithm }: Pick<ToFileOptions, "signal" | "onBytes" | "algorithm">,
): Promise<Digest | undefined> {
  const start = partial.next(part);
  const reached = (position: number) => {
    partial.reached(part, position);
    onBytes?.(partial.written);
  };
  try {
    const digest = await toFile(partial.path, {
      range: { start, end: part.end },
      signal,
      algorithm,
      onBytes: (bytes) => reached(start + bytes),
    });
    reached(part.end);
    return digest;
  } finally {
    partial.settle(part);
  }
}

/** Opens what is missing of a part, and makes sure that it is all of that. */
async function openRest(
  source: TransferSource,
  { part, from, what, signal }: {
    readonly part: Part;
    readonly from: number;
    readonly what: string;
    readonly signal: AbortSignal;
  },
): Promise<ReadableStream<Uint8Array>> {
  const { size } = source;
  const all = from === 0 && (size === undefined || part.end === size);
  const range = all ? undefined : { start: from, end: part.end };
  const stream = await source.open({ range, signal });
  return size === undefined ? stream : streamOf(sized(stream, { size: part.end - from }, what));
}

/** Passes chunks on, and tells of each when whoever takes them has it. */
async function* observed(
  stream: ReadableStream<Uint8Array>,
  start: number,
  onChunk: (position: number, chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void> {
  let position = start;
  for await (const chunk of stream) {
    yield chunk;
    onChunk(position, chunk);
    position += chunk.byteLength;
  }
}
