/**
 * Content to a file: in one stream, or in ranges of which several are under way.
 *
 * The bytes are verified before the file has its name. What was transferred when a transfer was
 * stopped or killed can be kept for the next one.
 * @module
 */
import { basename, dirname, join } from "../core/runtime/path.ts";
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
import { RangeRefused } from "./resuming_reader.ts";
import { SlowRanges } from "./slow_ranges.ts";
import { runTask } from "../work/pool.ts";

/** Content from this size on, in bytes, comes in several ranges at once. */
export const PARALLEL_FROM = 32 * 1024 * 1024;

/**
 * Bytes of a range that its source writes itself: each costs a request, and what follows the first
 * one is hashed when all before it is there.
 */
const RANGE_SIZE = 64 * 1024 * 1024;

/** Ranges at once that sources write themselves, each on a core of its own. */
const RANGES_AT_ONCE = Math.min(PARTS_AT_ONCE, navigator.hardwareConcurrency);

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
  /**
   * Whether to ask for several ranges at once. When absent so it is from 32 MiB on; a source that
   * writes itself has to be most of what is moved, since several of them are on several cores.
   */
  readonly parallel?: boolean;
  /** Ranges that are under way at once; when absent 4, but no more than cores where they matter. */
  readonly concurrency?: number;
  /** Permissions that the file is made with; the system's default when absent. */
  readonly mode?: number;
  /** Whether the file is flushed to the disk before it has its name; so it is when absent. */
  readonly flush?: boolean;
  /** Called with the path of the verified file before it gets its name. */
  readonly onWhole?: (path: string) => Promise<void>;
  /** Gives the verified file its name, in place of what has it; it is renamed when absent. */
  readonly place?: (file: string) => Promise<void>;
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
  const { what, log, flush = true } = options;
  for (let { parallel } = options;;) {
    await using partial = await openPartial(source, path, { ...options, parallel });
    const kept = partial.written;
    const resumed = kept > 0;
    const noteKept = (bytes: number) => {
      options.onBytes?.(bytes, bytes);
      source.noteKept?.(bytes);
    };
    noteKept(kept);
    if (resumed) log?.("info", `Going on with ${what}: ${kept} bytes of it are here`);
    try {
      const onBytes = (bytes: number) => options.onBytes?.(bytes, kept);
      await fill(partial, source, { ...options, onBytes, flush, shownPath: path });
      const size = partial.written;
      await options.onWhole?.(partial.path);
      await partial.finish(options.place ?? ((file) => Deno.rename(file, path)), { flush });
      return size;
    } catch (error) {
      const noRanges = error instanceof RangeRefused && partial.parts.length > 1;
      if (!noRanges && !(error instanceof IntegrityError)) {
        noteKept(partial.kept);
        throw explainWrite(path, error);
      }
      partial.discard();
      // What an earlier run left may be at fault: a whole transfer of our own tells.
      if (!noRanges && !resumed) throw error;
      const why = noRanges ? "the server sends no ranges" : "what was left of it was wrong";
      log?.("info", `Starting ${what} again: ${why}`);
      if (noRanges) parallel = false;
    }
  }
}

/** The size of the parts of a transfer; that of the whole where it comes in one stream. */
function partSizeOf(
  { size, isLocal = false, toFile, dominates = false }: TransferSource,
  parallel: boolean | undefined,
): number {
  const whole = size || 1;
  if (!toFile) return parallel ?? (!isLocal && whole >= PARALLEL_FROM) ? partSize(whole) : whole;
  const pays = dominates && !isLocal && whole >= 2 * RANGE_SIZE;
  return parallel ?? pays ? RANGE_SIZE : whole;
}

/** Opens what an earlier transfer of the content has left, or a new partial file. */
async function openPartial(
  source: TransferSource,
  path: string,
  { check, partialBase, parallel, mode, place }: TransferOptions,
): Promise<PartialFile> {
  const { size } = source;
  // The kernel copies a file of this machine anew sooner than what is there can be hashed.
  const isCopied = source.isLocal && source.toFile !== undefined;
  const hash = isCopied ? undefined : check?.expected;
  const content = { hash, size, partSize: partSizeOf(source, parallel), mode };
  const base = partialBase ?? path;
  try {
    if (place === undefined) await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.mkdir(dirname(base), { recursive: true });
    const kept = partialBase && await PartialFile.open(partialBase, content);
    // Another process may be at it, which is no reason to wait for it.
    const partial = kept ||
      (await PartialFile.open(
        `${partialBase ?? hiddenBase(path)}-${crypto.randomUUID()}`,
        content,
      ))!;
    if (!kept || hash === undefined || size === undefined) partial.discard();
    return partial;
  } catch (error) {
    throw explainWrite(path, error);
  }
}

/** Transfers the missing bytes, and compares the hash of all. */
async function fill(
  partial: PartialFile,
  source: TransferSource,
  options: TransferOptions & { readonly shownPath: string },
): Promise<void> {
  const { check, what, onBytes } = options;
  const toFile = source.toFile?.bind(source);
  const [only, second] = partial.parts;
  if (toFile && check?.algorithm && only && second === undefined) {
    return await fillWhole(partial, only, { ...options, check, toFile });
  }
  const hash = check?.start();
  await using hasher = hash && new PrefixHasher(partial, hash);
  onBytes?.(partial.written);
  await hasher?.catchUp(options.signal);
  await fillParts(partial, source, { ...options, toFile, hasher });
  await hasher?.finish(options.signal);
  if (check && hash) checkContent(check, hash.digest(), what);
}

/** Transfers several parts at once; the hash follows behind them. */
async function fillParts(
  partial: PartialFile,
  source: TransferSource,
  { toFile, hasher, onBytes, what, ...options }: TransferOptions & {
    readonly shownPath: string;
    readonly toFile: ToFile | undefined;
    readonly hasher: PrefixHasher | undefined;
  },
): Promise<void> {
  const { concurrency = toFile ? RANGES_AT_ONCE : PARTS_AT_ONCE } = options;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const ranges = new SlowRanges();
  const failures: unknown[] = [];
  const follow = () => {
    onBytes?.(partial.written);
    // Whoever waits for the parts is told of a failure.
    hasher?.catchUp(signal).catch((error) => {
      failures.push(error);
      stop.abort(error);
    });
  };
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
      if (toFile) {
        const onlyRange = partial.parts.length > 1;
        const filling = { ...options, toFile, ranges, onlyRange, signal, onBytes: follow };
        await fillRange(partial, part, filling);
      } else {
        const stream = await openRest(source, { part, from: partial.next(part), what, signal });
        await partial.write(part, observed(stream, partial.next(part), onChunk));
        await hasher?.catchUp(signal);
      }
    } catch (error) {
      // The others need not come to their ends.
      stop.abort(error);
      throw failures[0] ?? error;
    }
  }, { concurrency, signal });
}

type ToFile = NonNullable<BlobSource["toFile"]>;

/** Has the source write what is missing of a content in one part, and hash it on the way. */
async function fillWhole(
  partial: PartialFile,
  part: Part,
  { toFile, check, what, ...options }: Omit<FillPartOptions, "algorithm"> & {
    readonly check: ContentCheck;
    readonly what: string;
  } & Pick<TransferOptions, "log">,
): Promise<void> {
  const { algorithm } = check;
  // An earlier run may have been killed when all was written but not yet verified.
  const digest = partial.has(part)
    ? await hashWritten(partial, { ...options, algorithm })
    : await fillPart(partial, part, { ...options, toFile, algorithm });
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

interface FillPartOptions extends Omit<ToFileOptions, "range"> {
  readonly toFile: ToFile;
}

/** Fills one of several parts, by another request where the present one turns out to be slow. */
async function fillRange(
  partial: PartialFile,
  part: Part,
  { ranges, ...options }: FillPartOptions & { readonly ranges: SlowRanges },
): Promise<void> {
  const range = ranges.start();
  let before = partial.next(part);
  const onBytes = (bytes: number) => {
    const reached = partial.next(part);
    range.came(reached - before);
    before = reached;
    options.onBytes?.(bytes);
  };
  try {
    while (!partial.has(part)) {
      const signals = [range.signal, ...(options.signal ? [options.signal] : [])];
      const filling = { ...options, signal: AbortSignal.any(signals), onBytes };
      await fillPart(partial, part, filling).catch((error) => {
        if (options.signal?.aborted || !range.replaced()) throw error;
      });
    }
  } finally {
    ranges.end(range);
  }
}

/** Has the source write what is missing of a part. */
async function fillPart(
  partial: PartialFile,
  part: Part,
  { toFile, onBytes, ...options }: FillPartOptions,
): Promise<Digest | undefined> {
  const start = partial.next(part);
  const reached = (position: number) => {
    partial.reached(part, position);
    onBytes?.(partial.written);
  };
  try {
    const digest = await toFile(partial.path, {
      ...options,
      range: { start, end: part.end },
      notes: partial.notesOf(part),
      onBytes: (bytes) => reached(start + bytes),
    });
    reached(part.end);
    return digest;
  } finally {
    partial.settle(part);
  }
}

/** Where a file is hidden while it is written and nobody named a place to keep it. */
function hiddenBase(path: string): string {
  return join(dirname(path), `.${basename(path)}`);
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
