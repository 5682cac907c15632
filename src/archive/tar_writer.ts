/**
 * Tar archives as sources that can be opened again, at any byte, without reading what lies before.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import {
  type BlobSource,
  bytesSource,
  type OpenOptions,
  rangeBounds,
} from "../core/content/source.ts";
import { collectInSeries } from "../core/runtime/garbage.ts";
import { CHUNK_SIZE, streamOf } from "../core/streams.ts";
import { quote } from "../core/text.ts";
import { BLOCK_SIZE, type TarEntry, tarHeader, tarPadding } from "./tar_header.ts";
import { type UstarEntry, ustarHeader } from "./ustar_header.ts";

/** What an anonymous archive is padded to: twenty blocks, which is a record of `tar`. */
const RECORD_SIZE = 20 * BLOCK_SIZE;

export interface TarFile {
  readonly entry: TarEntry;
  /** Its content, of the size the entry says. */
  readonly content: BlobSource;
}

/**
 * A tar archive of files in the order given: for each a header and the content padded to 512 bytes,
 * and two zero blocks. The same files give the same bytes.
 * @throws {InvalidInputError} when a content has another size than its entry says.
 */
export function packTar(files: readonly TarFile[]): BlobSource {
  return concatSources(function* () {
    for (const file of files) yield* fileParts(file, tarHeader(file.entry));
    yield bytesSource(new Uint8Array(2 * BLOCK_SIZE));
  });
}

/** The size of an archive of one file, in bytes. */
export function tarSize(entry: TarEntry): number {
  const content = entry.size + tarPadding(entry.size).byteLength;
  return tarHeader(entry).byteLength + content + 2 * BLOCK_SIZE;
}

/** A file or folder of an anonymous archive with its content. */
export interface UstarFile {
  readonly entry: UstarEntry;
  /** Its content, of the size the entry says. */
  readonly content: BlobSource;
}

/**
 * A tar archive without owners and times, in the order given, padded to 10 KiB. Equal files give
 * equal bytes on every system.
 * @throws {InvalidInputError} when a name or size does not fit the format, or a content has another
 * size than its entry says.
 */
export function packUstar(files: readonly UstarFile[]): BlobSource {
  return concatSources(function* () {
    let size = 2 * BLOCK_SIZE;
    for (const file of files) {
      for (const part of fileParts(file, ustarHeader(file.entry))) {
        size += part.size;
        yield part;
      }
    }
    const end = Math.ceil(size / RECORD_SIZE) * RECORD_SIZE - size + 2 * BLOCK_SIZE;
    yield bytesSource(new Uint8Array(end));
  });
}

function fileParts({ entry, content }: TarFile | UstarFile, header: Uint8Array): BlobSource[] {
  if (content.size !== entry.size) {
    throw new InvalidInputError(
      `Cannot package ${quote(entry.name)}: got ${content.size} bytes, want ${entry.size}`,
      { path: entry.name, expected: entry.size, actual: content.size },
    );
  }
  return [bytesSource(header), content, bytesSource(tarPadding(entry.size))];
}

/**
 * A source over several sources, one after the other; each is made, and opened, when its turn
 * comes: headers and padding of 20,000 files would take 40 MiB.
 */
function concatSources(parts: () => Iterable<BlobSource>): BlobSource {
  let size = 0;
  for (const part of parts()) size += part.size;
  return {
    size,
    open(options = {}) {
      const bounds = rangeBounds(options.range, size);
      return Promise.resolve(streamOf(readParts(parts(), bounds, options)));
    },
  };
}

async function* readParts(
  parts: Iterable<BlobSource>,
  bounds: { readonly start: number; readonly end: number },
  { signal }: OpenOptions,
): AsyncGenerator<Uint8Array, void> {
  let offset = 0;
  let count = 0;
  for (const part of parts) {
    const start = Math.max(0, bounds.start - offset);
    const end = Math.min(part.size, bounds.end - offset);
    offset += part.size;
    if (start >= end) continue;
    signal?.throwIfAborted();
    collectInSeries(++count);
    const range = { start, end };
    // A stream takes many times what a small file does.
    if (part.read && end - start <= CHUNK_SIZE) yield await part.read({ range, signal });
    else yield* await part.open({ range, signal });
  }
}
