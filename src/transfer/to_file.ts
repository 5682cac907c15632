/**
 * Content to a file: in one stream, or in ranges of which several are under way.
 *
 * The bytes are verified before the file has its name. What was transferred when a transfer was
 * stopped or killed can be kept for the next one.
 * @module
 */
import { basename, dirname, join } from "../core/runtime/path.ts";
import { IntegrityError } from "../core/errors.ts";
import { explainWrite } from "../core/file_errors.ts";
import { CORES, holdWorkers } from "../work/pool.ts";
import { fill } from "./fill.ts";
import { PartialFile } from "./partial_file.ts";
import { partSize } from "./parts.ts";
import { RangeRefused } from "./resumable.ts";
import type { TransferOptions, TransferSource } from "./transfer_options.ts";

/** Content from this size on, in bytes, comes in several ranges at once. */
export const PARALLEL_FROM = 32 * 1024 * 1024;

/**
 * Bytes of a range that its source writes itself: each costs a request, and what follows the first
 * one is hashed when all before it is there.
 */
const RANGE_SIZE = 64 * 1024 * 1024;

/**
 * Cores from which on several ranges of one content are faster than one stream with the hash behind
 * it, which keeps two cores busy. On two, beside the server, ranges took 1.6 × the time of the
 * processor.
 */
const CORES_FOR_RANGES = 3;

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
  const { what, log, flush = true, folder = dirname(path) } = options;
  const place = options.place ?? ((file) => Deno.rename(file, join(folder, basename(path))));
  using _workers = holdWorkers();
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
      options.onWhole?.(partial.path);
      await partial.finish(place, { flush });
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
  const pays = dominates && !isLocal && whole >= 2 * RANGE_SIZE && CORES >= CORES_FOR_RANGES;
  return (parallel ?? pays) ? RANGE_SIZE : whole;
}

/** Opens what an earlier transfer of the content has left, or a new partial file. */
async function openPartial(
  source: TransferSource,
  path: string,
  { check, partialBase, parallel, mode, place, folder }: TransferOptions,
): Promise<PartialFile> {
  const { size } = source;
  // The kernel copies a file of this machine anew sooner than what is there can be hashed.
  const isCopied = source.isLocal && source.toFile !== undefined;
  const hash = isCopied ? undefined : check?.expected;
  const content = { hash, size, partSize: partSizeOf(source, parallel), mode };
  const base = partialBase ?? join(folder ?? dirname(path), `.${basename(path)}`);
  try {
    const makes = place === undefined && folder === undefined;
    if (makes) await Deno.mkdir(dirname(path), { recursive: true });
    if (folder === undefined) await Deno.mkdir(dirname(base), { recursive: true });
    const kept = partialBase && await PartialFile.open(partialBase, content);
    // Another process may be at it, which is no reason to wait for it.
    const partial = kept ||
      (await PartialFile.open(
        `${base}-${crypto.randomUUID()}`,
        content,
      ))!;
    if (!kept || hash === undefined || size === undefined) partial.discard();
    return partial;
  } catch (error) {
    throw explainWrite(path, error);
  }
}
