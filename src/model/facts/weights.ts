/**
 * Facts from the headers of all the weight files of a model.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { InvalidInputError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { readAll } from "../../core/streams.ts";
import { quote } from "../../core/text.ts";
import type { FileTensor, HeaderFacts, Provenance, WeightFacts } from "./facts.ts";
import type { FactFile } from "./file_tree.ts";
import { formatOf, type FormatRow, formatRowOf, FORMATS, headSize } from "./formats.ts";
import { readGguf } from "./gguf.ts";
import { mergeGguf } from "./gguf_facts.ts";
import type { ReadHeaderOptions } from "./header_reader.ts";
import { readOnnx } from "./onnx.ts";
import { BudgetSpent } from "./read_budget.ts";
import { mergeSafetensors, readSafetensors } from "./safetensors.ts";
import { readTfjs } from "./tfjs.ts";

/** The facts of a model, and what could not be told. */
export interface HeaderReport
  extends HeaderFacts, Provenance, Pick<WeightFacts, "shape" | "tokenizer"> {
  /** Whether the count of parameters was worked out from a part of the weights. */
  readonly paramCountIsEstimate?: boolean;
  /** The tensors of all files whose headers were read, in the order of the files. */
  readonly tensors: readonly FileTensor[];
  /** Whether the files make up one model, so that its tensors are those of all of them. */
  readonly isOneModel: boolean;
  /** Files whose headers were not read to the end, because the budget was spent. */
  readonly unread: readonly string[];
  /** Sentences about files that could not be read, and about facts that files disagree on. */
  readonly warnings: readonly string[];
}

type ReadHeader = (source: FactFile["source"], options: ReadHeaderOptions) => Promise<WeightFacts>;

/** What can be read from the files of a format, and how the parts of a split model are joined. */
interface Parser {
  readonly read: ReadHeader;
  readonly merge?: (parts: readonly WeightFacts[]) => WeightFacts;
}

const PARSERS: ReadonlyMap<string, Parser> = new Map([
  ["safetensors", { read: readSafetensors, merge: mergeSafetensors }],
  ["gguf", { read: readGguf, merge: mergeGguf }],
  ["onnx", { read: readOnnx }],
  ["tfjs", { read: readTfjs }],
]);

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

/**
 * Headers at a distance that are read at once. Here they come at once one by one, and each takes
 * ten times its size while it is parsed.
 */
const FAR_AT_ONCE = 4;

interface FormattedFile extends FactFile {
  readonly format: string;
}

/** How headers are read. */
export type ReadWeightsOptions = OperationOptions & Pick<ReadHeaderOptions, "window">;

/**
 * Reads the headers of the files whose names are those of model files, and joins what they say. Of
 * several formats the first of {@linkcode FORMATS} is described. The parts of a split model are
 * added up; of several models only what they agree on is told. Only headers are read, never
 * weights.
 *
 * A file with a broken header is a warning. What the sources throw goes through, but for the end of
 * a budget, which leaves files unread.
 */
export async function readHeaderFacts(
  files: readonly FactFile[],
  options: ReadWeightsOptions = {},
): Promise<HeaderReport> {
  const warnings: string[] = [];
  const found = (await mapConcurrent(files, (file) => formatted(file, warnings, options), {
    signal: options.signal,
  })).filter((file) => file !== undefined);
  const formats = FORMATS.map(({ format }) => format)
    .filter((format) => found.some((file) => file.format === format));
  const [format] = formats;
  const nothing = { tensors: [], unread: [], isOneModel: false };
  if (format === undefined) return { ...nothing, warnings };
  if (formats.length > 1) {
    warnings.push(
      `files of several formats were found (${formats.join(", ")}): FORMAT says ${format}`,
    );
  }
  const parser = PARSERS.get(format);
  if (parser === undefined) return { format, ...nothing, warnings };
  const chosen = found.filter((file) => file.format === format);
  const parts = (await mapConcurrent(
    chosen,
    (file) => readPart(file, parser, warnings, options),
    { signal: options.signal, concurrency: options.window === undefined ? 1 : FAR_AT_ONCE },
  )).filter((part) => part !== undefined);
  const models = modelsOf(parts, parser, warnings);
  return {
    format,
    ...agreedFacts(models, warnings),
    isOneModel: models.length === 1,
    tensors: parts.flatMap(({ path, facts }) =>
      facts?.tensors.map((tensor) => ({ ...tensor, file: path })) ?? []
    ),
    unread: parts.filter(({ facts }) => facts === undefined || facts.partial)
      .map(({ path }) => path),
    warnings,
  };
}

/**
 * A file with its format; `undefined`, perhaps with a warning, for what is no model file. Far away
 * the name has to do: looking at the first bytes would be a read of its own.
 */
async function formatted(
  file: FactFile,
  warnings: string[],
  { signal, window }: ReadWeightsOptions,
): Promise<FormattedFile | undefined> {
  const row = formatRowOf(file.path);
  if (row === undefined) return undefined;
  const format = window === undefined ? formatOf(row, await headOf(file, row, signal)) : row.format;
  if (format !== undefined) return { ...file, format };
  // Many programs have a document of such a name.
  if (row.mark === undefined) {
    warnings.push(`${quote(file.path)} does not begin as a ${row.format} file does`);
  }
  return undefined;
}

/** The first bytes of a file, as many as its format is told by. */
async function headOf(
  { source }: FactFile,
  row: FormatRow,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const end = Math.min(headSize(row), source.size);
  if (end === 0) return new Uint8Array();
  return await readAll(await source.open({ range: { start: 0, end }, signal }), end);
}

/** What is known of one file of a model. */
interface Part {
  readonly path: string;
  /** Size of the file in bytes. */
  readonly size: number;
  /** Names the model that the file is a part of. */
  readonly model: string;
  /** How many parts the model has; `undefined` when it is one file. */
  readonly of: number | undefined;
  /** What its header says; absent when the budget did not allow to read it. */
  readonly facts?: WeightFacts;
}

async function readPart(
  { path, source }: FormattedFile,
  parser: Parser,
  warnings: string[],
  { signal, window }: ReadWeightsOptions,
): Promise<Part | undefined> {
  const part = { path, size: source.size, ...modelOf(path) };
  try {
    return { ...part, facts: await parser.read(source, { signal, window, name: path }) };
  } catch (error) {
    if (error instanceof BudgetSpent) return part;
    if (!(error instanceof InvalidInputError)) throw error;
    warnings.push(error.message);
    return undefined;
  }
}

/** The model that a file belongs to: `model-00001-of-00005.safetensors` is one of five parts. */
function modelOf(path: string): { model: string; of: number | undefined } {
  const [, before, total, after] = /^(.*)[-_.]\d{1,6}-of-(\d{1,6})(\.[^/]*)$/.exec(path) ?? [];
  if (total === undefined) return { model: path, of: undefined };
  return { model: `${before}-of-${total}${after}`, of: Number(total) };
}

/** The facts of one model, and whether its count of parameters is only an estimate. */
type JoinedFacts = Partial<WeightFacts> & { readonly paramCountIsEstimate?: boolean };

/** The facts of each model: of its one file, or of its parts together. */
function modelsOf(all: readonly Part[], parser: Parser, warnings: string[]): JoinedFacts[] {
  const models = Map.groupBy(withoutCompanions(all), ({ model }) => model);
  return [...models.values()].map((parts) => {
    const read = parts.filter(({ facts }) => facts !== undefined);
    const [first] = parts;
    const known = read.map(({ facts }) => facts!);
    if (first === undefined || first.of === undefined || parser.merge === undefined) {
      return known[0] ?? {};
    }
    if (read.length === 0) return {};
    const merged = parser.merge(known);
    if (parts.length !== first.of) {
      warnings.push(
        `${quote(first.path)} is one of ${first.of} parts, of which ${parts.length} were read: ` +
          `PARAMSIZE is left out`,
      );
      return { ...merged, paramCount: undefined };
    }
    return read.length === parts.length ? merged : estimated(merged, sizeOf(parts) / sizeOf(read));
  });
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

/** The count of all parameters from those of some parts: the parts are written alike. */
function estimated(facts: WeightFacts, factor: number): JoinedFacts {
  const { paramCount } = facts;
  if (paramCount === undefined) return facts;
  return { ...facts, paramCount: Math.round(paramCount * factor), paramCountIsEstimate: true };
}

/** Names of files, and of folders, that go with a model and are none themselves. */
const COMPANION_NAME =
  /(^|[/_.-])(mm_?proj(ector)?|draft(_model|er)?|speculator|eagle\d?|medusa|mtp|adapter_model)([/_.-]|$)/i;

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
