/**
 * The header of a GGUF file: facts as keys and values, then the shape and type of each tensor.
 * See https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 * @module
 */
import type { BlobSource } from "../../../core/content/source.ts";
import { quote } from "../../../core/text.ts";
import { addElements } from "./elements.ts";
import type { WeightFacts } from "../facts.ts";
import { HeaderTensors } from "../tensors/header_tensors.ts";
import { ggufFacts, type GgufValues } from "./gguf_facts.ts";
import { GGUF_TENSOR_TYPES, ggufBytes } from "./gguf_types.ts";
import { type ByteOrder, HeaderReader, type ReadHeaderOptions } from "./header_reader.ts";
import { BudgetSpent } from "../read_budget.ts";

/** Bounds of what a header may announce; real ones stay far below. */
const LIMITS = { pairs: 65_536, tensors: 1_000_000, texts: 4_000_000, dimensions: 8 } as const;

/** Longest text that is a fact, and longest template of conversations. Bytes. */
const LONGEST = { fact: 1024, template: 256 * 1024 } as const;

/** The most items of a list of facts that are kept. */
const MOST_ITEMS = 64;

/** The most characters of all values together; templates are the longest. */
const MOST_KEPT = 1024 * 1024;

/** The keys that are kept; those of the vocabulary alone fill megabytes. */
const KEPT_KEY =
  /^general\.|^[\w-]+\.(context_length|embedding_length|block_count|vocab_size|expert_count|expert_used_count|attention\.(head_count|head_count_kv|key_length))$|^tokenizer\.(ggml\.model|chat_template)$/;

/** Sizes in bytes of the values that have one, by the number of their type. */
const VALUE_SIZES: readonly number[] = [1, 1, 2, 2, 4, 4, 4, 1, -1, -1, 8, 8, 8];
const TEXT = 8;
const ARRAY = 9;

type WholeNumber = (bytes: DataView, little: boolean) => number | bigint;

/** How whole numbers are read, by the number of their type; others are no facts. */
const WHOLE_NUMBERS: ReadonlyMap<number, WholeNumber> = new Map<number, WholeNumber>([
  [0, (bytes) => bytes.getUint8(0)],
  [1, (bytes) => bytes.getInt8(0)],
  [2, (bytes, little) => bytes.getUint16(0, little)],
  [3, (bytes, little) => bytes.getInt16(0, little)],
  [4, (bytes, little) => bytes.getUint32(0, little)],
  [5, (bytes, little) => bytes.getInt32(0, little)],
  [10, (bytes, little) => bytes.getBigUint64(0, little)],
  [11, (bytes, little) => bytes.getBigInt64(0, little)],
]);

/** What places of tensors are a multiple of where the header does not say. */
const DEFAULT_ALIGNMENT = 32;

/** How numbers are written in one file. */
interface Encoding {
  readonly order: ByteOrder;
  /** Version 1 has counts of four bytes, later ones of eight. */
  readonly wide: boolean;
}

/**
 * Reads the header of a GGUF file of version 1, 2 or 3, in either byte order. Where the budget of
 * the source ends within the header, the facts are those of the part before.
 * @throws {InvalidInputError} when it is not one, or announces what it does not have.
 */
export async function readGguf(
  source: BlobSource,
  options: ReadHeaderOptions = {},
): Promise<WeightFacts> {
  const what = quote(options.name ?? "GGUF header");
  const { signal, window = 256 * 1024 } = options;
  return await new GgufWalk(new HeaderReader(source, { what, signal, window })).read();
}

class GgufWalk {
  readonly #reader: HeaderReader;
  readonly #values: GgufValues = new Map();
  #kept = 0;
  readonly #elements = new Map<string, number>();
  readonly #tensors = new HeaderTensors();
  #encoding: Encoding = { order: "little", wide: true };

  constructor(reader: HeaderReader) {
    this.#reader = reader;
  }

  async read(): Promise<WeightFacts> {
    this.#encoding = await this.#readEncoding();
    const tensors = await this.#readCount(LIMITS.tensors, "tensors");
    const pairs = await this.#readCount(LIMITS.pairs, "keys");
    let partial = false;
    try {
      await this.#readValues(pairs);
      for (let index = 0; index < tensors; index++) await this.#readTensor();
      this.#placeTensors();
    } catch (error) {
      if (!(error instanceof BudgetSpent)) throw error;
      partial = true;
    }
    return {
      ...ggufFacts(this.#elements, this.#values, partial),
      tensors: partial ? new HeaderTensors() : this.#tensors,
      ...(partial ? { partial } : {}),
    };
  }

  async #readEncoding(): Promise<Encoding> {
    const magic = new TextDecoder().decode(await this.#reader.bytes(4));
    if (magic !== "GGUF") throw this.#reader.invalid("it does not begin with GGUF");
    const bytes = (await this.#reader.bytes(4)).slice();
    // Versions are small: the order that makes the number small is the order of the file.
    const order = bytes[0] === 0 ? "big" : "little";
    const version = new DataView(bytes.buffer).getUint32(0, order === "little");
    if (version >= 1 && version <= 3) return { order, wide: version > 1 };
    throw this.#reader.invalid(`its version is ${version}, want 1 to 3`);
  }

  #readLength(): Promise<number> {
    const { order, wide } = this.#encoding;
    return wide ? this.#reader.u64(order) : this.#reader.u32(order);
  }

  #u32(): Promise<number> {
    return this.#reader.u32(this.#encoding.order);
  }

  async #readCount(limit: number, of: string): Promise<number> {
    const count = await this.#readLength();
    if (count <= limit) return count;
    throw this.#reader.invalid(`it announces ${count} ${of}, more than ${limit}`);
  }

  async #readValues(pairs: number): Promise<void> {
    let texts = 0;
    for (let index = 0; index < pairs; index++) {
      const key = await this.#readText() ?? "";
      const type = await this.#u32();
      if (type === ARRAY) {
        texts += await this.#readArray(key, LIMITS.texts - texts);
        continue;
      }
      const isTemplate = key === "tokenizer.chat_template";
      const value = await this.#readValue(type, isTemplate ? LONGEST.template : LONGEST.fact);
      if (KEPT_KEY.test(key) && value !== undefined) this.#keep(key, value);
    }
  }

  /** A text that may be a fact; a longer one is skipped. */
  async #readText(longest: number = LONGEST.fact): Promise<string | undefined> {
    const length = await this.#readLength();
    if (length <= longest) return new TextDecoder().decode(await this.#reader.bytes(length));
    this.#reader.skip(length);
    return undefined;
  }

  async #readValue(type: number, longest?: number): Promise<string | number | undefined> {
    if (type === TEXT) return await this.#readText(longest);
    const bytes = await this.#reader.bytes(this.#sizeOf(type));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const value = Number(WHOLE_NUMBERS.get(type)?.(view, this.#encoding.order === "little"));
    // A count of eight bytes that no number can hold is passed over.
    return Number.isSafeInteger(value) ? value : undefined;
  }

  /**
   * Notes the texts of a short list of facts and the count of tokens, and skips the rest. Returns
   * how many texts there were.
   */
  async #readArray(key: string, limit: number): Promise<number> {
    const type = await this.#u32();
    const count = await this.#readLength();
    if (key === "tokenizer.ggml.tokens") this.#values.set(key, count);
    if (type !== TEXT) {
      this.#reader.skip(count * this.#sizeOf(type));
      return 0;
    }
    if (count > limit) throw this.#reader.invalid(`it announces more than ${LIMITS.texts} texts`);
    const isKept = key.startsWith("general.");
    const kept: string[] = [];
    for (let index = 0; index < count; index++) {
      if (!isKept || index >= MOST_ITEMS) {
        this.#reader.skip(await this.#readLength());
        continue;
      }
      const text = await this.#readText();
      if (text !== undefined) kept.push(text);
    }
    if (isKept) this.#keep(key, kept);
    return count;
  }

  /** Keeps a value while there are not too many; the facts come long before. */
  #keep(key: string, value: string | number | readonly string[]): void {
    const texts = typeof value === "object" ? value : [String(value)];
    this.#kept += texts.reduce((sum, { length }) => sum + length, key.length);
    if (this.#kept <= MOST_KEPT) this.#values.set(key, value);
  }

  #sizeOf(type: number): number {
    const size = VALUE_SIZES[type];
    if (size !== undefined && size >= 0) return size;
    throw this.#reader.invalid(`it has a value of type ${type}`);
  }

  async #readTensor(): Promise<void> {
    const name = await this.#readText() ?? "";
    const dimensions = await this.#u32();
    if (dimensions > LIMITS.dimensions) {
      throw this.#reader.invalid(`it has a tensor of ${dimensions} dimensions`);
    }
    const shape: number[] = [];
    for (let index = 0; index < dimensions; index++) shape.unshift(await this.#readLength());
    const count = shape.reduce((product, size) => product * size, 1);
    const number = await this.#u32();
    const start = await this.#reader.u64(this.#encoding.order);
    // Types of one bit exist, so eight elements in a byte are the most a file can hold.
    if (start > this.#reader.left || !(count <= 8 * this.#reader.left)) {
      throw this.#reader.invalid("it has a tensor larger than the file");
    }
    const type = GGUF_TENSOR_TYPES.get(number) ?? `type-${number}`;
    addElements(this.#elements, type, count);
    this.#tensors.add({ name, type, shape, bytes: ggufBytes(type, count), start });
  }

  /** Places are told from the end of the header, which is padded. */
  #placeTensors(): void {
    const told = this.#values.get("general.alignment") ?? DEFAULT_ALIGNMENT;
    if (typeof told !== "number" || told < 1 || !Number.isInteger(Math.log2(told))) {
      throw this.#reader.invalid(`its alignment is ${told}, want a power of two`);
    }
    this.#tensors.moveBy(Math.ceil(this.#reader.position / told) * told);
    this.#checkPlaces();
  }

  /** What is cut, or has two tensors in one place, cannot be loaded. */
  #checkPlaces(): void {
    const size = this.#reader.position + this.#reader.left;
    let end = 0;
    for (const { name, start = 0, bytes = 0 } of this.#tensors.inOrderOfPlaces()) {
      if (start < end) {
        throw this.#reader.invalid(`its tensor ${quote(name, 200)} overlaps another`);
      }
      end = start + bytes;
      if (end > size) {
        throw this.#reader.invalid(
          `its tensor ${quote(name, 200)} ends at byte ${end}, and the file at ${size}`,
        );
      }
    }
  }
}
