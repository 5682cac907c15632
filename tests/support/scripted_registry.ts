/**
 * Our own registry on a free port whose answers go through scripts: it cuts, stalls, corrupts and
 * lies as a test wants it, and keeps a ledger of what it was asked and what it sent. @module
 */
import { createModelBackend } from "../../src/model/backend.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { tempFolder } from "./temp.ts";

/** The answer to a request; `pass` lets the registry answer it. */
export type Script = (
  request: Request,
  pass: () => Promise<Response>,
) => Response | Promise<Response>;

/** What was asked, and how much was sent. */
export interface LedgerEntry {
  readonly method: string;
  /** The name that the repository was asked by. */
  readonly repository: string;
  /** Path below the repository: `blobs/sha256:…`. */
  readonly target: string;
  readonly range: string | null;
  /** Bytes of the body that were received. */
  received: number;
  /** Bytes of the body that were taken from the registry to be sent. */
  sent: number;
}

/** A registry with a repository `demo`, which others see under names of their own. */
export interface ScriptedRegistry extends AsyncDisposable {
  readonly catalog: ReturnType<typeof memoryCatalog>;
  /** Host and port. */
  readonly host: string;
  /** Every request, in order. */
  readonly ledger: LedgerEntry[];
  /**
   * Another name of the repository `demo`, with its host, whose answers go through a script; `hold`
   * is waited for with each piece of a body before the registry gets it.
   */
  scripted(script: Script, hold?: (entry: LedgerEntry) => Promise<void>): string;
}

/** Serves a registry until it is disposed; over TLS with a certificate and its key. */
export function scriptedRegistry(tls: { cert?: string; key?: string } = {}): ScriptedRegistry {
  const catalog = memoryCatalog();
  const handler = createRegistryHandler(catalog);
  const scripts: Script[] = [];
  const holds: (((entry: LedgerEntry) => Promise<void>) | undefined)[] = [];
  const ledger: LedgerEntry[] = [];
  const answer = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const [, repository = "", target = ""] = /^\/v2\/([^/]+)\/(.*)$/.exec(url.pathname) ?? [];
    const { method, headers } = request;
    const entry = { method, repository, target, range: headers.get("Range"), received: 0, sent: 0 };
    ledger.push(entry);
    const [, index] = /^run-(\d+)$/.exec(repository) ?? [];
    if (index !== undefined) url.pathname = `/v2/demo/${target}`;
    const body = request.body && counted(request.body, async (bytes) => {
      entry.received += bytes;
      await holds[Number(index)]?.(entry);
    });
    const pass = async () => await handler(new Request(url, { method, headers, body }));
    const script = scripts[Number(index)];
    const response = await (script ? script(request, pass) : pass());
    const sent = response.body && counted(response.body, (bytes) => void (entry.sent += bytes));
    const told = new Headers(response.headers);
    const location = told.get("Location");
    // What was asked under a name of its own goes on under it.
    if (location) told.set("Location", location.replace("/v2/demo/", `/v2/${repository}/`));
    return new Response(sent, { status: response.status, headers: told });
  };
  const quiet = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = tls.cert && tls.key
    ? Deno.serve({ ...quiet, cert: tls.cert, key: tls.key }, answer)
    : Deno.serve(quiet, answer);
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    catalog,
    host,
    ledger,
    scripted: (script, hold) => {
      holds.push(hold);
      return `${host}/run-${scripts.push(script) - 1}`;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Builds a model of some files and pushes it to the repository `demo` as `v1`. */
export async function pushModel(
  { host }: ScriptedRegistry,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  await using folder = await tempFolder();
  for (const [name, bytes] of Object.entries(files)) await folder.write(`ws/${name}`, bytes);
  const models = Object.keys(files).map((name) => `MODEL ${name}\n`).join("");
  await folder.write("ws/Modelfile", `NAME demo\n${models}`);
  await using client = new RegistryClient();
  const catalog = diskCatalog(folder.join("store"));
  const backend = createModelBackend({ catalog, connect: client.connect });
  await backend.build(folder.join("ws"), { targets: [`${host}/demo:v1`] });
  await backend.push(`${host}/demo:v1`);
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
    readonly bytes?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  },
): Promise<Response> {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(change.headers ?? {})) headers.set(name, value);
  const bytes = await response.bytes();
  const body = change.bytes ? change.bytes(bytes) : bytes;
  return new Response(body, { status: change.status ?? response.status, headers });
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
