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
import type { BlobSource } from "../core/source.ts";
import { checkDigest, concatBytes, sized, verified } from "../core/streams.ts";
import { type AzureTarget, callAzure } from "./azure_call.ts";
import { withTextLimit } from "./azure_client.ts";
import { quoteUri } from "./object_uri.ts";
import { PARTS_AT_ONCE, partSize, regrouped } from "../transfer/parts.ts";

export interface UploadOptions {
  readonly digest: Digest;
  /** Access tier as the service writes it; the account's own when absent. */
  readonly tier?: string;
  readonly metadata: Record<string, string>;
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
  const { metadata, tier } = options;
  if (source.size <= partSize(source.size)) return await writeSmall(target, source, options);
  const ids = await stageBlocks(target, source, options);
  await callAzure(
    { ...target, action: "write" },
    (blob, abortSignal) => blob.commitBlockList(ids, { abortSignal, metadata, tier }),
  );
}

async function writeSmall(
  target: AzureTarget,
  source: BlobSource,
  { digest, metadata, tier, onBytes }: UploadOptions,
): Promise<void> {
  const stream = await source.open({ signal: target.signal });
  const content = verified(stream, { digest, size: source.size }, quoteUri(target.uri));
  const bytes = concatBytes(await Array.fromAsync(content));
  const size = bytes.byteLength;
  // The service compares it with what came.
  const blobHTTPHeaders = { blobContentMD5: md5(bytes) };
  await callAzure(
    { ...target, action: "write", sends: size },
    (blob, abortSignal) =>
      blob.upload(bytes, size, { abortSignal, metadata, blobHTTPHeaders, tier }),
  );
  onBytes(size);
}

/** Sends the blocks that the service does not have yet, and returns the names of all. */
async function stageBlocks(
  target: AzureTarget,
  source: BlobSource,
  { digest, onBytes }: UploadOptions,
): Promise<string[]> {
  const staged = await stagedBlocks(target, source.size);
  const stream = await source.open({ signal: target.signal });
  const what = quoteUri(target.uri);
  const digester = new Digester();
  const ids: string[] = [];
  let arrived = 0;
  let kept = 0;
  const onBlock = (bytes: number) => onBytes(arrived += bytes, kept);
  await using sender = new BlockSender(target, onBlock);
  const content = sized(stream, { digest, size: source.size }, what);
  for await (const block of regrouped(content, partSize(source.size))) {
    target.signal?.throwIfAborted();
    digester.update(block);
    const id = blockId(digester.digestSoFar(), block.byteLength);
    ids.push(id);
    if (staged.get(id) === block.byteLength) {
      kept += block.byteLength;
      onBlock(block.byteLength);
    } else await sender.send(id, block);
  }
  checkDigest(digest, digester.digest(), what);
  await sender.finish();
  return ids;
}

/** Sends blocks, a few at once, and tells the size of each that has arrived. */
class BlockSender implements AsyncDisposable {
  readonly #target: AzureTarget;
  readonly #onBlock: (bytes: number) => void;
  readonly #stop = new AbortController();
  /** What is under way, and what has failed. */
  readonly #running = new Set<Promise<unknown>>();

  constructor(target: AzureTarget, onBlock: (bytes: number) => void) {
    const { signal } = this.#stop;
    this.#target = {
      ...target,
      signal: target.signal ? AbortSignal.any([target.signal, signal]) : signal,
    };
    this.#onBlock = onBlock;
  }

  /** Starts to send a block, and waits while too many are under way. */
  async send(id: string, block: Uint8Array<ArrayBuffer>): Promise<void> {
    const sending: Promise<unknown> = this.#stage(id, block)
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

  async #stage(id: string, block: Uint8Array<ArrayBuffer>): Promise<void> {
    const size = block.byteLength;
    const transactionalContentMD5 = md5(block);
    await callAzure(
      { ...this.#target, action: "write", sends: size },
      (blob, abortSignal) =>
        blob.stageBlock(id, block, size, { abortSignal, transactionalContentMD5 }),
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
