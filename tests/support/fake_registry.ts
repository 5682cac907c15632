/**
 * Our own registry server over memory, as the network of a client, with an interceptor in front
 * that can make it misbehave. @module
 */
import type { Digest } from "../../src/core/digest.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import type { Transport } from "../../src/http/transport_options.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import type { RegistryClientOptions } from "../../src/registry/client_options.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";

/** What the registry saw of a request. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly origin: string;
  readonly headers: Headers;
  /** Size of the body in bytes; 0 when the interceptor did not pass the request on. */
  size: number;
  /** What the registry itself answered, whatever the client was told. */
  answer?: Response;
}

/** What an interceptor may use. */
export interface Interception {
  /** The URL of the request. */
  readonly url: URL;
  /** Lets the registry answer: this request, a changed one, or another. */
  readonly pass: Transport;
}

/**
 * Sees every request first: answers it, throws as a cut connection does, waits for a promise, or
 * changes what the registry answers. `undefined` lets the registry answer.
 */
export type Intercept = (
  request: Request,
  interception: Interception,
) => Response | undefined | Promise<Response | undefined>;

/** A registry that can be told to misbehave. */
export class FakeRegistry {
  /** What the registry stores; tests put content here and look for it. */
  readonly catalog = memoryCatalog();
  /** Every request of the client, in order. */
  readonly requests: SeenRequest[] = [];
  readonly #handle = createRegistryHandler(this.catalog);
  readonly #intercept: Intercept | undefined;
  readonly #uploads = new Set<string>();

  constructor(intercept?: Intercept) {
    this.#intercept = intercept;
  }

  /** Methods and paths of the requests so far. */
  get log(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  /** The network of a client: every host it asks is this registry. */
  readonly transport: Transport = async (request) => {
    request.signal.throwIfAborted();
    const url = new URL(request.url);
    const { method, headers } = request;
    const path = url.pathname + url.search;
    const seen: SeenRequest = { method, path, origin: url.origin, headers, size: 0 };
    this.requests.push(seen);
    const pass: Transport = async (passed) => {
      const body = new Uint8Array(await passed.arrayBuffer());
      if (passed === request) seen.size = body.byteLength;
      return seen.answer = await this.#answer(passed, body);
    };
    return await this.#intercept?.(request, { url, pass }) ?? await pass(request);
  };

  /** Puts a blob where a client can find it. */
  async addBlob(repository: string, bytes: Uint8Array<ArrayBuffer>): Promise<Descriptor> {
    const blob = describeBytes(MediaType.octetStream, bytes);
    await this.catalog.repository(repository).write(blob, bytesSource(bytes));
    return blob;
  }

  /** The digests of the blobs that clients have uploaded. */
  get uploaded(): Digest[] {
    return this.requests
      .filter(({ method, path, answer }) =>
        method === "PUT" && path.includes("/blobs/") && answer?.status === 201
      )
      .map(({ answer }) => answer?.headers.get("Docker-Content-Digest") as Digest);
  }

  /** The paths of the uploads that were begun, and neither finished nor cancelled. */
  async unfinishedUploads(): Promise<string[]> {
    const paths = [];
    for (const path of this.#uploads) {
      const status = await this.#handle(new Request(new URL(path, "https://registry.test")));
      if (status.ok) paths.push(path);
    }
    return paths;
  }

  async #answer(request: Request, bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
    request.signal.throwIfAborted();
    const { url, method, headers } = request;
    const body = bytes.byteLength > 0 ? bytes : undefined;
    const answer = await this.#handle(new Request(url, { method, headers, body }));
    const location = answer.headers.get("Location");
    if (answer.status === 202 && location !== null) this.#uploads.add(location);
    return answer;
  }
}

/** An error document in the form of the specification. */
export function fail(status: number, code: string, message = "no"): Response {
  return Response.json({ errors: [{ code, message }] }, { status });
}

/** A client whose network is a function, and which never waits. */
export function fakeClient(transport: Transport, options: RegistryClientOptions = {}) {
  const retry = { sleep: () => Promise.resolve(), random: () => 0, ...options.retry };
  return new RegistryClient({ ...options, transport, retry });
}
