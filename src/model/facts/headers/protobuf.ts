/**
 * The wire format of protocol buffers, walked without a schema.
 * See https://protobuf.dev/programming-guides/encoding/
 * @module
 */
import type { HeaderReader } from "./header_reader.ts";

/** One field of a message. */
export interface ProtobufField {
  /** Number of the field. */
  readonly number: number;
  /** Value of a field that holds a number; it is exact up to 2⁵³. */
  readonly value?: number;
  /** Where the content of a field that has a length ends; it begins at the reader's position. */
  readonly end?: number;
}

/** Reads messages field by field, with a bound on the fields in all. */
export class ProtobufReader {
  readonly #reader: HeaderReader;
  #fieldsLeft: number;

  /** Reads on from the position of `reader`, at most `limit` fields. */
  constructor(reader: HeaderReader, limit: number) {
    this.#reader = reader;
    this.#fieldsLeft = limit;
  }

  /**
   * The fields of the message that ends at byte `end`. What the caller does not read of a field is
   * skipped.
   * @throws {InvalidInputError} when the bytes are no message.
   */
  async *fields(end: number): AsyncGenerator<ProtobufField, void> {
    while (this.#reader.position < end) {
      if (--this.#fieldsLeft < 0) throw this.#reader.invalid("it has too many fields");
      const field = await this.#field(end);
      yield field;
      if (field.end !== undefined) this.#reader.skip(field.end - this.#reader.position);
    }
  }

  /** The numbers of a repeated field: the one it holds, or those that are packed into it. */
  async numbers(field: ProtobufField): Promise<number[]> {
    if (field.value !== undefined) return [field.value];
    const numbers: number[] = [];
    while (field.end !== undefined && this.#reader.position < field.end) {
      if (--this.#fieldsLeft < 0) throw this.#reader.invalid("it has too many fields");
      numbers.push(await this.#varint(field.end));
    }
    return numbers;
  }

  /** The text of a field, `undefined` when it is longer than `limit` bytes. */
  async text(field: ProtobufField, limit: number): Promise<string | undefined> {
    const length = (field.end ?? 0) - this.#reader.position;
    if (field.end === undefined || length > limit) return undefined;
    return new TextDecoder().decode(await this.#reader.bytes(length));
  }

  async #field(end: number): Promise<ProtobufField> {
    const tag = await this.#varint(end);
    const number = Math.floor(tag / 8);
    if (number < 1 || number >= 2 ** 29) throw this.#reader.invalid("it is no protocol buffer");
    switch (tag % 8) {
      case 0:
        return { number, value: await this.#varint(end) };
      case 1:
        return { number, end: this.#ahead(8, end) };
      case 2:
        return { number, end: this.#ahead(await this.#varint(end), end) };
      case 5:
        return { number, end: this.#ahead(4, end) };
      default:
        throw this.#reader.invalid("it is no protocol buffer");
    }
  }

  #ahead(length: number, end: number): number {
    const target = this.#reader.position + length;
    if (target <= end) return target;
    throw this.#reader.invalid(
      `${length} bytes are announced where ${end - this.#reader.position} are left`,
    );
  }

  async #varint(end: number): Promise<number> {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#reader.position >= end) break;
      const fetched = this.#reader.need(1);
      if (fetched !== undefined) await fetched;
      const byte = this.#reader.takeByte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.#reader.invalid("it is no protocol buffer");
  }
}
