/**
 * Compares the bytes of tensors, where two models are here.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { reported, reportPlan } from "../../core/progress.ts";
import { collectGarbage } from "../../core/runtime/garbage.ts";
import { layerFiles } from "../card/layer_files.ts";
import type { FactFile } from "../facts/file_tree.ts";
import { readModel } from "../model_manifest.ts";
import type { CardedModel, Side, TensorPairs } from "./pairs.ts";
import { type FilePart, rangeDigests } from "./range_digests.ts";

/** What the bytes of a pair say. */
type BytesVerdict = "same" | "changed" | "unknown";

/**
 * Hashes the tensors whose bytes decide, and says what those of a pair say: nothing, unless both
 * models are here. Memory: a digest for each.
 */
export async function bytesVerdicts(
  from: CardedModel,
  to: CardedModel,
  pairs: TensorPairs,
  options: OperationOptions,
): Promise<(pair: number) => BytesVerdict> {
  if (from.isFar || to.isFar) return () => "unknown";
  // What pairing has left.
  collectGarbage();
  const undecided: number[] = [];
  for (const pair of pairs.names.keys()) {
    if (pairs.headerVerdict(pair) === undefined) undecided.push(pair);
  }
  const before = await filesOf(from, pairs.before, undecided, options);
  const after = await filesOf(to, pairs.after, undecided, options);
  reportPlan("hash", [...before, ...after], options);
  const known: (Digest | BytesVerdict | undefined)[] = [];
  await hashFiles(before, (pair, digest) => known[pair] = digest, options);
  await hashFiles(after, (pair, digest) => {
    if (known[pair] !== undefined) known[pair] = known[pair] === digest ? "same" : "changed";
  }, options);
  return (pair) => {
    const verdict = known[pair];
    return verdict === "same" || verdict === "changed" ? verdict : "unknown";
  };
}

/** A file of a model with tensors that are to be hashed. */
interface HashedFile {
  readonly id: string;
  readonly path: string;
  readonly source: FactFile["source"];
  /** The pairs of its tensors. */
  readonly pairs: readonly number[];
  /** The place of a pair's tensor. */
  readonly partOf: (pair: number) => FilePart;
  /** Bytes of the tensors together. */
  readonly size: number;
}

/** The files of a model with the tensors of these pairs, as far as they have a place. */
async function filesOf(
  { store, target, card }: CardedModel,
  side: Side,
  undecided: readonly number[],
  options: OperationOptions,
): Promise<readonly HashedFile[]> {
  const { manifest } = await readModel(store, target, operationOptions(options));
  const { files } = await layerFiles(store, manifest.layers, operationOptions(options));
  const byFile = Map.groupBy(undecided, (pair) => side[pair]?.file);
  const partOf = (pair: number) => {
    const { start = 0, bytes = Infinity } = side[pair] ?? {};
    return { start, bytes };
  };
  return files.flatMap(({ path, source }) => {
    const pairs = (byFile.get(path) ?? []).filter((pair) =>
      side[pair]?.start !== undefined && endOf(partOf(pair)) <= source.size
    );
    if (pairs.length === 0) return [];
    const size = pairs.reduce((sum, pair) => sum + partOf(pair).bytes, 0);
    return [{ id: `${card.digest} ${path}`, path, source, pairs, partOf, size }];
  });
}

function endOf({ start, bytes }: FilePart): number {
  return start + bytes;
}

async function hashFiles(
  files: readonly HashedFile[],
  take: (pair: number, digest: Digest) => void,
  options: OperationOptions,
): Promise<void> {
  for (const { id, path, source, pairs, partOf, size } of files) {
    const item = { id, name: path, phase: "hash", size } as const;
    const found = await reported(
      item,
      options,
      (onBytes) => rangeDigests(source, pairs.map(partOf), { signal: options.signal, onBytes }),
    );
    for (const [index, pair] of pairs.entries()) take(pair, found[index]!);
  }
}
