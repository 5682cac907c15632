/**
 * Facts from the headers of all the weight files of a model.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { InvalidInputError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import { collectGarbage } from "../../core/runtime/garbage.ts";
import type { HeaderFacts, Provenance, UnlistedFile, WeightFacts } from "./facts.ts";
import type { FactFile } from "./file_tree.ts";
import { formatOf, type FormatRow, formatRowOf, FORMATS, headSize } from "./formats.ts";
import type { ReadHeaderOptions } from "./headers/header_reader.ts";
import {
  type JoinedWeights,
  type JoinOptions,
  joinWeights,
  type Part,
  tensorFiles,
} from "./join_weights.ts";
import { BudgetSpent, readStart } from "./read_budget.ts";
import { leftOut, ModelTensors, TensorRoom } from "./tensors/model_tensors.ts";

/** The facts of a model, and what could not be told. */
export interface HeaderReport extends
  HeaderFacts,
  Provenance,
  Pick<
    JoinedWeights,
    "shape" | "tokenizer" | "packed" | "paramCountIsEstimate" | "tensorCount" | "tensorBytes"
  > {
  /** The tensors of all files whose headers were read, in the order of the files. */
  readonly tensors: ModelTensors;
  /** Files whose headers were not read to the end, because the budget was spent. */
  readonly unread: readonly string[];
  /** Files whose tensors are not among them: malformed, of a format that is not read, too many. */
  readonly unlisted: readonly UnlistedFile[];
  /** Sentences about files that could not be read, and about facts that files disagree on. */
  readonly warnings: readonly string[];
}

type ReadHeader = (source: FactFile["source"], options: ReadHeaderOptions) => Promise<WeightFacts>;

/** What can be read from the files of a format, and how the parts of a split model are joined. */
interface Parser extends Pick<JoinOptions, "merge"> {
  readonly read: ReadHeader;
  /** Whether its tensors have the names that libraries of Python give to packed weights. */
  readonly isNamedByTorch?: boolean;
}

/** Each is loaded for a file of its format. */
const PARSERS: Readonly<Record<string, () => Promise<Parser>>> = {
  async safetensors() {
    const { readSafetensors, mergeSafetensors } = await import("./headers/safetensors.ts");
    return { read: readSafetensors, merge: mergeSafetensors, isNamedByTorch: true };
  },
  async gguf() {
    const [{ readGguf }, { mergeGguf }] = await Promise.all([
      import("./headers/gguf.ts"),
      import("./headers/gguf_facts.ts"),
    ]);
    return { read: readGguf, merge: mergeGguf };
  },
  async onnx() {
    const { readOnnx, mergeOnnx } = await import("./headers/onnx.ts");
    return { read: readOnnx, merge: mergeOnnx };
  },
  async tfjs() {
    const { readTfjs } = await import("./headers/tfjs.ts");
    return { read: readTfjs };
  },
};

/**
 * Headers at a distance that are read at once. Here they come at once one by one, and each takes
 * ten times its size while it is parsed.
 */
const FAR_AT_ONCE = 4;

interface FormattedFile extends FactFile {
  readonly format: string;
}

/** How headers are read. */
export type ReadWeightsOptions =
  & OperationOptions
  & Pick<ReadHeaderOptions, "window">
  & Pick<JoinOptions, "components" | "countPacked">
  & {
    /** Whether the weights are known to be packed, whatever their tensors are called. */
    readonly arePacked?: boolean;
  };

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
  const nothing = { tensors: new ModelTensors(), unread: [] };
  if (format === undefined) return { ...nothing, unlisted: [], warnings };
  if (formats.length > 1) {
    warnings.push(
      `files of several formats were found (${formats.join(", ")}): FORMAT says ${format}`,
    );
  }
  const parser = await PARSERS[format]?.();
  const chosen = found.filter((file) => file.format === format);
  if (parser === undefined) {
    return { format, ...nothing, unlisted: chosen.map(({ path }) => ({ file: path })), warnings };
  }
  const reading: Reading = { parser, room: new TensorRoom(), unlisted: new Set(), warnings };
  const parts = (await mapConcurrent(
    chosen,
    (file) => readPart(file, reading, options),
    { signal: options.signal, concurrency: options.window === undefined ? 1 : FAR_AT_ONCE },
  )).filter((part) => part !== undefined);
  const { components } = options;
  const headers = tensorFiles(parts);
  const countPacked = parser.isNamedByTorch ? options.countPacked : undefined;
  return {
    format,
    ...joinWeights(parts, { ...parser, components, countPacked }, warnings),
    tensors: new ModelTensors(headers),
    unread: parts.filter(({ path, facts }) =>
      facts === undefined && !reading.unlisted.has(path) || facts?.partial
    ).map(({ path }) => path),
    unlisted: [...leftOut(headers), ...Array.from(reading.unlisted, (file) => ({ file }))],
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
  const head = window === undefined ? await headOf(file, row, signal) : undefined;
  const format = head === undefined ? row.format : formatOf(row, head);
  if (format !== undefined) return { ...file, format };
  // Many programs have a document of such a name.
  if (row.mark === undefined) {
    warnings.push(`${quote(file.path)} does not begin as a ${row.format} file does`);
  }
  return undefined;
}

/** The first bytes of a file, as many as its format is told by; `undefined` when it is not read. */
async function headOf(
  { source }: FactFile,
  row: FormatRow,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  return await readStart(source, headSize(row), signal);
}

/** Tensors of a header that leaves as much garbage as is worth collecting before the next one. */
const MANY_TENSORS = 10_000;

/** What the files of a model are read with. */
interface Reading {
  readonly parser: Parser;
  readonly room: TensorRoom;
  /** Files that are malformed, or behind more tensors than anybody counts. */
  readonly unlisted: Set<string>;
  /** Sentences about what could not be read. */
  readonly warnings: string[];
}

async function readPart(
  { path, source }: FormattedFile,
  { parser, room, unlisted, warnings }: Reading,
  { signal, window, arePacked }: ReadWeightsOptions,
): Promise<Part | undefined> {
  const part = { path, size: source.size };
  if (room.isSpent) {
    unlisted.add(path);
    return part;
  }
  try {
    const facts = await parser.read(source, { signal, window, name: path });
    room.keep(facts.tensors);
    if (facts.tensors.count > MANY_TENSORS) collectGarbage();
    if (!arePacked || !parser.isNamedByTorch) return { ...part, facts };
    return {
      ...part,
      facts: { ...facts, packed: true, precision: undefined, paramCount: undefined },
    };
  } catch (error) {
    if (error instanceof BudgetSpent) return part;
    if (!(error instanceof InvalidInputError)) throw error;
    warnings.push(error.message);
    unlisted.add(path);
    return undefined;
  }
}
