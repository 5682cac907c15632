/**
 * A plain client of a registry that is a function: sends a request, reads the whole answer.
 * @module
 */
import assert from "node:assert/strict";
import { type Digest, digestBytes } from "../../src/core/digest.ts";
import { MediaType } from "../../src/oci/media_types.ts";

/** Where the requests seem to go. */
const ORIGIN = "http://registry.test";

/** Answers requests as a registry does. */
export type Handle = (request: Request) => Promise<Response>;

/** What a request carries. */
export interface Parts {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | string;
}

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An artifact's documents and blobs, small enough to be in memory. */
export interface Artifact {
  readonly blobs: readonly Uint8Array<ArrayBuffer>[];
  readonly manifest: Uint8Array<ArrayBuffer>;
}

/** Text as UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The JSON of an answer. */
// deno-lint-ignore no-explicit-any -- tests look into documents of many shapes
export function json(answer: Answer): any {
  return JSON.parse(new TextDecoder().decode(answer.bytes));
}

/** A header that must be there. */
export function header(answer: Answer, name: string): string {
  const value = answer.headers.get(name);
  assert.ok(value !== null, `the answer has no ${name}`);
  return value;
}

/** Checks status and code of an error document. */
export function assertFault(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, new TextDecoder().decode(answer.bytes));
  assert.equal(header(answer, "content-type"), "application/json");
  assert.equal(json(answer).errors[0].code, code);
}

/** A client of one registry. */
export class RegistryClient {
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Sends a request; `path` may be what a `Location` said. */
  async send(method: string, path: string, parts: Parts = {}): Promise<Answer> {
    const url = new URL(path, ORIGIN);
    const { headers = {}, body } = parts;
    const request = new Request(url, { method, headers, ...(body === undefined ? {} : { body }) });
    const response = await this.#handle(request);
    return {
      status: response.status,
      headers: response.headers,
      bytes: new Uint8Array(await response.arrayBuffer()),
    };
  }

  /** Pushes a blob in one request and returns its digest. */
  async pushBlob(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
    const digest = digestBytes(bytes);
    const path = `/v2/${name}/blobs/uploads/?digest=${digest}`;
    assert.equal((await this.send("POST", path, { body: bytes })).status, 201);
    return digest;
  }

  /** Starts an upload and returns its location. */
  async startUpload(name: string): Promise<string> {
    const answer = await this.send("POST", `/v2/${name}/blobs/uploads/`);
    assert.equal(answer.status, 202);
    return header(answer, "location");
  }

  /** Pushes a manifest; its blobs have to be there. */
  async pushManifest(
    name: string,
    target: string,
    manifest: Uint8Array<ArrayBuffer>,
    mediaType: string = MediaType.imageManifest,
  ): Promise<Answer> {
    const headers = { "content-type": mediaType };
    return await this.send("PUT", `/v2/${name}/manifests/${target}`, { headers, body: manifest });
  }

  /** Pushes an artifact with its blobs and returns the manifest's digest. */
  async push(name: string, target: string, artifact: Artifact = sampleArtifact()): Promise<Digest> {
    for (const blob of artifact.blobs) await this.pushBlob(name, blob);
    const answer = await this.pushManifest(name, target, artifact.manifest);
    assert.equal(answer.status, 201, new TextDecoder().decode(answer.bytes));
    return digestBytes(artifact.manifest);
  }
}

/** How {@linkcode sampleArtifact} differs from the usual one. */
export interface SampleOptions {
  readonly layer?: string;
  readonly subject?: { digest: Digest; size: number; mediaType: string };
  readonly artifactType?: string;
  readonly annotations?: Record<string, string>;
}

/** A manifest with a configuration and a layer. Its odd spacing shows whether bytes are kept. */
export function sampleArtifact(options: SampleOptions = {}): Artifact {
  const config = utf8("{}");
  const layer = utf8(options.layer ?? "weights of a small model");
  const describe = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: digestBytes(bytes),
    size: bytes.byteLength,
  });
  const manifest = utf8(JSON.stringify(
    {
      schemaVersion: 2,
      mediaType: MediaType.imageManifest,
      artifactType: options.artifactType,
      config: describe("application/vnd.test.config.v1+json", config),
      layers: [describe("application/vnd.test.layer.v1.raw", layer)],
      subject: options.subject,
      annotations: options.annotations,
    },
    undefined,
    "   ",
  ));
  return { blobs: [config, layer], manifest };
}
