/**
 * What is missing of a partial file: received in one stream or in parts, and hashed meanwhile.
 * @module
 */
import { mapConcurrent } from "../core/concurrency.ts";
import type { Digest } from "../core/digest.ts";
import type { BlobSource, ToFileOptions } from "../core/content/source.ts";
import { sized } from "../core/streams.ts";
import { CORES, runsElsewhere, runTask } from "../work/pool.ts";
import { checkContent, type ContentCheck } from "./content_check.ts";
import { FollowingHash } from "../work/following_hash.ts";
import type { PartialFile } from "./partial_file.ts";
import { type Part, PARTS_AT_ONCE } from "./parts.ts";
import { PrefixHasher } from "./prefix_hasher.ts";
import { SlowRanges } from "./slow_ranges.ts";
import type { TransferOptions, TransferSource } from "./transfer_options.ts";

/** Ranges at once that sources write themselves, each on a core of its own. */
const RANGES_AT_ONCE = Math.min(PARTS_AT_ONCE, CORES);

/** Transfers the missing bytes, and compares the hash of all. */
export async function fill(
  partial: PartialFile,
  source: TransferSource,
  options: TransferOptions & { readonly shownPath: string },
): Promise<void> {
  const { check, what, onBytes } = options;
  const toFile = source.toFile?.bind(source);
  const [only, second] = partial.parts;
  if (toFile && check?.algorithm && hashesBehind(source, partial)) {
    return await fillHashed(partial, source, { ...options, check, toFile });
  }
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

/**
 * Whether another core hashes while this content is received: where it is alone, since several are
 * on several cores anyway.
 */
function hashesBehind(
  { size = 0, isLocal = false, dominates = false }: TransferSource,
  { parts }: PartialFile,
): boolean {
  const alone = dominates || parts.length > 1;
  return alone && !isLocal && CORES > 1 && runsElsewhere(size);
}

/** Has the source write what is missing, while another core hashes what is written. */
async function fillHashed(
  partial: PartialFile,
  source: TransferSource,
  options: TransferOptions & {
    readonly shownPath: string;
    readonly check: ContentCheck;
    readonly toFile: ToFile;
  },
): Promise<void> {
  const { algorithm = "sha256" } = options.check;
  await using hasher = new FollowingHash(partial, { ...options, algorithm });
  options.onBytes?.(partial.written);
  const [only, second] = partial.parts;
  if (only === undefined || second !== undefined) {
    await fillParts(partial, source, { ...options, hasher });
  } else if (!partial.has(only)) {
    await fillPart(partial, only, { ...options, mark: hasher.mark });
  }
  checkContent(options.check, await hasher.finish(), options.what);
}

/** Transfers several parts at once; the hash follows behind them. */
async function fillParts(
  partial: PartialFile,
  source: TransferSource,
  { toFile, hasher, onBytes, what, ...options }: TransferOptions & {
    readonly shownPath: string;
    readonly toFile: ToFile | undefined;
    readonly hasher: FollowingHash | PrefixHasher | undefined;
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
    if (hasher instanceof PrefixHasher) hasher.add(position, chunk);
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
  return size === undefined ? stream : sized(stream, { size: part.end - from }, what);
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
