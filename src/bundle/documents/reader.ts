/**
 * What the readers of all bundle documents share.
 * @module
 */
import { checkShape } from "../../core/shapes/shape.ts";
import { quote } from "../../core/text.ts";
import * as z from "../../deps/zod.ts";
import type { Digest } from "../../core/digest.ts";
import { InvalidInputError, UnsupportedError } from "../../core/errors.ts";
import { decodeJson } from "../../core/json.ts";
import { STORAGE_TIERS } from "../../objects/object_store.ts";
import { parseObjectUri } from "../../objects/object_uri.ts";

/** A text that has a form; what is said of one that has not is a clause. */
export function formed<Text extends string>(
  isFormed: (text: string) => boolean,
  fault: string,
): z.ZodType<Text, Text> {
  return z.custom<Text>(
    (value) => typeof value === "string" && isFormed(value),
    { error: ({ input }) => input === undefined ? "is missing" : fault },
  );
}

/** A digest as bundle documents give it. */
export const sha256Digest = formed<Digest>(
  (text) => /^sha256:[0-9a-f]{64}$/.test(text),
  "is not sha256: and 64 lower-case hexadecimal digits",
);

/** A SHA-256 without the name of its algorithm. */
export const sha256Hex = z.string().regex(
  /^[0-9a-f]{64}$/,
  "is not 64 lower-case hexadecimal digits",
);

/** A tier of storage; a hint, so that one that is not known is none. */
export const storageTier = z.enum(STORAGE_TIERS).optional().catch(undefined);

/** Size of a file. A wrong one must never become an allocation. */
export const fileSize = z.number().int().nonnegative();

/** An address of an object. One of an unknown scheme is for whoever wants to open it to refuse. */
export const objectAddress = z.string().superRefine((text, check) => {
  try {
    parseObjectUri(text);
  } catch (error) {
    if (error instanceof InvalidInputError) check.addIssue(error.message);
    else if (!(error instanceof UnsupportedError)) throw error;
  }
});

/** A value that a document may leave out, or give as null. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** What a document has to be. */
export interface DocumentForm<Schema extends z.ZodType> {
  /** The media types that it may say that it has. */
  readonly mediaTypes: ReadonlySet<string>;
  readonly schema: Schema;
  /** The most values in it; those of an ordinary document when absent. */
  readonly values?: number;
}

/**
 * Parses a document and checks its form.
 *
 * @param what The document's name in messages.
 * @throws {UnsupportedError} when its media type is none of those.
 * @throws {InvalidInputError} when it is no JSON in UTF-8, or has another shape.
 */
export function readDocument<Schema extends z.ZodType>(
  bytes: Uint8Array,
  { mediaTypes, schema, values }: DocumentForm<Schema>,
  what: string,
): z.infer<Schema> {
  const raw = decodeJson(bytes, what, values);
  checkMediaType(raw, mediaTypes, what);
  return checkShape(schema, raw, what);
}

function checkMediaType(raw: unknown, known: ReadonlySet<string>, what: string): void {
  if (typeof raw !== "object" || raw === null || !("mediaType" in raw)) return;
  const { mediaType } = raw;
  if (typeof mediaType !== "string" || known.has(mediaType)) return;
  throw new UnsupportedError(
    `Cannot read ${what}: unknown media type ${quote(mediaType)}`,
    { actual: mediaType, expected: [...known].join(", ") },
  );
}
