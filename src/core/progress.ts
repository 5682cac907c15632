/**
 * Progress of one item.
 * @module
 */
import type { OperationOptions, ProgressEvent } from "./operation.ts";
import type { BlobSource } from "./source.ts";
import { counted, transformed } from "./streams.ts";

/** What progress is told of; its size may be known only at its end. */
export type ProgressItem =
  & Pick<ProgressEvent, "id" | "name" | "phase">
  & Partial<Pick<ProgressEvent, "size">>;

/**
 * Runs `work` between the events that say how it starts, goes on and ends. `work` calls `onBytes`
 * with the bytes that are finished in all, and `skip` when it finds that there is nothing to do.
 */
export async function reported<Result>(
  { size, ...item }: ProgressItem,
  options: OperationOptions,
  work: (onBytes: (bytes: number) => void, skip: () => void) => Promise<Result>,
): Promise<Result> {
  let finished = 0;
  let end: "done" | "skip" = "done";
  const report = (state: ProgressEvent["state"], bytes: number) => {
    finished = bytes;
    options.progress?.({ ...item, state, bytes, size: size ?? bytes });
  };
  report("start", 0);
  try {
    const result = await work((bytes) => report("advance", bytes), () => end = "skip");
    report(end, size ?? finished);
    return result;
  } catch (error) {
    report("fail", finished);
    throw error;
  }
}

/** Tells that there was nothing to do for an item. */
export function reportSkipped(item: Required<ProgressItem>, { progress }: OperationOptions): void {
  progress?.({ ...item, state: "skip", bytes: item.size });
}

/** A source that tells how far into the content its latest stream has been read. */
export function watchedSource(source: BlobSource, onPosition: (bytes: number) => void): BlobSource {
  const toFile = source.toFile?.bind(source);
  return {
    size: source.size,
    isLocal: source.isLocal,
    toFile: toFile && ((path, options = {}) => {
      const onBytes = (bytes: number) => {
        onPosition((options.range?.start ?? 0) + bytes);
        options.onBytes?.(bytes);
      };
      return toFile(path, { ...options, onBytes });
    }),
    async open(options) {
      let position = options?.range?.start ?? 0;
      const stream = await source.open(options);
      return transformed(
        stream,
        (bytes) => counted(bytes, (count) => onPosition(position += count)),
      );
    },
  };
}
