/**
 * Facts about a model, read from the files that come with it.
 * @module
 */
import { z } from "../deps/zod.ts";
import { explainRead } from "../core/source.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { ModelfileValues } from "./modelfile.ts";

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
const FACT_FILES = ["config.json", "generation_config.json"];

/** A larger file is no configuration, and is not worth the memory. Bytes. */
const LARGEST_FACT_FILE = 16 * 1024 * 1024;

/** Names of weight files that tell the format, the preferred format first. */
const FORMATS: readonly (readonly [format: string, name: RegExp])[] = [
  ["safetensors", /\.safetensors$/i],
  ["gguf", /\.gguf(\.|$)/i],
  ["onnx", /\.onnx$/i],
  ["tensorflow", /^saved_model\.pb(txt)?$/i],
  ["pytorch", /(\.pth?$)|(^pytorch_model.*\.bin$)/i],
];

/** A word that a Modelfile can hold. */
const word = z.string().regex(/^[^\p{Cc}]+$/u).optional().catch(undefined);

const factsSchema = z.looseObject({ torch_dtype: word, dtype: word, model_type: word });

/**
 * Reads what `config.json` and `generation_config.json` say (`torch_dtype` or `dtype`, `model_type`,
 * `transformers_version`), and the format from the names of the files.
 */
export async function introspect(
  files: readonly KnownFile[],
  options: OperationOptions = {},
): Promise<Introspection> {
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
  const { format, others } = formatOf(files);
  if (others.length > 0) {
    const found = [format, ...others].join(", ");
    warnings.push(`files of several formats were found (${found}): FORMAT says ${format}`);
  }
  return { values: { ...valuesOf(merged), format }, warnings };
}

function valuesOf(facts: Record<string, unknown>): ModelfileValues {
  const { torch_dtype, dtype, model_type } = factsSchema.parse(facts);
  return {
    arch: Object.hasOwn(facts, "transformers_version") ? "transformer" : undefined,
    family: model_type,
    precision: torch_dtype ?? dtype,
  };
}

/** The keys of a JSON file, or why it has none. */
async function readFacts(file: KnownFile): Promise<Record<string, unknown> | string> {
  if (file.size > LARGEST_FACT_FILE) return `it has more than ${LARGEST_FACT_FILE} bytes`;
  try {
    const facts: unknown = JSON.parse(
      (await Deno.readTextFile(file.absolute)).replace(/^\uFEFF/, ""),
    );
    const isObject = typeof facts === "object" && facts !== null && !Array.isArray(facts);
    return isObject ? facts as Record<string, unknown> : "it is no JSON object";
  } catch (error) {
    if (error instanceof SyntaxError) return "it is not valid JSON";
    throw explainRead(file.path, error);
  }
}

/** The preferred format among those the files have, and the other formats found. */
function formatOf(files: readonly KnownFile[]): { format: string | undefined; others: string[] } {
  const names = files.map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
  const found = FORMATS.filter(([, pattern]) => names.some((name) => pattern.test(name)));
  const [format, ...others] = found.map(([format]) => format);
  return { format, others };
}
