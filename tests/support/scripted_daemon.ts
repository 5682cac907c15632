/**
 * A Dragonfly daemon as its protocol is documented: it takes requests in origin form, gets the
 * content from the server that a header names, and keeps it. Scripts have it fail. @module
 */

/** What the daemon was asked. */
export interface DaemonRequest {
  /** Path and query. */
  readonly path: string;
  readonly headers: Headers;
  /** Bytes of the body that it sent. */
  sent: number;
}

/** What the daemon keeps of a content: the headers of the server are passed on with it. */
interface Task {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string | null;
}

/** How the daemon answers; `pass` lets it do as it should. */
export type DaemonScript = (
  request: Request,
  pass: () => Promise<Response>,
) => Response | Promise<Response>;

/** A daemon that runs until it is disposed. */
export interface ScriptedDaemon extends AsyncDisposable {
  /** Its HTTP proxy. */
  readonly endpoint: string;
  readonly requests: DaemonRequest[];
  /** Bytes that it got from servers. */
  readonly fetched: number;
  /** Closes all connections and listens no more. */
  kill(): Promise<void>;
}

/** An answer of the daemon that is none of the server's. */
export function daemonError(type: "proxy" | "dfdaemon", status = 500): Response {
  return new Response(null, { status, headers: { "X-Dragonfly-Error-Type": type } });
}

/** Starts a daemon. */
export function scriptedDaemon(script: DaemonScript = (_request, pass) => pass()): ScriptedDaemon {
  const tasks = new Map<string, Promise<Task | Response>>();
  const requests: DaemonRequest[] = [];
  const stop = new AbortController();
  let fetched = 0;

  /** What the server has, or its refusal. */
  async function task(request: Request, url: URL): Promise<Task | Response> {
    const registry = request.headers.get("X-Dragonfly-Registry") ?? "";
    const filtered = (request.headers.get("X-Dragonfly-Filtered-Query-Params") ?? "").split(",");
    const named = new URL(url);
    for (const name of filtered) named.searchParams.delete(name);
    const byDigest = request.headers.get("X-Dragonfly-Enable-Task-ID-Based-Blob-Digest") === "true";
    const digest = /\/blobs\/(\w+:\w+)$/.exec(url.pathname)?.[1];
    const id = byDigest && digest ? digest : registry + named.pathname + named.search;
    const begun = tasks.getOrInsertComputed(
      id,
      () => begin(request, new URL(url.pathname + url.search, registry)),
    );
    const found = await begun;
    if (!(found instanceof Response)) return found;
    tasks.delete(id);
    return found.clone();
  }

  async function begin(request: Request, { pathname, search, origin }: URL) {
    const headers = new Headers();
    const authorization = request.headers.get("Authorization");
    if (authorization !== null) headers.set("Authorization", authorization);
    const response = await fetch(origin + pathname + search, { headers });
    if (!response.ok) {
      const refused = new Headers(response.headers);
      refused.set("X-Dragonfly-Error-Type", "backend");
      return new Response(await response.bytes(), { status: response.status, headers: refused });
    }
    const bytes = await response.bytes();
    fetched += bytes.byteLength;
    return { bytes, etag: response.headers.get("ETag") };
  }

  async function answer(request: Request, url: URL): Promise<Response> {
    const found = await task(request, url);
    if (found instanceof Response) return found;
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("Range") ?? "") ?? [];
    const start = Number(first ?? 0);
    const { bytes, etag } = found;
    const end = last ? Number(last) + 1 : bytes.byteLength;
    const headers = new Headers({
      "X-Dragonfly-Task-ID": "task",
      "Content-Length": `${end - start}`,
    });
    if (etag !== null) headers.set("ETag", etag);
    if (first !== undefined) {
      headers.set("Content-Range", `bytes ${start}-${end - 1}/${bytes.byteLength}`);
    }
    return new Response(bytes.slice(start, end), {
      status: first === undefined ? 200 : 206,
      headers,
    });
  }

  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: stop.signal },
    async (request) => {
      const url = new URL(request.url);
      const entry = { path: url.pathname + url.search, headers: request.headers, sent: 0 };
      requests.push(entry);
      const response = await script(request, () => answer(request, url));
      const body = response.body?.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            entry.sent += chunk.byteLength;
            controller.enqueue(chunk);
          },
        }),
      );
      return new Response(body ?? null, { status: response.status, headers: response.headers });
    },
  );
  const kill = async () => {
    stop.abort();
    await server.finished;
  };
  return {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    requests,
    get fetched() {
      return fetched;
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
