/**
 * Progress: what a stage will go through, and each of its items.
 * @module
 */
import { Coverage } from "./coverage.ts";
import type { ItemProgress, OperationOptions, ProgressPhase } from "./operation.ts";
import type { BlobSource } from "./content/source.ts";
import { observed } from "./streams.ts";

/** What progress is told of; its size may be known only at its end. */
export type ProgressItem =
  & Pick<ItemProgress, "id" | "name" | "phase" | "document">
  & Partial<Pick<ItemProgress, "size">>;

/** An item whose size is known. */
export type SizedItem = ProgressItem & Required<Pick<ProgressItem, "size">>;

/** Told how many bytes are finished in all, and how many of them an earlier run has left. */
export type OnBytes = (bytes: number, kept?: number) => void;

/** Tells what a stage goes through; what has no size yet counts as a file without bytes. */
export function reportPlan(
  phase: ProgressPhase,
  items: Iterable<{ readonly size?: number; readonly document?: boolean }>,
  { progress }: OperationOptions,
): void {
  let files = 0;
  let bytes = 0;
  for (const { size = 0, document = false } of items) {
    bytes += size;
    if (!document) files++;
  }
  progress?.({ state: "plan", phase, files, size: bytes });
}

/**
 * Runs `work` between the events that say how it starts, goes on and ends. `work` calls `onBytes`
 * when more is finished, and `endAs` when it ends otherwise than done: there was nothing to do, or
 * it did not work and is done in another way. Of what was there from its first byte to its last
 * nothing was done, whoever finds that out.
 */
export async function reported<Result>(
  { size, ...item }: ProgressItem,
  options: OperationOptions,
  work: (onBytes: OnBytes, endAs: (end: "skip" | "fail") => void) => Promise<Result>,
): Promise<Result> {
  let finished = 0;
  let kept = 0;
  let end = "done" as "done" | "skip" | "fail";
  const report = (state: ItemProgress["state"], bytes: number) => {
    finished = bytes;
    const left = kept > 0 ? { kept } : {};
    options.progress?.({ ...item, state, bytes, ...left, size: size ?? bytes });
  };
  const onBytes: OnBytes = (bytes, keptBytes = 0) => {
    kept = keptBytes;
    report("advance", bytes);
  };
  report("start", 0);
  try {
    const result = await work(onBytes, (other) => end = other);
    if (end === "done" && kept > 0 && kept === size) end = "skip";
    report(end, end === "fail" ? finished : size ?? finished);
    return result;
  } catch (error) {
    report("fail", finished);
    throw error;
  }
}

/** Tells that there was nothing to do for an item. */
export function reportSkipped(item: SizedItem, { progress }: OperationOptions): void {
  progress?.({ ...item, state: "skip", bytes: item.size, kept: item.size });
}

/**
 * A source that tells how much of the content has been read, each byte once: its ranges may come in
 * any order, several at a time, and again.
 */
export function watchedSource(source: BlobSource, onBytes: OnBytes): BlobSource {
  const toFile = source.toFile?.bind(source);
  const read = source.read?.bind(source);
  const coverage = new Coverage();
  let kept = 0;
  const report = () => onBytes(kept + coverage.size, kept);
  const cover = (start: number, end: number) => {
    coverage.add(start, end);
    report();
  };
  return {
    size: source.size,
    isLocal: source.isLocal,
    dominates: source.dominates,
    noteKept(bytes) {
      kept = bytes;
      coverage.clear();
      report();
    },
    read: read && (async (options) => {
      const bytes = await read(options);
      const start = options?.range?.start ?? 0;
      cover(start, start + bytes.byteLength);
      return bytes;
    }),
    toFile: toFile && ((path, options = {}) => {
      const start = options.range?.start ?? 0;
      const onBytes = (bytes: number) => {
        cover(start, start + bytes);
        options.onBytes?.(bytes);
      };
      return toFile(path, { ...options, onBytes });
    }),
    async open(options) {
      const start = options?.range?.start ?? 0;
      let position = start;
      return observed(await source.open(options), {
        chunk: ({ byteLength }) => cover(start, position += byteLength),
      });
    },
  };
}

/** Options that tell of hashing and of no other stage, of each file when it begins. */
export function hashingShown<Options extends OperationOptions>(
  { progress, ...options }: Options,
): Omit<Options, "progress"> & Pick<OperationOptions, "progress"> {
  return {
    ...options,
    progress: progress && ((event) => {
      if (event.phase !== "hash" || event.state === "plan") return;
      if (event.state === "start") reportPlan("hash", [event], { progress });
      progress(event);
    }),
  };
}
