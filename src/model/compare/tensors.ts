/**
 * Compares the tensors of two models: by the digests of their bytes where both are here, else by
 * what their headers say and whether the files around them are the same.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { reported, reportPlan } from "../../core/progress.ts";
import { compareText } from "../../core/text.ts";
import { layerFiles } from "../card/layer_files.ts";
import type { ModelCard } from "../card/shape.ts";
import type { FileTensor } from "../facts/facts.ts";
import type { FactFile } from "../facts/file_tree.ts";
import { readModel } from "../model_manifest.ts";
import { type FilePart, rangeDigests } from "./range_digests.ts";
import type { ComparedModel, TensorChange, TensorDiff, TensorVerdict } from "./shape.ts";

/** A model with its card. */
export type CardedModel = ComparedModel & { readonly card: ModelCard };

/** Two tensors of one name. */
interface Pair {
  readonly name: string;
  readonly a?: FileTensor;
  readonly b?: FileTensor;
  /** What headers and the digests of files tell; absent where the bytes decide. */
  readonly verdict?: TensorVerdict | "same";
}

/** Digests of the bytes of tensors; those that are not here have none. */
type Digests = ReadonlyMap<FileTensor, Digest>;

/** Compares tensors by their names. Those that are in several files of a model are told by both. */
export async function compareTensors(
  from: CardedModel,
  to: CardedModel,
  options: OperationOptions = {},
): Promise<TensorDiff> {
  const pairs = pairsOf(from, to);
  const [before, after] = await bytesDigests(from, to, pairs, options);
  const changes: TensorChange[] = [];
  let same = 0;
  for (
    const { name, a, b, verdict = bytesVerdict(a && before.get(a), b && after.get(b)) } of pairs
  ) {
    if (verdict === "same") same++;
    else changes.push({ name, verdict, from: a && formOf(a), to: b && formOf(b) });
  }
  const unread = [...new Set([...from.card.unread, ...to.card.unread])].sort(compareText);
  return { same, changes, unread };
}

function pairsOf(from: CardedModel, to: CardedModel): readonly Pair[] {
  const [before, after] = [tensorsOf(from.card), tensorsOf(to.card)];
  const [digestsBefore, digestsAfter] = [fileDigests(from), fileDigests(to)];
  const isSamePlace = (a: FileTensor, b: FileTensor) =>
    a.start === b.start && digestsBefore.get(a.file) === digestsAfter.get(b.file);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  return names.map((name) => {
    const [a, b] = [before.get(name), after.get(name)];
    return { name, a, b, verdict: headerVerdict(a, b, isSamePlace) };
  });
}

/** The tensors of a model by name; one of several files has the name of its file before its own. */
function tensorsOf({ tensors }: ModelCard): ReadonlyMap<string, FileTensor> {
  const counts = Map.groupBy(tensors, ({ name }) => name);
  return new Map(tensors.map((tensor) => {
    const isAlone = counts.get(tensor.name)?.length === 1;
    return [isAlone ? tensor.name : `${tensor.file}: ${tensor.name}`, tensor];
  }));
}

function fileDigests({ card }: CardedModel): ReadonlyMap<string, Digest> {
  return new Map(card.files.map(({ path, digest }) => [path, digest]));
}

function formOf({ type, shape }: FileTensor): string {
  return `${type} ${shape.join("x") || "scalar"}`;
}

function headerVerdict(
  a: FileTensor | undefined,
  b: FileTensor | undefined,
  isSamePlace: (a: FileTensor, b: FileTensor) => boolean,
): Pair["verdict"] {
  if (a === undefined) return "added";
  if (b === undefined) return "removed";
  if (a.shape.join() !== b.shape.join()) return "new shape";
  if (a.type !== b.type) return "new type";
  return isSamePlace(a, b) ? "same" : undefined;
}

function bytesVerdict(a: Digest | undefined, b: Digest | undefined): TensorVerdict | "same" {
  if (a === undefined || b === undefined) return "unknown";
  return a === b ? "same" : "changed";
}

/** The digests of the tensors whose bytes decide: none, unless both models are here. */
async function bytesDigests(
  from: CardedModel,
  to: CardedModel,
  pairs: readonly Pair[],
  options: OperationOptions,
): Promise<readonly [Digests, Digests]> {
  if (from.isFar || to.isFar) return [new Map(), new Map()];
  const undecided = pairs.filter(({ verdict }) => verdict === undefined);
  const before = await partsOf(from, undecided.map(({ a }) => a), options);
  const after = await partsOf(to, undecided.map(({ b }) => b), options);
  reportPlan("hash", [...before, ...after], options);
  return [await digestsOf(before, options), await digestsOf(after, options)];
}

/** Tensors of one file of a model. */
interface FileTensors {
  readonly id: string;
  readonly path: string;
  readonly source: FactFile["source"];
  readonly tensors: readonly (FileTensor & FilePart)[];
  /** Bytes of the tensors together. */
  readonly size: number;
}

/** The files of a model with the tensors that are to be hashed, as far as they have a place. */
async function partsOf(
  { store, target, card }: CardedModel,
  tensors: readonly (FileTensor | undefined)[],
  options: OperationOptions,
): Promise<readonly FileTensors[]> {
  const { manifest } = await readModel(store, target, operationOptions(options));
  const { files } = await layerFiles(store, manifest.layers, operationOptions(options));
  const byFile = Map.groupBy(tensors.filter(hasPlace), ({ file }) => file);
  return files.flatMap(({ path, source }) => {
    const here = byFile.get(path)?.filter(({ start, bytes }) => start + bytes <= source.size) ?? [];
    if (here.length === 0) return [];
    const size = here.reduce((sum, { bytes }) => sum + bytes, 0);
    return [{ id: `${card.digest} ${path}`, path, source, tensors: here, size }];
  });
}

function hasPlace(tensor: FileTensor | undefined): tensor is FileTensor & FilePart {
  return tensor?.start !== undefined && tensor.bytes !== undefined;
}

async function digestsOf(
  files: readonly FileTensors[],
  options: OperationOptions,
): Promise<Digests> {
  const digests = new Map<FileTensor, Digest>();
  for (const { id, path, source, tensors, size } of files) {
    const item = { id, name: path, phase: "hash", size } as const;
    const found = await reported(
      item,
      options,
      (onBytes) => rangeDigests(source, tensors, { signal: options.signal, onBytes }),
    );
    for (const [index, tensor] of tensors.entries()) digests.set(tensor, found[index]!);
  }
  return digests;
}
