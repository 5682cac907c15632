/**
 * Facts about a model, read from the files that come with it.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { explainRead } from "../core/file_errors.ts";
import { fileSource } from "../core/file_source.ts";
import { readDocument } from "../core/files.ts";
import { decodePythonJson } from "../core/json.ts";
import type { OperationOptions } from "../core/operation.ts";
import { configFacts } from "./weights/config_json.ts";
import { formatRowOf } from "./weights/formats.ts";
import { readHeaderFacts } from "./weights/inspect_headers.ts";
import { formatParamSize } from "./weights/param_size.ts";
import type { ModelfileValues } from "./modelfile/values.ts";

/** A file of the workspace that facts may be read from. */
export interface KnownFile {
  /** Path relative to the workspace, with forward slashes. */
  readonly path: string;
  /** Path to read it from. */
  readonly absolute: string;
  /** Size in bytes. */
  readonly size: number;
}

/** What was found. */
export interface Introspection {
  /** The facts. */
  readonly values: ModelfileValues;
  /** Files that should hold facts and could not be read. */
  readonly warnings: readonly string[];
}

/** Files in the top folder that hold facts; a later one overrides the keys of an earlier one. */
const FACT_FILES = ["hf_quant_config.json", "config.json", "generation_config.json"];

/** A larger file is no configuration, and is not worth the memory. Bytes. */
const LARGEST_FACT_FILE = 16 * 1024 * 1024;

/**
 * Reads what `config.json` and the files beside it say, and what the headers of the weight
 * files say. Where both know a fact the configuration counts, but for the number of parameters,
 * which the weights know best.
 */
export async function introspect(
  files: readonly KnownFile[],
  options: OperationOptions = {},
): Promise<Introspection> {
  const { merged, warnings } = await readFactFiles(files, options);
  const config = configFacts(merged);
  const headers = await readHeaderFacts(
    await Promise.all(
      files.filter(({ path }) => formatRowOf(path) !== undefined)
        .map(async ({ path, absolute }) => ({ path, source: await fileSource(absolute) })),
    ),
    options,
  );
  const paramCount = headers.paramCount ?? config.paramCount;
  const values: ModelfileValues = {
    arch: config.architecture ?? headers.architecture,
    family: config.family ?? headers.family,
    format: headers.format,
    paramSize: paramCount === undefined ? undefined : formatParamSize(paramCount),
    precision: config.precision ?? headers.precision,
    quantization: config.quantization ?? headers.quantization,
  };
  return { values: sayable(values), warnings: [...warnings, ...headers.warnings] };
}

/** The facts that a Modelfile can hold: those without control characters. */
function sayable(values: ModelfileValues): ModelfileValues {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && !/\p{Cc}/u.test(value)),
  );
}

/** The keys of the fact files together. */
async function readFactFiles(
  files: readonly KnownFile[],
  options: OperationOptions,
): Promise<{ merged: Record<string, unknown>; warnings: string[] }> {
  const warnings: string[] = [];
  let merged: Record<string, unknown> = {};
  for (const name of FACT_FILES) {
    options.signal?.throwIfAborted();
    const file = files.find(({ path }) => path === name);
    if (file === undefined) continue;
    const facts = await readFacts(file);
    if (typeof facts === "string") warnings.push(`${name} tells nothing: ${facts}`);
    else merged = { ...merged, ...facts };
  }
  return { merged, warnings };
}

/** The keys of a JSON file, or why it has none. */
async function readFacts(file: KnownFile): Promise<Record<string, unknown> | string> {
  if (file.size > LARGEST_FACT_FILE) return `it has more than ${LARGEST_FACT_FILE} bytes`;
  try {
    const facts = decodePythonJson(await readDocument(file.absolute, LARGEST_FACT_FILE), file.path);
    const isObject = typeof facts === "object" && facts !== null && !Array.isArray(facts);
    return isObject ? facts as Record<string, unknown> : "it is no JSON object";
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw explainRead(file.path, error);
    return error.cause instanceof Error ? error.cause.message : error.message;
  }
}
