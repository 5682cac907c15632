/**
 * Digests as the OCI image specification writes them: `algorithm:hex`.
 *
 * Content is written under SHA-256 and read under SHA-256 and SHA-512, the two algorithms the
 * specification registers.
 * See https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
 * @module
 */
import type { Hash } from "node:crypto";
import { giveBack } from "./buffers.ts";
import { nodeCrypto } from "./runtime/builtins.ts";
import { InvalidInputError } from "./errors.ts";
import type { OperationOptions } from "./operation.ts";
import { quote } from "./text.ts";

/** A digest algorithm this program can compute. */
export type DigestAlgorithm = "sha256" | "sha512";

/** A well-formed digest, such as `sha256:e3b0c442…`. */
export type Digest = `${DigestAlgorithm}:${string}`;

/** The digest of no bytes at all. */
export const EMPTY_DIGEST: Digest =
  "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Whether `text` is a digest of a known algorithm with lower-case hex of the right length. */
export function isDigest(text: string): text is Digest {
  return /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}

/**
 * Reads a digest.
 * @throws {InvalidInputError} when `text` is not a well-formed digest of a known algorithm.
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new InvalidInputError(
    `Cannot use ${quote(text, 200)} as a digest: ` +
      `expected sha256: followed by 64 lower-case hexadecimal digits`,
    { actual: text.slice(0, 200) },
  );
}

/** The algorithm of a digest. */
export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.slice(0, digest.indexOf(":")) as DigestAlgorithm;
}

/** The hexadecimal part of a digest. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** The first half of a digest, in the form of a UUID. */
export function digestUuid(digest: Digest): string {
  const hex = digestHex(digest);
  return [8, 12, 16, 20, 32].map((end, index, ends) => hex.slice(ends[index - 1] ?? 0, end)).join(
    "-",
  );
}

/** A digest short enough for a line of a table: `sha256:` and twelve digits. */
export function shortDigest(digest: Digest): string {
  return `${digestAlgorithm(digest)}:${digestHex(digest).slice(0, 12)}`;
}

/** Computes a digest over bytes as they pass, and counts them. */
export class Digester {
  readonly #algorithm: DigestAlgorithm;
  readonly #hash: Hash;
  #digest: Digest | undefined;
  #size = 0;

  /** Starts a digest; SHA-256 unless another algorithm is asked for. */
  constructor(algorithm: DigestAlgorithm = "sha256") {
    this.#algorithm = algorithm;
    this.#hash = nodeCrypto().createHash(algorithm);
  }

  /** Bytes seen so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds the next bytes. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#size += bytes.byteLength;
  }

  /** The digest of all bytes so far, to which more are added. */
  digestSoFar(): Digest {
    return `${this.#algorithm}:${this.#hash.copy().digest("hex")}`;
  }

  /**
   * The digest of all bytes; none can be added afterwards. What the runtime holds for one that
   * nobody ends stays until its collector comes, which knows nothing of how much that is.
   */
  digest(): Digest {
    return this.#digest ??= `${this.#algorithm}:${this.#hash.digest("hex")}`;
  }
}

/**
 * The digest of bytes in memory.
 *
 * @example Bytes, and the same bytes as a stream
 * ```ts
 * import assert from "node:assert/strict";
 * import { digestBytes, digestStream } from "@modelops/modelops/oci";
 *
 * const bytes = new TextEncoder().encode("weights");
 * const { digest, size } = await digestStream(ReadableStream.from([bytes]));
 * assert.equal(digest, digestBytes(bytes));
 * assert.equal(size, 7);
 * ```
 */
export function digestBytes(bytes: Uint8Array, algorithm: DigestAlgorithm = "sha256"): Digest {
  const { hash, createHash } = nodeCrypto();
  // Node before 20.12 has no function that hashes without an object for it.
  return `${algorithm}:${
    hash?.(algorithm, bytes) ?? createHash(algorithm).update(bytes).digest("hex")
  }`;
}

const WEB_NAMES = { sha256: "SHA-256", sha512: "SHA-512" } as const;

/** Documents that are hashed before `node:crypto` is worth its 24 ms: it takes 5 µs for each. */
const FEW_DOCUMENTS = 300;

let documents = 0;

/** Up to this size a content is a document, kept while it passes, and hashed in the end. */
export const DOCUMENT_SIZE = 64 * 1024;

/** The digest of a document: what {@linkcode digestBytes} gives, with nothing to load for a few. */
export async function digestDocument(
  bytes: Uint8Array<ArrayBuffer>,
  algorithm: DigestAlgorithm = "sha256",
): Promise<Digest> {
  if (++documents > FEW_DOCUMENTS) return digestBytes(bytes, algorithm);
  const hash = await crypto.subtle.digest(WEB_NAMES[algorithm], bytes);
  const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0"));
  return `${algorithm}:${hex.join("")}`;
}

/** Reads a stream to its end and returns the digest and the count of its bytes. */
export async function digestStream(
  stream: ReadableStream<Uint8Array>,
  options: OperationOptions & { readonly algorithm?: DigestAlgorithm } = {},
): Promise<{ digest: Digest; size: number }> {
  const digester = new Digester(options.algorithm);
  for await (const chunk of stream) {
    options.signal?.throwIfAborted();
    digester.update(chunk);
    giveBack(chunk);
  }
  return { digest: digester.digest(), size: digester.size };
}
