/**
 * The files of a stored model as files that facts can be read from, whatever the form of a layer.
 * @module
 */
import { ByteReader } from "../../archive/byte_reader.ts";
import { BLOCK_SIZE } from "../../archive/tar_header.ts";
import { TarHeaderReader } from "../../archive/tar_header_reader.ts";
import { readTar } from "../../archive/tar_reader.ts";
import { ModelOpsError, NotFoundError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { collectInSeries } from "../../core/runtime/garbage.ts";
import { type BlobSource, rangeBounds } from "../../core/content/source.ts";
import { readSource } from "../../core/content/read_source.ts";
import { transformed } from "../../core/streams.ts";
import { quote } from "../../core/text.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type ContentStore, storeSource } from "../../oci/store.ts";
import { unpacked } from "../extraction/archive.ts";
import type { FactFile } from "../facts/file_tree.ts";
import { BudgetSpent, type Reads } from "../facts/read_budget.ts";
import type { UnlistedFile } from "../facts/facts.ts";
import { formatRowOf } from "../facts/formats.ts";
import { tellsFacts, tellsTensors } from "../facts/read_facts.ts";
import { layerPath, parseLayerMediaType } from "../media_types.ts";

/** Files that facts can be read from, and those that could not be opened. */
export interface LayerFiles {
  readonly files: readonly FactFile[];
  /** Paths of files whose layers cannot be read in parts at a distance. */
  readonly unread: readonly string[];
  /** Weight files whose layers are not what they should be. */
  readonly unlisted: readonly UnlistedFile[];
  readonly warnings: readonly string[];
}

/** Bytes at the start of an archive in which the headers of its first file are. */
const ARCHIVE_START = 16 * 1024;

/** How files are opened. */
export interface LayerFilesOptions extends OperationOptions {
  /** Whether the store is far away: of a compressed layer no part can be had alone. */
  readonly isFar?: boolean;
  /** Whether only weights and their indexes are opened. */
  readonly onlyTensors?: boolean;
  /** What bounds the reads. Each read of a compressed layer begins at its start, however far. */
  readonly reads?: Reads;
}

/** Opens the layers whose files tell something. */
export async function layerFiles(
  store: ContentStore,
  layers: readonly Descriptor[],
  { isFar, reads, onlyTensors, ...options }: LayerFilesOptions = {},
): Promise<LayerFiles> {
  const files: FactFile[] = [];
  const unread: string[] = [];
  const unlisted: UnlistedFile[] = [];
  const warnings: string[] = [];
  const tells = onlyTensors ? tellsTensors : tellsFacts;
  const { most = layers.length } = reads ?? {};
  if (most < layers.length) warnings.push(`Only the first ${most} files were looked at`);
  for (const [index, layer] of layers.slice(0, most).entries()) {
    collectInSeries(index);
    const path = layerPath(layer.annotations);
    if (path === undefined || !tells(path)) continue;
    const blob = storeSource(store, layer);
    try {
      const source = await fileSource(layer, reads?.limit(blob) ?? blob, options);
      const isLeftOut = isFar || reads !== undefined && formatRowOf(path) !== undefined;
      if (source === "streamed" && isLeftOut) unread.push(path);
      else if (source !== "streamed") files.push({ path, source });
      else {
        const content = await streamed(layer, blob, options);
        files.push({ path, source: reads?.limit(content) ?? content });
      }
    } catch (error) {
      if (error instanceof BudgetSpent) {
        unread.push(path);
        continue;
      }
      if (!(error instanceof ModelOpsError) || error instanceof NotFoundError) throw error;
      warnings.push(`${quote(path)} tells nothing: ${error.message}`);
      if (formatRowOf(path) !== undefined) unlisted.push({ file: path });
    }
  }
  return { files, unread, unlisted, warnings };
}

/**
 * The file in a layer: all of it, or behind the headers of an archive. `streamed` where it is found
 * only by reading from the start.
 */
async function fileSource(
  { mediaType }: Descriptor,
  blob: BlobSource,
  options: OperationOptions,
): Promise<BlobSource | "streamed"> {
  const form = parseLayerMediaType(mediaType)?.form;
  if (form === "raw") return blob;
  if (form !== "tar") return "streamed";
  const end = Math.min(ARCHIVE_START, blob.size);
  const start = await readSource(blob, { range: { start: 0, end }, ...options });
  const found = await firstFile(start);
  return found === undefined ? "streamed" : partOf(blob, found.start, found.size);
}

/** Where the content of the first file of an archive is. */
async function firstFile(
  bytes: Uint8Array,
): Promise<{ readonly start: number; readonly size: number } | undefined> {
  let taken = 0;
  // Block by block, so that what was taken is where the reader is.
  const blocks = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (taken >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.subarray(taken, taken += BLOCK_SIZE));
    },
  }, { highWaterMark: 0 });
  const headers = new TarHeaderReader(new ByteReader(blocks), { maxMetadata: ARCHIVE_START });
  for (let next = await headers.next(); next; next = await headers.next()) {
    if (next.type === "file") return { start: taken, size: next.size };
    if (next.size > 0) return undefined;
  }
  return undefined;
}

/** A part of a source as a source. */
function partOf(blob: BlobSource, start: number, length: number): BlobSource {
  const size = Math.min(length, blob.size - start);
  return {
    size,
    isLocal: blob.isLocal,
    open: (options = {}) => {
      const range = rangeBounds(options.range, size);
      return blob.open({
        ...options,
        range: { start: start + range.start, end: start + range.end },
      });
    },
  };
}

/** The file in a layer that is read, and perhaps decompressed, up to what is asked for. */
async function streamed(
  layer: Descriptor,
  blob: BlobSource,
  options: OperationOptions,
): Promise<BlobSource> {
  const member = async () => {
    const packed = await blob.open(options);
    const members = readTar(unpacked(packed, layer), options);
    for (let next = await members.next(); !next.done; next = await members.next()) {
      if (next.value.type === "file") return { members, file: next.value };
    }
    throw new NotFoundError(`Cannot find a file in ${layer.digest}: the archive is empty`);
  };
  const { members, file: { size } } = await member();
  await members.return();
  return {
    size,
    isLocal: true,
    open: async ({ range } = {}) => {
      const { start, end } = rangeBounds(range, size);
      const { members, file } = await member();
      return transformed(file.body, (body) => sliced(body, { start, end }, members));
    },
  };
}

/** The bytes of a range; the archive is closed behind them. */
async function* sliced(
  body: ReadableStream<Uint8Array>,
  { start, end }: { readonly start: number; readonly end: number },
  members: AsyncGenerator<unknown, void>,
): AsyncGenerator<Uint8Array, void> {
  let position = 0;
  try {
    for await (const chunk of body) {
      const from = Math.max(0, start - position);
      const to = Math.min(chunk.byteLength, end - position);
      if (from < to) yield chunk.subarray(from, to);
      position += chunk.byteLength;
      if (position >= end) return;
    }
  } finally {
    await members.return();
  }
}
