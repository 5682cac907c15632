/**
 * Writing of Azure blobs: small ones in one request, large ones in blocks of which several are
 * under way.
 *
 * A block is named by the digest of everything up to its end. An interrupted upload therefore finds
 * the blocks that the service has already, and can use none that belongs to other content.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type Digest, Digester, digestHex } from "../core/digest.ts";
import { ifFound } from "../core/errors.ts";
import type { OnBytes } from "../core/progress.ts";
import type { BlobSource } from "../core/content/source.ts";
import { concatBytes, sized, verified } from "../core/streams.ts";
import { checkDigest } from "../core/content/expected_content.ts";
import { type AzureTarget, callAzure } from "./azure_call.ts";
import { streamed, withTextLimit } from "./azure_client.ts";
import { quoteUri } from "./object_uri.ts";
import { type Part, PARTS_AT_ONCE, partSize, partsOf } from "../transfer/parts.ts";

export interface UploadOptions {
  readonly digest: Digest;
  /** Access tier as the service writes it; the account's own when absent. */
  readonly tier?: string;
  readonly metadata: Record<string, string>;
  /** What the blob must be, or not be, while it is written. */
  readonly conditions: { readonly ifMatch?: string; readonly ifNoneMatch?: string };
  /** Called when only the step is missing by which the content appears. */
  readonly beforeLast?: () => Promise<void>;
  /** Called with the bytes that the service has, and those of them that it had before. */
  readonly onBytes: OnBytes;
}

/**
 * Writes a blob. Nothing is visible before all of the content is there and has the right digest.
 * @throws {IntegrityError} when the source has another size or digest.
 */
export async function writeBlob(
  target: AzureTarget,
  source: BlobSource,
  options: UploadOptions,
): Promise<void> {
  const { metadata, tier, conditions, beforeLast } = options;
  if (source.size <= partSize(source.size)) return await writeSmall(target, source, options);
  const ids = await stageBlocks(target, source, options);
  await beforeLast?.();
  await callAzure(
    { ...target, action: "write" },
    (blob, abortSignal) => blob.commitBlockList(ids, { abortSignal, metadata, tier, conditions }),
  );
}

async function writeSmall(
  target: AzureTarget,
  source: BlobSource,
  { digest, metadata, tier, conditions, beforeLast, onBytes }: UploadOptions,
): Promise<void> {
  const stream = await source.open({ signal: target.signal });
  const content = verified(stream, { digest, size: source.size }, quoteUri(target.uri));
  const bytes = concatBytes(await Array.fromAsync(content));
  const size = bytes.byteLength;
  // The service compares it with what came.
  const blobHTTPHeaders = { blobContentMD5: md5(bytes) };
  await beforeLast?.();
  await callAzure(
    { ...target, action: "write", sends: size },
    (blob, abortSignal) =>
      blob.upload(bytes, size, { abortSignal, metadata, blobHTTPHeaders, tier, conditions }),
  );
  onBytes(size);
}

/**
 * Sends the blocks that the service does not have yet, and returns the names of all. The content is
 * read once to be hashed, and each block once more to be sent, while those behind it are hashed: no
 * block is in memory.
 */
async function stageBlocks(
  target: AzureTarget,
  source: BlobSource,
  { digest, onBytes }: UploadOptions,
): Promise<string[]> {
  const staged = await stagedBlocks(target, source.size);
  const ids: string[] = [];
  let arrived = 0;
  let kept = 0;
  const onBlock = (bytes: number) => onBytes(arrived += bytes, kept);
  await using sender = new BlockSender(target, source, onBlock);
  for await (const block of hashedBlocks(target, source, digest)) {
    target.signal?.throwIfAborted();
    const size = block.end - block.start;
    ids.push(block.id);
    if (staged.get(block.id) === size) {
      kept += size;
      onBlock(size);
    } else await sender.send(block);
  }
  await sender.finish();
  return ids;
}

/** A block of a content: its name, where it is, and what the service compares it with. */
interface Block extends Part {
  readonly id: string;
  readonly md5: Uint8Array;
}

/**
 * The blocks of a content, each when it was hashed; nothing of them is kept.
 * @throws {IntegrityError} behind the last one when the source has another size or digest.
 */
async function* hashedBlocks(
  { uri, signal }: AzureTarget,
  source: BlobSource,
  digest: Digest,
): AsyncGenerator<Block, void> {
  const what = quoteUri(uri);
  const whole = new Digester();
  const parts = partsOf(source.size)[Symbol.iterator]();
  let part = parts.next().value;
  let md5 = createHash("md5");
  const content = sized(await source.open({ signal }), { digest, size: source.size }, what);
  for await (let chunk of content) {
    while (part !== undefined && whole.size + chunk.byteLength >= part.end) {
      const last = chunk.subarray(0, part.end - whole.size);
      chunk = chunk.subarray(last.byteLength);
      whole.update(last);
      const id = blockId(whole.digestSoFar(), part.end - part.start);
      yield { ...part, id, md5: md5.update(last).digest() };
      md5 = createHash("md5");
      part = parts.next().value;
    }
    whole.update(chunk);
    md5.update(chunk);
  }
  checkDigest(digest, whole.digest(), what);
}

/** Sends blocks, a few at once, and tells the size of each that has arrived. */
class BlockSender implements AsyncDisposable {
  readonly #target: AzureTarget;
  readonly #source: BlobSource;
  readonly #onBlock: (bytes: number) => void;
  readonly #stop = new AbortController();
  /** What is under way, and what has failed. */
  readonly #running = new Set<Promise<unknown>>();

  constructor(target: AzureTarget, source: BlobSource, onBlock: (bytes: number) => void) {
    this.#source = source;
    const { signal } = this.#stop;
    this.#target = {
      ...target,
      signal: target.signal ? AbortSignal.any([target.signal, signal]) : signal,
    };
    this.#onBlock = onBlock;
  }

  /** Starts to send a block, and waits while too many are under way. */
  async send(block: Block): Promise<void> {
    const sending: Promise<unknown> = this.#stage(block)
      .then(() => this.#running.delete(sending));
    // One that fails stays in the set, where the next wait finds it.
    sending.catch(() => {});
    this.#running.add(sending);
    if (this.#running.size >= PARTS_AT_ONCE) await Promise.race(this.#running);
  }

  async finish(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Stops what is under way, so that nothing is sent any more when this returns. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("another block failed"));
    await Promise.allSettled(this.#running);
  }

  async #stage({ id, start, end, md5 }: Block): Promise<void> {
    const size = end - start;
    await callAzure(
      { ...this.#target, action: "write", sends: size },
      (blob, signal) =>
        blob.stageBlock(
          id,
          streamed(() => this.#source.open({ range: { start, end }, signal })),
          size,
          { abortSignal: signal, transactionalContentMD5: md5 },
        ),
    );
    this.#onBlock(size);
  }
}

/**
 * Most bytes of a list of blocks for each block of a content: four times what ours take, since
 * other uploads may have left some. The parser of a list takes twenty times its size of memory.
 */
const LISTED_BLOCK = 512;

/**
 * The names and sizes of the blocks that an earlier upload has left. A list that is too long for
 * this content is of no use, so all blocks are sent.
 */
async function stagedBlocks(target: AzureTarget, size: number): Promise<Map<string, number>> {
  const limit = LISTED_BLOCK * (100 + Math.ceil(size / partSize(size)));
  const listing = callAzure(
    { ...target, action: "read" },
    (blob, signal) =>
      blob.getBlockList("uncommitted", { abortSignal: withTextLimit(signal, limit) }),
  );
  const list = await ifFound(listing);
  return new Map(list?.uncommittedBlocks?.map(({ name, size }) => [name, size]));
}

/** Base64 of a digest and a length: the names of all blocks of a blob have to be equally long. */
function blockId(prefix: Digest, length: number): string {
  const bytes = Buffer.alloc(36);
  bytes.write(digestHex(prefix), "hex");
  bytes.writeUInt32BE(length, 32);
  return bytes.toString("base64");
}

function md5(bytes: Uint8Array): Uint8Array {
  return createHash("md5").update(bytes).digest();
}
