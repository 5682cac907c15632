/**
 * The manifest of weights of TensorFlow.js: in a file of its own (`…-weights_manifest.json`), or in
 * the `model.json` of a layers or graph model.
 * See https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts
 * @module
 */
import { InvalidInputError } from "../../../core/errors.ts";
import { decodeJson, isRecord, MOST_LIST_VALUES } from "../../../core/json.ts";
import type { BlobSource } from "../../../core/content/source.ts";
import { readSource } from "../../../core/content/read_source.ts";
import * as form from "../../../core/shapes/form.ts";
import { quote } from "../../../core/text.ts";
import { addElements, countElements, dominantType } from "./elements.ts";
import type { WeightFacts } from "../facts.ts";
import { HeaderTensors } from "../tensors/header_tensors.ts";
import type { ReadHeaderOptions } from "./header_reader.ts";

/** Largest document that is read, in bytes; that of a large model has a tenth of it. */
const LARGEST_DOCUMENT = 16 * 1024 * 1024;

/** Bytes of an element, and its type in the words of a Modelfile. */
const TYPES: ReadonlyMap<string, readonly [type: string, bytes: number]> = new Map([
  ["float32", ["float32", 4]],
  ["float16", ["float16", 2]],
  ["int32", ["int32", 4]],
  ["uint16", ["uint16", 2]],
  ["uint8", ["uint8", 1]],
  ["bool", ["bool", 1]],
  ["complex64", ["complex64", 8]],
]);

const type = form.upTo(32, form.text);

const weight = form.map({
  name: form.upTo(1024, form.text),
  shape: form.upTo(64, form.listOf(form.count)),
  dtype: type,
  quantization: form.lenient(form.map({ dtype: type })),
});

const manifest = form.listOf(form.map({
  paths: form.listOf(form.text),
  weights: form.listOf(weight),
}));

/**
 * Reads a manifest of weights.
 * @throws {InvalidInputError} when the file is none.
 */
export async function readTfjs(
  source: BlobSource,
  { name = "weights manifest", signal }: ReadHeaderOptions = {},
): Promise<WeightFacts> {
  const invalid = (found: string) =>
    new InvalidInputError(`Cannot read ${quote(name)}: ${found}`, { path: name });
  if (source.size > LARGEST_DOCUMENT) throw invalid(`it has more than ${LARGEST_DOCUMENT} bytes`);
  const bytes = await readSource(source, { signal });
  const facts = tfjsFacts(decodeJson(bytes, quote(name), MOST_LIST_VALUES));
  if (facts === undefined) throw invalid("it is no manifest of weights");
  return facts;
}

/** The facts in a document; `undefined` when it holds no manifest of weights. */
function tfjsFacts(document: unknown): WeightFacts | undefined {
  const groups = isRecord(document) ? document["weightsManifest"] : document;
  const { value: parts = [] } = form.inForm(manifest, groups);
  if (parts.length === 0) return undefined;
  const elements = new Map<string, number>();
  const tensors = new HeaderTensors();
  let quantized: string | undefined;
  for (const { name, shape, dtype, quantization } of parts.flatMap((one) => one.weights)) {
    const count = shape.reduce((product, size) => product * size, 1);
    if (!Number.isSafeInteger(count)) return undefined;
    const [type, bytes] = TYPES.get(quantization?.dtype ?? dtype) ?? [dtype, undefined];
    if (quantization !== undefined) quantized = type;
    addElements(elements, type, count);
    tensors.add({ name, type, shape, bytes: bytes && bytes * count });
  }
  return {
    format: "tfjs",
    elements,
    tensors,
    paramCount: countElements(elements),
    // Numbers of eight bits that stand for others are a quantization, and no type of weights.
    ...(quantized === undefined
      ? { precision: dominantType(elements) }
      : { quantization: quantized }),
  };
}
