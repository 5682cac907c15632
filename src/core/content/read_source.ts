/**
 * Small contents of sources, read into memory. What reads streams is loaded where there is one.
 * @module
 */
import { checkContent, type ExpectedContent } from "./expected_content.ts";
import { type BlobSource, type OpenOptions, rangeBounds } from "./source.ts";

/** Reads a content, or a range of it, into memory: for what is small. */
export async function readSource(
  source: BlobSource,
  options: OpenOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { start, end } = rangeBounds(options.range, source.size);
  if (source.read !== undefined) return await source.read(options);
  const { readAll } = await import("../streams.ts");
  return await readAll(await source.open(options), end - start);
}

/**
 * Reads a small content into memory, and compares it with what it should be.
 * @throws {InvalidInputError} when it should have more than `limit` bytes.
 * @throws {IntegrityError} with the wanted and the found value.
 */
export async function readVerified(
  source: BlobSource,
  expected: ExpectedContent,
  { signal, limit = Infinity }: Pick<OpenOptions, "signal"> & { readonly limit?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  // What turns out to be larger than it should be is not read to its end.
  const atOnce = source.size === expected.size && expected.size <= limit ? source.read : undefined;
  const bytes = atOnce
    ? await atOnce.call(source, { signal })
    : await readStream(await source.open({ signal }), expected, limit);
  await checkContent(bytes, expected, expected.digest);
  return bytes;
}

async function readStream(
  stream: ReadableStream<Uint8Array>,
  expected: ExpectedContent,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { readAll, sized } = await import("../streams.ts");
  return await readAll(sized(stream, expected), Math.min(expected.size, limit));
}
