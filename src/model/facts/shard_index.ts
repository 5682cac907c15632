/**
 * The index of weights in several files: which tensor is in which of them. It says nothing of
 * shapes.
 * See https://hf.co/docs/transformers/big_models
 * @module
 */
import * as posix from "../../core/runtime/posix_path.ts";
import * as form from "../../core/shapes/form.ts";

/**
 * Names of index files: `model.safetensors.index.json`, `pytorch_model.bin.index.fp16.json`,
 * `tf_model.h5.index.json`, `flax_model.msgpack.index.json`.
 */
const INDEX = /\.(safetensors|bin|h5|msgpack)\.index(\.[^./]+)?\.json$/;

/** Whether a file is such an index, by its name. */
export function isShardIndex(path: string): boolean {
  return INDEX.test(path);
}

/** Whether it is the index of weights that have the names of PyTorch. */
export function isTorchIndex(path: string): boolean {
  return /^(safetensors|bin)$/.test(INDEX.exec(path)?.[1] ?? "");
}

/** What an index says. */
export interface ShardIndex {
  /** Paths of the files in the model, by the names of the tensors in them. */
  readonly files: ReadonlyMap<string, string>;
  /** Bytes of all tensors together, where it says so. */
  readonly tensorBytes?: number;
  /** Parameters of all tensors together, where it says so. */
  readonly paramCount?: number;
}

const count = form.lenient(form.refined(form.count, (value) => value > 0));

const indexForm = form.map({
  weight_map: form.textMap,
  metadata: form.lenient(form.map({ total_size: count, total_parameters: count })),
});

/** The index in a document; `undefined` when it is none after all. */
export function shardIndex(document: unknown, path: string): ShardIndex | undefined {
  const index = form.inForm(indexForm, document).value;
  if (index === undefined) return undefined;
  const folder = posix.dirname(path);
  const files = Object.entries(index.weight_map)
    .map(([name, file]) => [name, posix.join(folder, file)] as const);
  return {
    files: new Map(files),
    tensorBytes: index.metadata?.total_size,
    paramCount: index.metadata?.total_parameters,
  };
}

const partForm = form.map({ weight_map: form.optional(form.textMap) });

/** Paths of the files that a part of an index names; `undefined` when it is no index after all. */
export function filesNamed(part: unknown, path: string): readonly string[] | undefined {
  const { value } = form.inForm(partForm, part);
  if (value === undefined) return undefined;
  const folder = posix.dirname(path);
  return Array.from(
    new Set(Object.values(value.weight_map ?? {})),
    (name) => posix.join(folder, name),
  );
}
