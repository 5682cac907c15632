/**
 * A registry in memory that speaks the OCI distribution protocol as a plain `Request → Response`
 * function, and that can be told to misbehave. @module
 */
import { type Digest, digestBytes, isDigest } from "../../src/core/digest.ts";
import { concatBytes } from "../../src/core/streams.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { referrerDescriptor } from "../../src/oci/referrer.ts";
import { RegistryClient, type RegistryClientOptions } from "../../src/registry/client.ts";

/** What the registry saw of a request. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly origin: string;
  readonly headers: Headers;
  /** Size of the body in bytes. */
  readonly size: number;
}

/** Answers a request in the registry's place; `undefined` lets the registry answer. */
export type Intercept = (
  request: Request,
  url: URL,
) => Response | undefined | Promise<Response | undefined>;

interface Repository {
  readonly blobs: Map<Digest, Uint8Array<ArrayBuffer>>;
  readonly manifests: Map<Digest, { bytes: Uint8Array<ArrayBuffer>; type: string }>;
  readonly tags: Map<string, Digest>;
}

/** The registry. */
export class FakeRegistry {
  /** Every request, in order. */
  readonly seen: SeenRequest[] = [];
  /** Sees every request first. */
  intercept: Intercept | undefined;
  /** Whether there is an endpoint for referrers. */
  listsReferrers = true;
  /** Bytes of unfinished uploads. */
  readonly uploads = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #repositories = new Map<string, Repository>();
  #nextUpload = 1;

  /** A repository; it is made when first asked for. */
  repository(name: string): Repository {
    let found = this.#repositories.get(name);
    if (!found) {
      found = { blobs: new Map(), manifests: new Map(), tags: new Map() };
      this.#repositories.set(name, found);
    }
    return found;
  }

  /** Puts a blob where a client can find it. */
  addBlob(name: string, bytes: Uint8Array<ArrayBuffer>): Digest {
    const digest = digestBytes(bytes);
    this.repository(name).blobs.set(digest, bytes);
    return digest;
  }

  /** Methods and paths of the requests so far. */
  get log(): string[] {
    return this.seen.map(({ method, path }) => `${method} ${path}`);
  }

  /** The transport. */
  readonly handle = async (request: Request): Promise<Response> => {
    request.signal.throwIfAborted();
    const url = new URL(request.url);
    const { method, headers } = request;
    const entry = { method, path: url.pathname + url.search, origin: url.origin, headers, size: 0 };
    this.seen.push(entry);
    const early = await this.intercept?.(request, url);
    if (early) return early;
    request.signal.throwIfAborted();
    const body = new Uint8Array(await request.arrayBuffer());
    this.seen[this.seen.indexOf(entry)] = { ...entry, size: body.byteLength };
    const claimed = headers.get("Content-Length");
    if (claimed !== null && Number(claimed) !== body.byteLength) return fail(400, "SIZE_INVALID");
    return this.#route(request, url, body);
  };

  #route(request: Request, url: URL, body: Uint8Array<ArrayBuffer>): Response {
    if (url.pathname === "/v2/") return new Response("{}");
    if (url.pathname === "/v2/_catalog") {
      return Response.json({ repositories: [...this.#repositories.keys()] });
    }
    const match = /^\/v2\/(.+)\/(blobs|manifests|tags|referrers)\/(.*)$/.exec(url.pathname);
    const [, name = "", kind = "", rest = ""] = match ?? [];
    if (kind === "manifests") return this.#manifest(request, this.repository(name), rest, body);
    if (kind === "blobs" && rest.startsWith("uploads/")) {
      return this.#upload(request, url, name, rest.slice(8), body);
    }
    if (kind === "blobs") return this.#blob(request, this.repository(name), rest);
    if (kind === "tags") {
      return Response.json({ name, tags: [...this.repository(name).tags.keys()] });
    }
    if (kind === "referrers" && this.listsReferrers) return this.#referrers(name, rest);
    return fail(404, "NAME_UNKNOWN");
  }

  #manifest(
    request: Request,
    repository: Repository,
    target: string,
    body: Uint8Array<ArrayBuffer>,
  ) {
    const digest = isDigest(target) ? target : repository.tags.get(target);
    if (request.method === "PUT") {
      const stored = isDigest(target) ? target : digestBytes(body);
      const type = request.headers.get("Content-Type") ?? "";
      repository.manifests.set(stored, { bytes: body, type });
      if (!isDigest(target)) repository.tags.set(target, stored);
      const subject = this.listsReferrers && parseManifest(body, type).subject;
      return new Response(null, {
        status: 201,
        headers: {
          "Docker-Content-Digest": stored,
          ...(subject ? { "OCI-Subject": subject.digest } : {}),
        },
      });
    }
    const found = digest && repository.manifests.get(digest);
    if (!digest || !found) return fail(404, "MANIFEST_UNKNOWN");
    if (request.method === "DELETE") {
      if (!isDigest(target)) repository.tags.delete(target);
      else repository.manifests.delete(target);
      return new Response(null, { status: 202 });
    }
    const headers = {
      "Content-Type": found.type,
      "Docker-Content-Digest": digest,
      "Content-Length": String(found.bytes.byteLength),
    };
    return new Response(request.method === "HEAD" ? null : found.bytes, { headers });
  }

  #blob(request: Request, repository: Repository, target: string): Response {
    const bytes = isDigest(target) ? repository.blobs.get(target) : undefined;
    if (!bytes) return fail(404, "BLOB_UNKNOWN");
    if (request.method === "DELETE") {
      repository.blobs.delete(target as Digest);
      return new Response(null, { status: 202 });
    }
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("Range") ?? "") ?? [];
    if (first === undefined) {
      const headers = { "Content-Length": String(bytes.byteLength) };
      return new Response(request.method === "HEAD" ? null : bytes, { headers });
    }
    const part = bytes.subarray(Number(first), Number(last) + 1);
    return new Response(part, {
      status: 206,
      headers: { "Content-Range": `bytes ${first}-${last}/${bytes.byteLength}` },
    });
  }

  #upload(request: Request, url: URL, name: string, id: string, body: Uint8Array<ArrayBuffer>) {
    const held = this.uploads.get(id);
    if (request.method === "POST") return this.#startUpload(url, name);
    if (!held) return fail(404, "BLOB_UPLOAD_UNKNOWN");
    if (request.method === "DELETE") {
      this.uploads.delete(id);
      return new Response(null, { status: 204 });
    }
    if (request.method === "GET") return this.#progress(name, id, 204);
    const start = /^(\d+)-/.exec(request.headers.get("Content-Range") ?? "")?.[1];
    if (start !== undefined && Number(start) !== held.byteLength) return fail(416, "RANGE_INVALID");
    const joined = concatBytes([held, body]);
    this.uploads.set(id, joined);
    if (request.method === "PATCH") return this.#progress(name, id, 202);
    this.uploads.delete(id);
    const digest = url.searchParams.get("digest");
    if (digest !== digestBytes(joined)) return fail(400, "DIGEST_INVALID");
    this.addBlob(name, joined);
    return new Response(null, { status: 201, headers: { "Docker-Content-Digest": digest } });
  }

  #startUpload(url: URL, name: string): Response {
    const mount = url.searchParams.get("mount");
    const from = url.searchParams.get("from");
    const bytes = mount && isDigest(mount) && from && this.repository(from).blobs.get(mount);
    if (bytes) {
      this.addBlob(name, bytes);
      return new Response(null, { status: 201 });
    }
    const id = `u${this.#nextUpload++}`;
    this.uploads.set(id, new Uint8Array());
    return this.#progress(name, id, 202);
  }

  #progress(name: string, id: string, status: number): Response {
    const size = this.uploads.get(id)?.byteLength ?? 0;
    const headers = {
      // Each answer names another place, with a query that has to stay as it is.
      "Location": `/v2/${name}/blobs/uploads/${id}?_state=a%2Fb%20${size}`,
      "Range": `0-${Math.max(0, size - 1)}`,
    };
    return new Response(null, { status, headers });
  }

  #referrers(name: string, subject: string): Response {
    const manifests = [...this.repository(name).manifests.values()]
      .map(({ bytes, type }) => parseManifest(bytes, type))
      .filter((document) => document.subject?.digest === subject)
      .map(referrerDescriptor);
    const index = { schemaVersion: 2, mediaType: INDEX_TYPE, manifests };
    return new Response(JSON.stringify(index), { headers: { "Content-Type": INDEX_TYPE } });
  }
}

const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";

/** An error document in the form of the specification. */
export function fail(status: number, code: string, message = "no"): Response {
  return Response.json({ errors: [{ code, message }] }, { status });
}

/** A client whose network is a function, and which never waits. */
export function fakeClient(
  transport: (request: Request) => Promise<Response>,
  options: RegistryClientOptions = {},
): RegistryClient {
  const retry = { sleep: () => Promise.resolve(), random: () => 0, ...options.retry };
  return new RegistryClient({ ...options, transport, retry });
}
