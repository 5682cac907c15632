/**
 * Facts from the headers of all the weight files of a model.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { InvalidInputError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { BlobSource } from "../../core/source.ts";
import { readAll } from "../../core/streams.ts";
import { quote } from "../../core/text.ts";
import type { HeaderFacts, WeightFacts } from "./facts.ts";
import { formatOf, type FormatRow, formatRowOf, FORMATS, MAGIC_SIZE } from "./formats.ts";
import { mergeGguf, readGguf } from "./gguf.ts";
import { readOnnx } from "./onnx.ts";
import { mergeSafetensors, readSafetensors } from "./safetensors.ts";

/** A file that may hold weights. */
export interface HeaderFile {
  /** Path relative to the workspace, with forward slashes. */
  readonly path: string;
  /** Its bytes. */
  readonly source: BlobSource;
}

/** The facts of a model, and what could not be told. */
export interface HeaderReport extends HeaderFacts {
  /** Sentences about files that could not be read, and about facts that files disagree on. */
  readonly warnings: readonly string[];
}

type ReadHeader = (
  source: BlobSource,
  options: OperationOptions & { readonly name: string },
) => Promise<WeightFacts>;

/** What can be read from the files of a format, and how the parts of a split model are joined. */
interface Parser {
  readonly read: ReadHeader;
  readonly merge?: (parts: readonly WeightFacts[]) => WeightFacts;
}

const PARSERS: ReadonlyMap<string, Parser> = new Map([
  ["safetensors", { read: readSafetensors, merge: mergeSafetensors }],
  ["gguf", { read: readGguf, merge: mergeGguf }],
  ["onnx", { read: readOnnx }],
]);

/** Facts that all models of a workspace have to agree on. */
const SHARED_FACTS = [
  ["paramCount", "PARAMSIZE"],
  ["precision", "PRECISION"],
  ["quantization", "QUANTIZATION"],
  ["architecture", "ARCH"],
  ["family", "FAMILY"],
] as const;

interface FormattedFile extends HeaderFile {
  readonly format: string;
}

/**
 * Reads the headers of the files whose names are those of model files, and joins what they say. Of
 * several formats the first of {@linkcode FORMATS} is described. The parts of a split model are
 * added up; of several models only what they agree on is told. Only headers are read, never
 * weights.
 *
 * A file with a broken header is a warning. What the sources throw goes through.
 */
export async function readHeaderFacts(
  files: readonly HeaderFile[],
  options: OperationOptions = {},
): Promise<HeaderReport> {
  const warnings: string[] = [];
  const found = (await mapConcurrent(files, (file) => formatted(file, warnings, options), {
    signal: options.signal,
  })).filter((file) => file !== undefined);
  const formats = FORMATS.map(({ format }) => format)
    .filter((format) => found.some((file) => file.format === format));
  const [format] = formats;
  if (format === undefined) return { warnings };
  if (formats.length > 1) {
    warnings.push(
      `files of several formats were found (${formats.join(", ")}): FORMAT says ${format}`,
    );
  }
  const parser = PARSERS.get(format);
  if (parser === undefined) return { format, warnings };
  const chosen = found.filter((file) => file.format === format);
  const models = await readModels(chosen, parser, { warnings, options });
  return { format, ...agreedFacts(models, warnings), warnings };
}

interface ReadContext {
  readonly warnings: string[];
  readonly options: OperationOptions;
}

/** A file with its format; `undefined`, perhaps with a warning, for what is no model file. */
async function formatted(
  file: HeaderFile,
  warnings: string[],
  { signal }: OperationOptions,
): Promise<FormattedFile | undefined> {
  const row = formatRowOf(file.path);
  if (row === undefined) return undefined;
  const format = formatOf(row, await headOf(file.source, row, signal));
  if (format !== undefined) return { ...file, format };
  warnings.push(`${quote(file.path)} does not begin as a ${row.format} file does`);
  return undefined;
}

async function headOf(
  source: BlobSource,
  row: FormatRow,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (row.magic === undefined) return new Uint8Array();
  const end = Math.min(MAGIC_SIZE, source.size);
  return await readAll(await source.open({ range: { start: 0, end }, signal }), end);
}

/** The facts of each model: of its one file, or of its parts together. */
async function readModels(
  files: readonly FormattedFile[],
  parser: Parser,
  { warnings, options }: ReadContext,
): Promise<HeaderFacts[]> {
  const facts = await mapConcurrent(
    files,
    (file) => readFacts(file, parser, { warnings, options }),
    {
      signal: options.signal,
    },
  );
  const parts = withoutCompanions(facts.filter((one) => one !== undefined));
  const models = Map.groupBy(parts, ({ model }) => model);
  return [...models.values()].map((parts) => {
    const [first] = parts;
    if (first === undefined || first.of === undefined || parser.merge === undefined) {
      return first?.facts ?? {};
    }
    const merged = parser.merge(parts.map(({ facts }) => facts));
    if (parts.length === first.of) return merged;
    warnings.push(
      `${quote(first.path)} is one of ${first.of} parts, of which ${parts.length} were read: ` +
        `PARAMSIZE is left out`,
    );
    return { ...merged, paramCount: undefined };
  });
}

/** Names of files, and of folders, that go with a model and are none themselves. */
const COMPANION_NAME =
  /(^|[/_.-])(mm_?proj(ector)?|draft(_model|er)?|speculator|eagle\d?|medusa|mtp|adapter_model)([/_.-]|$)/i;

/** The files that say what the model is; all, when each goes with another. */
function withoutCompanions(parts: readonly Part[]): readonly Part[] {
  const main = parts.filter(({ path, facts }) => !facts.companion && !COMPANION_NAME.test(path));
  return main.length > 0 ? main : parts;
}

interface Part {
  readonly path: string;
  /** Names the model that the file is a part of. */
  readonly model: string;
  /** How many parts the model has; `undefined` when it is one file. */
  readonly of: number | undefined;
  readonly facts: WeightFacts;
}

async function readFacts(
  { path, source }: FormattedFile,
  parser: Parser,
  { warnings, options }: ReadContext,
): Promise<Part | undefined> {
  try {
    const facts = await parser.read(source, { signal: options.signal, name: path });
    return { path, ...modelOf(path), facts };
  } catch (error) {
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

/** What all models say alike; a warning for each fact that they differ on. */
function agreedFacts(models: readonly HeaderFacts[], warnings: string[]): HeaderFacts {
  const agreed: Record<string, string | number> = {};
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
  return agreed;
}
