/**
 * The shape of an ONNX model: the types and sizes of the tensors it holds or refers to.
 *
 * Weights are initializers of the graph, or constants among its nodes, as some exporters write
 * them. Their bytes are never read, so a model of two gigabytes costs as much as its names do. See
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 * @module
 */
import type { BlobSource } from "../../../core/content/source.ts";
import { quote } from "../../../core/text.ts";
import { addElements, countElements, dominantType, mergeElements } from "./elements.ts";
import type { SummedFacts, WeightFacts } from "../facts.ts";
import type { TensorFact } from "../tensors/tensor_fact.ts";
import { HeaderTensors } from "../tensors/header_tensors.ts";
import { HeaderReader, type ReadHeaderOptions } from "./header_reader.ts";
import { type ProtobufField, ProtobufReader } from "./protobuf.ts";

/** Fields walked in one file; the largest real graphs have some hundred thousand. */
const FIELD_LIMIT = 2_000_000;

/** Longest name of an operator that is looked at. Bytes. */
const LONGEST_OPERATOR = 64;

/** Numbers of the fields that are looked into, by message. */
const MODEL = { irVersion: 1, graph: 7 } as const;
const GRAPH = { node: 1, initializer: 5 } as const;
const NODE = { operator: 4, attribute: 5 } as const;
const ATTRIBUTE = { tensor: 5 } as const;
const TENSOR = { dimensions: 1, type: 2, name: 8, bytes: 9, elsewhere: 13 } as const;
const PAIR = { key: 1, value: 2 } as const;

/** Longest name of a tensor that is shown. Bytes. */
const LONGEST_NAME = 1024;

/** Longest path of a file beside the model. Bytes. */
const LONGEST_PATH = 4096;

/** No real tensor has as many dimensions. */
const MOST_DIMENSIONS = 64;

/**
 * Types of tensors in the words of a Modelfile and the bits of an element, by their number; texts
 * are no weights.
 */
const TYPES: ReadonlyMap<number, readonly [type: string, bits: number]> = new Map([
  [1, ["float32", 32]],
  [2, ["uint8", 8]],
  [3, ["int8", 8]],
  [4, ["uint16", 16]],
  [5, ["int16", 16]],
  [6, ["int32", 32]],
  [7, ["int64", 64]],
  [9, ["bool", 8]],
  [10, ["float16", 16]],
  [11, ["float64", 64]],
  [12, ["uint32", 32]],
  [13, ["uint64", 64]],
  [14, ["complex64", 64]],
  [15, ["complex128", 128]],
  [16, ["bfloat16", 16]],
  [17, ["float8_e4m3", 8]],
  [18, ["float8_e4m3", 8]],
  [19, ["float8_e5m2", 8]],
  [20, ["float8_e5m2", 8]],
  [21, ["uint4", 4]],
  [22, ["int4", 4]],
  [23, ["float4_e2m1", 4]],
  [24, ["float8_e8m0", 8]],
  [25, ["uint2", 2]],
  [26, ["int2", 2]],
]);

/** Operators whose weights are several to an element. */
const PACKING_OPERATORS = new Set(["MatMulNBits", "MatMulBnb4", "GatherBlockQuantized", "QMoE"]);

/**
 * Reads the shape of an ONNX model.
 * @throws {InvalidInputError} when it is not one.
 */
export async function readOnnx(
  source: BlobSource,
  options: ReadHeaderOptions = {},
): Promise<WeightFacts> {
  const what = quote(options.name ?? "ONNX model");
  // Small, because most of what follows a tensor's shape is its bytes, which are skipped.
  const window = 16 * 1024;
  const reader = new HeaderReader(source, { what, signal: options.signal, window });
  const walk = new OnnxWalk(new ProtobufReader(reader, FIELD_LIMIT), reader);
  return await walk.model(source.size);
}

/** The facts of a model whose components are ONNX models. */
export function mergeOnnx(parts: readonly SummedFacts[]): SummedFacts {
  return factsOf(mergeElements(parts), parts.some(({ packed }) => packed));
}

function factsOf(elements: ReadonlyMap<string, number>, packed: boolean): SummedFacts {
  return {
    format: "onnx",
    elements,
    packed,
    precision: packed ? undefined : dominantType(elements),
    paramCount: packed ? undefined : countElements(elements),
  };
}

class OnnxWalk {
  readonly #fields: ProtobufReader;
  readonly #reader: HeaderReader;
  readonly #elements = new Map<string, number>();
  readonly #tensors = new HeaderTensors();
  readonly #elsewhere = new Map<string, number>();
  #packed = false;

  constructor(fields: ProtobufReader, reader: HeaderReader) {
    this.#fields = fields;
    this.#reader = reader;
  }

  async model(end: number): Promise<WeightFacts> {
    const seen = new Set<number>();
    for await (const field of this.#fields.fields(end)) {
      seen.add(field.number);
      if (field.number === MODEL.graph) await this.#graph(field);
    }
    const isModel = seen.has(MODEL.irVersion) && seen.has(MODEL.graph);
    if (!isModel) throw this.#reader.invalid("it has no graph and no version");
    const facts = { ...factsOf(this.#elements, this.#packed), tensors: this.#tensors };
    return this.#elsewhere.size === 0 ? facts : { ...facts, elsewhere: this.#elsewhere };
  }

  async #graph(graph: ProtobufField): Promise<void> {
    for await (const field of this.#within(graph)) {
      if (field.number === GRAPH.initializer) await this.#tensor(field);
      if (field.number === GRAPH.node) await this.#node(field);
    }
  }

  async #node(node: ProtobufField): Promise<void> {
    for await (const field of this.#within(node)) {
      if (field.number === NODE.attribute) await this.#attribute(field);
      if (field.number !== NODE.operator) continue;
      const operator = await this.#fields.text(field, LONGEST_OPERATOR);
      if (PACKING_OPERATORS.has(operator ?? "")) this.#packed = true;
    }
  }

  async #attribute(attribute: ProtobufField): Promise<void> {
    for await (const field of this.#within(attribute)) {
      if (field.number === ATTRIBUTE.tensor) await this.#tensor(field);
    }
  }

  async #tensor(tensor: ProtobufField): Promise<void> {
    const shape: number[] = [];
    let name: string | undefined;
    let type: ReturnType<typeof TYPES.get>;
    let place: Pick<TensorFact, "start"> & { readonly bytes?: number } = {};
    const elsewhere: Record<string, string> = {};
    for await (const field of this.#within(tensor)) {
      if (field.number === TENSOR.type) type = TYPES.get(field.value ?? 0);
      if (field.number === TENSOR.name) name = await this.#fields.text(field, LONGEST_NAME);
      if (field.number === TENSOR.elsewhere) Object.assign(elsewhere, await this.#pair(field));
      if (field.number === TENSOR.dimensions) {
        for (const size of await this.#fields.numbers(field)) shape.push(size);
        if (shape.length > MOST_DIMENSIONS) {
          throw this.#reader.invalid("it has a tensor of too many dimensions");
        }
      }
      if (field.number === TENSOR.bytes && field.end !== undefined) {
        place = { start: this.#reader.position, bytes: field.end - this.#reader.position };
      }
    }
    const count = shape.reduce((product, size) => product * size, 1);
    if (!Number.isSafeInteger(count)) throw this.#reader.invalid("it has a tensor without bounds");
    if (type === undefined) return;
    const [word, bits] = type;
    // Elements can lie in the file in three ways, or in another; they are as long in all of them.
    const bytes = Math.ceil(count * bits / 8);
    if (place.bytes !== undefined && place.bytes !== bytes) {
      throw this.#reader.invalid(
        `its tensor ${quote(name ?? "", 200)} has ${place.bytes} bytes, want ${bytes}`,
      );
    }
    addElements(this.#elements, word, count);
    this.#tensors.add({ name: name ?? "", type: word, shape, start: place.start, bytes });
    if (place.bytes === undefined) this.#note(elsewhere, bytes);
  }

  /** Notes how far the file goes that has the bytes of a tensor, where it is another one. */
  #note({ location, offset = "0", length }: Record<string, string>, bytes: number): void {
    if (location === undefined) return;
    const end = Number(offset) + Number(length ?? bytes);
    if (!Number.isSafeInteger(end)) throw this.#reader.invalid("it has a tensor without a place");
    this.#elsewhere.set(location, Math.max(end, this.#elsewhere.get(location) ?? 0));
  }

  /** One of the facts of a place in another file. */
  async #pair(pair: ProtobufField): Promise<Record<string, string>> {
    let key: string | undefined;
    let value: string | undefined;
    for await (const field of this.#within(pair)) {
      if (field.number === PAIR.key) key = await this.#fields.text(field, LONGEST_PATH);
      if (field.number === PAIR.value) value = await this.#fields.text(field, LONGEST_PATH);
    }
    if (value === undefined) return {};
    return key === "location" || key === "offset" || key === "length" ? { [key]: value } : {};
  }

  #within(field: ProtobufField): AsyncGenerator<ProtobufField, void> {
    if (field.end === undefined) throw this.#reader.invalid("it is no ONNX model");
    return this.#fields.fields(field.end);
  }
}
