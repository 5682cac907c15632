/**
 * Compares the bytes of tensors, where two models are here.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { DigestTable } from "./digest_table.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { reported, reportPlan } from "../../core/progress.ts";
import { collectInSeries } from "../../core/runtime/garbage.ts";
import { layerFiles } from "../card/layer_files.ts";
import type { FileTensor } from "../facts/facts.ts";
import type { FactFile } from "../facts/file_tree.ts";
import { readModel } from "../model_manifest.ts";
import type { CardedModel, SideName, TensorPairs } from "./pairs.ts";
import { type FilePart, rangeDigests } from "./range_digests.ts";

/** What the bytes of a pair say. */
type BytesVerdict = "same" | "changed" | "unknown";

/** What is known of the bytes of a pair: nothing, a digest of the first, how the two compare. */
const UNKNOWN = 0, HASHED = 1, SAME = 2, CHANGED = 3;

/**
 * Hashes the tensors whose bytes decide, and says what those of a pair say: nothing, unless both
 * models are here. Memory: the 32 bytes of a digest for each.
 */
export async function bytesVerdicts(
  from: CardedModel,
  to: CardedModel,
  pairs: TensorPairs,
  options: OperationOptions,
): Promise<(pair: number) => BytesVerdict> {
  if (from.isFar || to.isFar) return () => "unknown";
  const undecided: number[] = [];
  for (let pair = 0; pair < pairs.length; pair++) {
    collectInSeries(pair);
    if (pairs.headerVerdict(pair) === undefined) undecided.push(pair);
  }
  const before = await filesOf(from, { pairs, side: "before" }, undecided, options);
  const after = await filesOf(to, { pairs, side: "after" }, undecided, options);
  reportPlan("hash", [...before, ...after], options);
  const known = new Uint8Array(pairs.length);
  const digests = new DigestTable(undecided.length === 0 ? 0 : pairs.length);
  await hashFiles(before, (pair, digest) => {
    digests.set(pair, digest);
    known[pair] = HASHED;
  }, options);
  await hashFiles(after, (pair, digest) => {
    if (known[pair] !== UNKNOWN) known[pair] = digests.has(pair, digest) ? SAME : CHANGED;
  }, options);
  return (pair) => known[pair] === SAME ? "same" : known[pair] === CHANGED ? "changed" : "unknown";
}

/** A file of a model with tensors that are to be hashed. */
interface HashedFile {
  readonly id: string;
  readonly path: string;
  readonly source: FactFile["source"];
  /** The pairs of its tensors. */
  readonly pairs: readonly number[];
  /** The places of their tensors; made for one file at a time. */
  readonly parts: () => readonly FilePart[];
  /** Bytes of the tensors together. */
  readonly size: number;
}

/** The files of a model with the tensors of these pairs, as far as they have a place. */
async function filesOf(
  { store, target, card }: CardedModel,
  { pairs, side }: { readonly pairs: TensorPairs; readonly side: SideName },
  undecided: readonly number[],
  options: OperationOptions,
): Promise<readonly HashedFile[]> {
  const { manifest } = await readModel(store, target, operationOptions(options));
  const { files } = await layerFiles(store, manifest.layers, operationOptions(options));
  const byFile = new Map(
    files.map(({ path, source: { size } }) => [path, { size, sum: 0, pairs: [] as number[] }]),
  );
  for (const [index, pair] of undecided.entries()) {
    collectInSeries(index);
    const { file = "", start, bytes = Infinity } = pairs.tensor(side, pair) ?? {};
    const found = byFile.get(file);
    if (found === undefined || start === undefined || start + bytes > found.size) continue;
    found.pairs.push(pair);
    found.sum += bytes;
  }
  return files.flatMap(({ path, source }) => {
    const { pairs: here = [], sum: size = 0 } = byFile.get(path) ?? {};
    if (here.length === 0) return [];
    const parts = () => here.map((pair) => placeOf(pairs.tensor(side, pair)));
    return [{ id: `${card.digest} ${path}`, path, source, pairs: here, parts, size }];
  });
}

function placeOf({ start = 0, bytes = 0 }: Partial<FileTensor> = {}): FilePart {
  return { start, bytes };
}

async function hashFiles(
  files: readonly HashedFile[],
  take: (pair: number, digest: Digest) => void,
  options: OperationOptions,
): Promise<void> {
  for (const { id, path, source, pairs, parts, size } of files) {
    const item = { id, name: path, phase: "hash", size } as const;
    const takeAt = (index: number, digest: Digest) => take(pairs[index]!, digest);
    await reported(
      item,
      options,
      (onBytes) => rangeDigests(source, parts(), takeAt, { signal: options.signal, onBytes }),
    );
  }
}
