/**
 * Compares the tensors of two models: by the digests of their bytes where both are here, else by
 * what their headers say and whether the files around them are the same.
 * @module
 */
import { type Digest, digestStream } from "../../core/digest.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { compareText } from "../../core/text.ts";
import { layerFiles } from "../card/layer_files.ts";
import type { ModelCard } from "../card/shape.ts";
import type { FileTensor } from "../facts/facts.ts";
import type { FactFile } from "../facts/file_tree.ts";
import { readModel } from "../model_manifest.ts";
import type { ComparedModel, TensorChange, TensorDiff, TensorVerdict } from "./shape.ts";

/** A model with its card. */
export type CardedModel = ComparedModel & { readonly card: ModelCard };

/** Compares tensors by their names. Those that are in several files of a model are told by both. */
export async function compareTensors(
  from: CardedModel,
  to: CardedModel,
  options: OperationOptions = {},
): Promise<TensorDiff> {
  const [before, after] = [tensorsOf(from.card), tensorsOf(to.card)];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  const [here, there] = [await bytesOf(from, options), await bytesOf(to, options)];
  const changes: TensorChange[] = [];
  let same = 0;
  for (const name of names) {
    options.signal?.throwIfAborted();
    const [a, b] = [before.get(name), after.get(name)];
    const verdict = headerVerdict(a, b, { from, to }) ??
      await bytesVerdict(await here(a), await there(b));
    if (verdict === "same") same++;
    else changes.push({ name, verdict, from: a && formOf(a), to: b && formOf(b) });
  }
  const unread = [...new Set([...from.card.unread, ...to.card.unread])].sort(compareText);
  return { same, changes, unread };
}

/** The tensors of a model by name; one of several files has the name of its file before its own. */
function tensorsOf({ tensors }: ModelCard): Map<string, FileTensor> {
  const counts = Map.groupBy(tensors, ({ name }) => name);
  return new Map(tensors.map((tensor) => {
    const isAlone = counts.get(tensor.name)?.length === 1;
    return [isAlone ? tensor.name : `${tensor.file}: ${tensor.name}`, tensor];
  }));
}

function formOf({ type, shape }: FileTensor): string {
  return `${type} ${shape.join("x") || "scalar"}`;
}

/** What headers and the digests of files tell; `undefined` where the bytes decide. */
function headerVerdict(
  a: FileTensor | undefined,
  b: FileTensor | undefined,
  { from, to }: { readonly from: CardedModel; readonly to: CardedModel },
): TensorVerdict | "same" | undefined {
  if (a === undefined) return "added";
  if (b === undefined) return "removed";
  if (a.shape.join() !== b.shape.join()) return "new shape";
  if (a.type !== b.type) return "new type";
  const isSameFile = a.start === b.start && fileDigest(from, a) === fileDigest(to, b);
  return isSameFile ? "same" : undefined;
}

function fileDigest({ card }: CardedModel, { file }: FileTensor): Digest | undefined {
  return card.files.find(({ path }) => path === file)?.digest;
}

function bytesVerdict(a: Digest | undefined, b: Digest | undefined): TensorVerdict | "same" {
  if (a === undefined || b === undefined) return "unknown";
  return a === b ? "same" : "changed";
}

/** A function that hashes the bytes of a tensor, where they are here and have a place. */
async function bytesOf(
  { store, target, isFar }: ComparedModel,
  options: OperationOptions,
): Promise<(tensor: FileTensor | undefined) => Promise<Digest | undefined>> {
  if (isFar) return () => Promise.resolve(undefined);
  const { manifest } = await readModel(store, target, operationOptions(options));
  const { files } = await layerFiles(store, manifest.layers, operationOptions(options));
  const byPath = new Map<string, FactFile>(files.map((file) => [file.path, file]));
  return async (tensor) => {
    const file = tensor && byPath.get(tensor.file);
    if (file === undefined || tensor?.start === undefined || tensor.bytes === undefined) {
      return undefined;
    }
    const range = { start: tensor.start, end: tensor.start + tensor.bytes };
    if (range.end > file.source.size) return undefined;
    const stream = await file.source.open({ range, signal: options.signal });
    return (await digestStream(stream)).digest;
  };
}
