/**
 * Servers on free ports whose answers go through scripts: they cut, stall, corrupt and lie as a
 * test wants it, and keep a ledger of what they were asked and what they sent.
 * @module
 */

/** Changes the bytes of a body. */
export type Change = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

/**
 * The answer to a request; `pass` lets the server answer it, with the body of the request or with
 * what a change makes of it.
 */
export type Script = (
  request: Request,
  pass: (change?: Change) => Promise<Response>,
) => Response | Promise<Response>;

/** What was asked, and how much was sent. */
export interface LedgerEntry {
  readonly method: string;
  /** The name that the content was asked by. */
  readonly repository: string;
  /** Path below that name: `blobs/sha256:…`. */
  readonly target: string;
  readonly range: string | null;
  /** Bytes of the body that were received. */
  received: number;
  /** Bytes of the body that were taken from the server to be sent. */
  sent: number;
}

/** A server whose content others see under names of their own. */
export interface ScriptedServer extends AsyncDisposable {
  /** Host and port. */
  readonly host: string;
  /** Every request, in order. */
  readonly ledger: LedgerEntry[];
  /**
   * Another name of its content, with its host, whose answers go through a script; `hold` is waited
   * for with each piece of a body before the server gets it.
   */
  scripted(script: Script, hold?: (entry: LedgerEntry) => Promise<void>): string;
}

/** What is served, and where. */
export interface ScriptedServerOptions {
  /** What comes before a name in a path: `/v2/`. */
  readonly prefix: string;
  /** The name that its content has for the handler. */
  readonly home: string;
  readonly handler: (request: Request) => Response | Promise<Response>;
  /** Certificate of a server that speaks TLS. */
  readonly cert?: string;
  /** Key of the certificate. */
  readonly key?: string;
}

/** Serves until it is disposed. */
export function scriptedServer(
  { prefix, home, handler, cert, key }: ScriptedServerOptions,
): ScriptedServer {
  const scripts: Script[] = [];
  const holds: (((entry: LedgerEntry) => Promise<void>) | undefined)[] = [];
  const ledger: LedgerEntry[] = [];
  const answer = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const path = url.pathname.slice(prefix.length);
    const [, repository = "", target = ""] = /^([^/]+)\/(.*)$/.exec(path) ?? [];
    const { method, headers } = request;
    const range = headers.get("x-ms-range") ?? headers.get("Range");
    const entry = { method, repository, target, range, received: 0, sent: 0 };
    ledger.push(entry);
    const [, index] = /^run-(\d+)$/.exec(repository) ?? [];
    if (index !== undefined) url.pathname = `${prefix}${home}/${target}`;
    const body = request.body && counted(request.body, async (bytes) => {
      entry.received += bytes;
      await holds[Number(index)]?.(entry);
    });
    const pass = async (change?: Change) => {
      const passed = change && body ? change(await new Response(body).bytes()) : body;
      return await handler(new Request(url, { method, headers, body: passed }));
    };
    const script = scripts[Number(index)];
    const response = await (script ? script(request, pass) : pass());
    const sent = response.body && counted(response.body, (bytes) => void (entry.sent += bytes));
    const told = new Headers(response.headers);
    const location = told.get("Location");
    // What was asked under a name of its own goes on under it.
    if (location) {
      told.set("Location", location.replace(`${prefix}${home}/`, `${prefix}${repository}/`));
    }
    return new Response(sent, { status: response.status, headers: told });
  };
  const quiet = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = cert && key
    ? Deno.serve({ ...quiet, cert, key }, answer)
    : Deno.serve(quiet, answer);
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    host,
    ledger,
    scripted: (script, hold) => {
      holds.push(hold);
      return `${host}/run-${scripts.push(script) - 1}`;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function counted(
  body: ReadableStream<Uint8Array>,
  onBytes: (bytes: number) => void | Promise<void>,
) {
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        await onBytes(chunk.byteLength);
        controller.enqueue(chunk);
      },
    }),
  );
}

/** What an answer does after its first bytes. */
export type Ending = "cut" | "end" | "stall";

/**
 * An answer of which only the first bytes come. Then the connection is cut, or the body ends as if
 * that were all of it, or nothing comes until the client goes away.
 */
export async function broken(
  response: Response,
  { after, ending }: { readonly after: number; readonly ending: Ending },
): Promise<Response> {
  const bytes = (await response.bytes()).subarray(0, after);
  const headers = new Headers(response.headers);
  // Fewer bytes than a length promised: the server drops the connection.
  if (ending === "end") headers.delete("Content-Length");
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      if (ending !== "stall") controller.close();
    },
  });
  return new Response(body, { status: response.status, headers });
}

/** An answer with other bytes, or other headers. */
export async function changed(
  response: Response,
  change: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly status?: number;
    readonly bytes?: Change;
  },
): Promise<Response> {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(change.headers ?? {})) headers.set(name, value);
  const status = change.status ?? response.status;
  if (response.body === null) return new Response(null, { status, headers });
  const bytes = await response.bytes();
  return new Response(change.bytes ? change.bytes(bytes) : bytes, { status, headers });
}

/** One bit of the byte at `place`, which is from 0 up to 1 of all of them, is the other one. */
export function flipped(place: number): Change {
  return (bytes) => {
    if (bytes.byteLength > 0) bytes[Math.floor(bytes.byteLength * place)]! ^= 1;
    return bytes;
  };
}

/** No answer until the client goes away. */
export async function silent(request: Request): Promise<Response> {
  await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
  return new Response();
}

/** A refusal with the headers that go with it. */
export function refusal(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json({ errors: [{ code: "UNKNOWN", message: "no" }] }, { status, headers });
}
