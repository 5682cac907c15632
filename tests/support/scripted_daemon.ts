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

/** What the daemon keeps of a content. */
interface Task {
  readonly id: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The headers of the server, which are passed on. */
  readonly headers: Headers;
  /** Whether somebody asked for it before. */
  isFinished: boolean;
}

/** Bytes that it asks servers for at once. */
const PIECE = 4 * 1024 * 1024;

/** Headers of a request that are not passed on to servers. */
const OWN_HEADERS = ["host", "range", "connection", "content-length"];

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

/** The refusal of a server, of which the daemon brings the headers; 500 where none answers. */
function backendError(answer: Response | undefined): Response {
  const headers = new Headers(answer?.headers);
  for (const name of ["content-length", "transfer-encoding"]) headers.delete(name);
  headers.set("X-Dragonfly-Error-Type", "backend");
  return new Response(null, { status: answer?.status ?? 500, headers });
}

/** How often the daemon asks again for what was refused with a status. */
function triesOf(status = 200): number {
  if (status === 416 || status < 400) return 0;
  return status === 429 || status >= 500 ? 3 : 1;
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
    const digest = /\/blobs\/\w+:(\w+)$/.exec(url.pathname)?.[1];
    const id = byDigest && digest ? digest : registry + named.pathname + named.search;
    const begun = tasks.getOrInsertComputed(
      id,
      () => begin(id, request, new URL(url.pathname + url.search, registry)),
    );
    const found = await begun;
    if (!(found instanceof Response)) return found;
    tasks.delete(id);
    return found.clone();
  }

  /** Asks for the first byte, which tells the size, and then for all pieces. */
  async function begin(id: string, request: Request, url: URL): Promise<Task | Response> {
    const get = (range?: string) => {
      const headers = new Headers(request.headers);
      for (const name of OWN_HEADERS) headers.delete(name);
      if (range !== undefined) headers.set("Range", range);
      return fetch(url.origin + url.pathname + url.search, { headers });
    };
    let first = await get("bytes=0-0").catch(() => undefined);
    for (let again = triesOf(first?.status); again > 0 && first; again--) {
      await first.body?.cancel();
      first = await get("bytes=0-0");
    }
    if (first?.status === 416) {
      await first.body?.cancel();
      first = await get();
    }
    if (first?.status === 206) await first.bytes();
    else await first?.body?.cancel();
    if (!first?.ok) return backendError(first);
    const headers = new Headers(first.headers);
    const size = Number(
      /\/(\d+)$/.exec(headers.get("Content-Range") ?? "")?.[1] ?? headers.get("Content-Length"),
    );
    headers.delete("Content-Range");
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += PIECE) {
      const piece = await get(`bytes=${at}-${Math.min(at + PIECE, size) - 1}`);
      if (!piece.ok || at > 0 && piece.status !== 206) {
        await piece.body?.cancel();
        return backendError(piece);
      }
      bytes.set((await piece.bytes()).subarray(0, PIECE), at);
    }
    fetched += size;
    return { id, bytes, headers, isFinished: false };
  }

  async function answer(request: Request, url: URL): Promise<Response> {
    const found = await task(request, url);
    if (found instanceof Response) return found;
    const { id, bytes, isFinished } = found;
    found.isFinished = true;
    const range = request.headers.get("Range");
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
    const start = Number(first ?? 0);
    const end = last ? Math.min(Number(last) + 1, bytes.byteLength) : bytes.byteLength;
    if (range !== null && (first === undefined || start >= end)) return daemonError("dfdaemon");
    const headers = new Headers(found.headers);
    headers.set("Content-Length", `${end - start}`);
    headers.set("X-Dragonfly-Task-ID", id);
    headers.set("X-Dragonfly-Server-IP", "127.0.0.1");
    if (isFinished) headers.set("X-Dragonfly-Task-Download-Finished", "true");
    if (range !== null) {
      headers.set("Content-Range", `bytes ${start}-${end - 1}/${bytes.byteLength}`);
    }
    return new Response(bytes.slice(start, end), { status: range === null ? 200 : 206, headers });
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
