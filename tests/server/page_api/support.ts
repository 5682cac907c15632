/** A server of a home's store, asked over HTTP. @module */
import assert from "node:assert/strict";
import { digestBytes } from "../../../src/core/digest.ts";
import { type ServeOptions, serveStore } from "../../../src/library/serve.ts";
import type { Home } from "../../cli/support.ts";

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A server, and a way to ask it. */
export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly address: string;
  ask(path: string, init?: RequestInit): Promise<Answer>;
  /** The document at a path of the API, whose status must be 200. */
  // deno-lint-ignore no-explicit-any
  json(path: string, parameters?: Readonly<Record<string, string>>): Promise<any>;
}

/** Serves a store until it is disposed. */
export async function serveFolder(
  storageDir: string,
  options: Partial<ServeOptions> = {},
): Promise<Served> {
  const stop = new AbortController();
  const { signal } = stop;
  const server = await serveStore({ storageDir }, { address: "127.0.0.1:0", signal, ...options });
  async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const { status, headers, ...response } = await fetch(server.url + path, init)
      .then(async (answer) => ({
        status: answer.status,
        headers: answer.headers,
        text: await answer.text(),
      }));
    return { status, headers, text: response.text };
  }
  return {
    url: server.url,
    address: server.address,
    ask,
    async json(path, parameters = {}) {
      const query = new URLSearchParams(parameters);
      const { status, text } = await ask(`${path}?${query}`);
      if (status !== 200) throw new Error(`${path}?${query} answers ${status}: ${text}`);
      return JSON.parse(text);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

/** Serves the store of a home. */
export function serveHome(home: Home, options: Partial<ServeOptions> = {}): Promise<Served> {
  return serveFolder(home.at(".modctl"), options);
}

/** Builds a model of these files in the store of a home. */
export async function build(
  home: Home,
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  ...flags: string[]
): Promise<void> {
  const folder = crypto.randomUUID();
  for (const [path, content] of Object.entries(files)) {
    await home.folder.write(`${folder}/${path}`, content);
  }
  await home.done("build", home.at(folder), "-t", name, ...flags);
}

/** The type of the configuration of a model. */
export const CONFIG_TYPE = "application/vnd.cncf.model.config.v1+json";
/** The type of a manifest. */
export const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
/** A configuration that says nothing. */
export const NO_LAYERS = { descriptor: {}, config: {}, modelfs: { type: "layers", diffIds: [] } };

/** A file of a model, and the path that its layer says. */
export interface PushedFile {
  readonly path: string;
  readonly content: Uint8Array | string;
}

/** Puts content into a server as a client of its registry does. */
export function pusher(server: Pick<Served, "ask">, name: string) {
  async function put(path: string, body: Uint8Array | string, type: string): Promise<void> {
    const { status, text } = await server.ask(`/v2/${name}/${path}`, {
      method: path.startsWith("blobs") ? "POST" : "PUT",
      body: new Uint8Array(bytesOf(body)),
      headers: { "content-type": type },
    });
    assert.equal(status, 201, text);
  }
  async function blob(content: Uint8Array | string, mediaType: string, path?: string) {
    const bytes = bytesOf(content);
    const digest = digestBytes(bytes);
    await put(`blobs/uploads/?digest=${digest}`, bytes, "application/octet-stream");
    const annotations = path === undefined ? undefined : { "org.cncf.model.filepath": path };
    return { mediaType, digest, size: bytes.byteLength, annotations };
  }
  /** Puts a manifest under a tag, or under its digest alone. */
  async function manifest(tag: string | undefined, document: object, mediaType = MANIFEST_TYPE) {
    const text = JSON.stringify({ schemaVersion: 2, mediaType, ...document });
    const digest = digestBytes(bytesOf(text));
    await put(`manifests/${tag ?? digest}`, text, mediaType);
    return { mediaType, digest, size: bytesOf(text).byteLength };
  }
  return {
    blob,
    manifest,
    async model(tag: string, files: readonly PushedFile[], config: object = {}) {
      const layers = [];
      for (const { path, content } of files) {
        layers.push(await blob(content, "application/vnd.cncf.model.weight.v1.raw", path));
      }
      const document = JSON.stringify({ ...NO_LAYERS, ...config });
      return await manifest(tag, { config: await blob(document, CONFIG_TYPE), layers });
    },
  };
}

function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}
