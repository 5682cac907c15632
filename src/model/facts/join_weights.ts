/**
 * What the weight files of a model make up together: one model, in one file or in several; the
 * components of a pipeline; or models side by side, of which only what they agree on is told.
 * @module
 */
import { dirname } from "../../core/runtime/posix_path.ts";
import { quote } from "../../core/text.ts";
import type { SummedFacts, WeightFacts } from "./facts.ts";
import type { TensorFact } from "./tensors/tensor_fact.ts";
import { ModelTensors, type TensorFile } from "./tensors/model_tensors.ts";

/** What is known of one file of a model. */
export interface Part {
  readonly path: string;
  /** Size of the file in bytes. */
  readonly size: number;
  /** What its header says; absent when the budget did not allow to read it. */
  readonly facts?: WeightFacts;
}

/** How parts are joined. */
export interface JoinOptions {
  /** Joins what the files of one model say; absent for formats whose models are one file each. */
  readonly merge?: (parts: readonly SummedFacts[]) => SummedFacts;
  /** Folders whose weights make up the model together; `""` is the top. None when absent. */
  readonly components?: readonly string[];
  /** Counts the parameters that packed weights stand for; `undefined` where nobody knows. */
  readonly countPacked?: CountParameters;
}

/** Counts parameters of tensors. */
export type CountParameters = (tensors: Iterable<TensorFact>) => number | undefined;

/** What the files say together. */
export type JoinedWeights = JoinedFacts & {
  /** How many tensors the model has; absent where the files are several models or not all read. */
  readonly tensorCount?: number;
  /** Bytes that they take together; absent where one does not tell. */
  readonly tensorBytes?: number;
};

/** The facts of one model, and whether its count of parameters is only an estimate. */
type JoinedFacts = Partial<SummedFacts> & { readonly paramCountIsEstimate?: boolean };

/** The files of one model. */
interface ModelParts {
  readonly parts: readonly Part[];
  /** Whether some of its files are missing. */
  readonly isCut: boolean;
}

/** Facts that all models of a workspace have to agree on, and the words of a Modelfile for them. */
const SHARED_FACTS = [
  ["paramCount", "PARAMSIZE"],
  ["precision", "PRECISION"],
  ["quantization", "QUANTIZATION"],
  ["architecture", "ARCH"],
  ["family", "FAMILY"],
] as const;

/** Facts that are told where all models agree on them, and need no warning where they do not. */
const QUIET_FACTS = [
  "name",
  "license",
  "languages",
  "datasets",
  "baseModels",
  "shape",
  "tokenizer",
] as const;

/** What all files say together; a warning for what is missing, and for what models differ on. */
export function joinWeights(
  all: readonly Part[],
  options: JoinOptions,
  warnings: string[],
): JoinedWeights {
  const models = modelsOf(all, options, warnings);
  const facts = models.map((model) => factsOf(model, options));
  const agreed = agreedFacts(facts, warnings);
  const [only] = models;
  if (models.length !== 1 || only === undefined || only.isCut || !isRead(only)) return agreed;
  const files = tensorFiles(only.parts);
  const tensorCount = files.reduce((sum, { tensors }) => sum + tensors.count, 0);
  if (tensorCount === 0) return agreed;
  const sums = { tensorCount, tensorBytes: bytesOf(files) };
  if (!facts[0]?.packed) return { ...agreed, ...sums };
  const paramCount = packedParameters(files, options, warnings);
  return { ...agreed, ...sums, packed: true, paramCount };
}

/** The tensors of all files whose headers were read, in the order of the files. */
export function tensorFiles(parts: readonly Part[]): readonly TensorFile[] {
  return parts.flatMap(({ path, facts }) =>
    facts === undefined ? [] : [{ path, tensors: facts.tensors }]
  );
}

/** The parameters that packed weights stand for: their names tell, so all have to be here. */
function packedParameters(
  files: readonly TensorFile[],
  { countPacked }: JoinOptions,
  warnings: string[],
): number | undefined {
  if (files.every(({ tensors }) => !tensors.isLeftOut)) {
    return countPacked?.(new ModelTensors(files));
  }
  warnings.push("the packed weights are too many tensors to be counted: PARAMSIZE is left out");
  return undefined;
}

/** The models that the files are, each with its parts. */
function modelsOf(
  all: readonly Part[],
  { components = [] }: JoinOptions,
  warnings: string[],
): readonly ModelParts[] {
  const models = [
    ...Map.groupBy(withoutCompanions(all), ({ path }) => modelOf(path).model).values(),
  ];
  const chosen = components.flatMap((folder) => defaultOf(folder, models) ?? []);
  if (chosen.length === 0) return models.map((parts) => complete(parts, warnings));
  const parts = chosen.map((parts) => complete(parts, warnings));
  return [{ parts: chosen.flat(), isCut: parts.some(({ isCut }) => isCut) }];
}

/**
 * The model in the folder of a component that libraries load unless they are told otherwise: the
 * one with the shortest name. Others say of which variant they are: `model.fp16.safetensors`.
 */
function defaultOf(
  folder: string,
  models: readonly (readonly Part[])[],
): [readonly Part[]] | undefined {
  const here = models.filter(([first]) => folderOf(first?.path ?? "") === folder);
  const [shortest] = here.sort(([a], [b]) => (a?.path.length ?? 0) - (b?.path.length ?? 0));
  return shortest && [shortest];
}

function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === "." ? "" : folder;
}

/** The model that a file belongs to: `model-00001-of-00005.safetensors` is one of five parts. */
function modelOf(path: string): { readonly model: string; readonly of: number | undefined } {
  const [, before, total, after] = /^(.*)[-_.]\d{1,6}-of-(\d{1,6})(\.[^/]*)$/.exec(path) ?? [];
  if (total === undefined) return { model: path, of: undefined };
  return { model: `${before}-of-${total}${after}`, of: Number(total) };
}

/** The parts of one model; a warning when there are fewer than their names say. */
function complete(parts: readonly Part[], warnings: string[]): ModelParts {
  const [first] = parts;
  const { of } = modelOf(first?.path ?? "");
  const isCut = first !== undefined && of !== undefined && parts.length !== of;
  if (isCut) {
    warnings.push(
      `${quote(first.path)} is one of ${of} parts, of which ${parts.length} were read: ` +
        `PARAMSIZE is left out`,
    );
  }
  return { parts, isCut };
}

/** The facts of one model: of its one file, or of its parts together. */
function factsOf({ parts, isCut }: ModelParts, { merge }: JoinOptions): JoinedFacts {
  const read = parts.filter(({ facts }) => facts !== undefined);
  const known = read.map(({ facts }) => facts!);
  const [first] = known;
  if (first === undefined) return {};
  const isWhole = parts.length === 1 && modelOf(parts[0]?.path ?? "").of === undefined;
  if (isWhole || merge === undefined) return first;
  const merged = merge(known);
  if (isCut) return { ...merged, paramCount: undefined };
  return read.length === parts.length ? merged : estimated(merged, sizeOf(parts) / sizeOf(read));
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

/** The count of all parameters from those of some parts: the parts are written alike. */
function estimated(facts: SummedFacts, factor: number): JoinedFacts {
  const { paramCount } = facts;
  if (paramCount === undefined) return facts;
  return { ...facts, paramCount: Math.round(paramCount * factor), paramCountIsEstimate: true };
}

/** Whether all headers of a model were read, and to their ends. */
function isRead({ parts }: ModelParts): boolean {
  return parts.every(({ facts }) => facts !== undefined && !facts.partial);
}

/** The bytes of tensors together; `undefined` where one does not tell. */
function bytesOf(files: readonly TensorFile[]): number | undefined {
  const sum = files.reduce((sum, { tensors: { byteCount = NaN } }) => sum + byteCount, 0);
  return Number.isNaN(sum) ? undefined : sum;
}

/** Names of files, and of folders, that go with a model and are none themselves. */
const COMPANION_NAME =
  /(^|[/_.-])(mm_?proj|projector|draft(_model|er)?|assistant|speculator|eagle\d?|medusa|mtp|adapter_model|loras?)([/_.-]|$)/i;

/** The files that say what the model is; all, when each goes with another. */
function withoutCompanions(parts: readonly Part[]): readonly Part[] {
  const main = parts.filter(({ path, facts }) => !facts?.companion && !COMPANION_NAME.test(path));
  return main.length > 0 ? main : parts;
}

/** What all models say alike; a warning for each fact of a Modelfile that they differ on. */
function agreedFacts(models: readonly JoinedFacts[], warnings: string[]): JoinedFacts {
  const agreed: Record<string, unknown> = {};
  const [first] = models;
  for (const [key, word] of SHARED_FACTS) {
    const value = first?.[key];
    if (models.every((model) => model[key] === value)) {
      if (value !== undefined) agreed[key] = value;
    } else {
      warnings.push(
        `the weight files hold ${models.length} models that differ: ${word} is left out`,
      );
    }
  }
  for (const key of QUIET_FACTS) {
    const value = first?.[key];
    const text = JSON.stringify(value);
    if (value !== undefined && models.every((model) => JSON.stringify(model[key]) === text)) {
      agreed[key] = value;
    }
  }
  if (agreed["paramCount"] !== undefined && models.some((model) => model.paramCountIsEstimate)) {
    agreed["paramCountIsEstimate"] = true;
  }
  return agreed;
}
