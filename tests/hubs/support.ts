/** Servers that speak the HTTP APIs of model hubs over files in memory. @module */
import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { HubClient } from "../../src/hubs/client.ts";
import type { HubFile, HubSnapshot } from "../../src/hubs/hub.ts";

/** Answers a request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A request that came. */
export interface SeenRequest {
  readonly url: string;
  readonly headers: Headers;
}

/** A server on a port of its own. */
export interface TestServer extends AsyncDisposable {
  /** URL without a slash at its end. */
  readonly url: string;
  /** The requests that came, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Paths and queries of the requests. */
  paths(): string[];
}

/** Header of an answer whose connection is cut when its body ends, whatever its length says. */
const CUT = "X-Cut";

/** Serves on a free port of this machine. */
export async function serve(handler: Handler, hostname = "127.0.0.1"): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const url = `http://${incoming.headers.host}${incoming.url}`;
    const headers = new Headers(incoming.headers as Record<string, string>);
    requests.push({ url, headers });
    const method = incoming.method ?? "GET";
    const body = method === "POST" ? await text(incoming) : null;
    await answer(await handler(new Request(url, { method, headers, body })), outgoing);
  });
  await new Promise<void>((ready) => server.listen(0, hostname, ready));
  const { port } = server.address() as { port: number };
  return {
    url: `http://${hostname}:${port}`,
    requests,
    paths: () => requests.map(({ url }) => new URL(url).pathname + new URL(url).search),
    [Symbol.asyncDispose]: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function answer(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  for await (const chunk of response.body ?? []) {
    await new Promise((written) => outgoing.write(chunk, written));
  }
  if (response.headers.has(CUT)) outgoing.destroy();
  else outgoing.end();
}

/** No waiting between tries. */
export const FAST = { attempts: 3, firstWait: 0, longestWait: 1 } as const;

/** Files of a model, by path. */
export type Files = Readonly<Record<string, Uint8Array | string>>;

/** Text as bytes. */
export function bytesOf(content: Uint8Array | string): Uint8Array<ArrayBuffer> {
  return typeof content === "string" ? new TextEncoder().encode(content) : Uint8Array.from(content);
}

/** SHA-256 in hexadecimal. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(bytesOf(content)).digest("hex");
}

/** The id that git gives to content. */
export function gitId(content: Uint8Array | string): string {
  const bytes = bytesOf(content);
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Sends bytes, or the range of them that is asked for. */
export function sendBytes(request: Request, content: Uint8Array | string): Response {
  const bytes = bytesOf(content);
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.get("Range") ?? "") ?? [];
  if (from === undefined) return new Response(bytes);
  const start = Number(from);
  if (start >= bytes.length) return new Response(null, { status: 416 });
  return new Response(bytes.subarray(start), {
    status: 206,
    headers: { "Content-Range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` },
  });
}

/** Sends the first bytes of a content as if the rest would follow, and cuts the connection. */
export function cutBytes(content: Uint8Array | string, size: number, start = 0): Response {
  const bytes = bytesOf(content);
  const range = { "Content-Range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
  return new Response(bytes.subarray(start, start + size), {
    status: start === 0 ? 200 : 206,
    headers: {
      [CUT]: "1",
      "Content-Length": `${bytes.length - start}`,
      ...(start === 0 ? {} : range),
    },
  });
}

/** A model on a fake Hugging Face hub. */
export interface FakeModel {
  /** Files by path, for each revision; the commit of a revision is its name's hash. */
  readonly revisions: Readonly<Record<string, Files>>;
  /** Paths of files that are stored as large ones. */
  readonly large?: readonly string[];
  /** The token that is needed. */
  readonly token?: string;
  /** Whether files may not be read although the model can be seen. */
  readonly gated?: boolean;
  /** Entries on a page of the listing. */
  readonly pageSize?: number;
  /** Where large files are: their content is there under `/SHA256`. */
  readonly cdn?: string;
}

/** The commit that a revision of a fake model stands for. */
export function commitOf(revision: string): string {
  return createHash("sha1").update(revision).digest("hex");
}

/** The HTTP API of the Hugging Face hub for one model, `owner/name`. */
export function huggingFaceServer(model: FakeModel): Handler {
  const commits = new Map(
    Object.entries(model.revisions).map(([name, files]) => [commitOf(name), files]),
  );
  return (request) => {
    const url = new URL(request.url);
    const authorised = model.token === undefined ||
      request.headers.get("Authorization") === `Bearer ${model.token}`;
    if (!authorised) return failure(401, "RepoNotFound");
    const [, revision = ""] = /^\/api\/models\/owner\/name\/revision\/(.+)$/.exec(url.pathname) ??
      [];
    if (revision !== "") {
      const name = decodeURIComponent(revision);
      const known = Object.hasOwn(model.revisions, name);
      return known
        ? Response.json({ id: "owner/name", _id: "1", sha: commitOf(name) })
        : failure(404, "RevisionNotFound");
    }
    const [, kind, commit = "", path] =
      /^(\/api\/models)?\/owner\/name\/(?:tree|resolve)\/([0-9a-f]{40})(?:\/(.*))?$/
        .exec(url.pathname) ?? [];
    const files = commits.get(commit);
    if (files === undefined) return failure(404, "RepoNotFound");
    if (kind !== undefined) return listing(files, url, model);
    const content = files[decodeURIComponent(path ?? "")];
    if (content === undefined) return failure(404, "EntryNotFound");
    if (model.gated) return failure(403, "GatedRepo");
    if (model.cdn === undefined) return sendBytes(request, content);
    return new Response(null, {
      status: 302,
      headers: { Location: `${model.cdn}/${sha256(content)}` },
    });
  };
}

function listing(files: Files, url: URL, { pageSize = 1000, large = [] }: FakeModel): Response {
  const entries = Object.entries(files).map(([path, content]) => {
    const size = bytesOf(content).length;
    const entry = { type: "file", path, size, oid: gitId(content) };
    if (!large.includes(path)) return entry;
    return {
      ...entry,
      oid: gitId("pointer"),
      lfs: { oid: sha256(content), size, pointerSize: 134 },
    };
  });
  const folder = { type: "directory", path: "folder", size: 0, oid: gitId("tree") };
  const at = Number(url.searchParams.get("cursor") ?? 0);
  const next = new URL(url);
  next.searchParams.set("cursor", `${at + pageSize}`);
  const more = at + pageSize < entries.length;
  return Response.json([...entries.slice(at, at + pageSize), ...(at === 0 ? [folder] : [])], {
    headers: more ? { Link: `<${next.href}>; rel="next"` } : {},
  });
}

function failure(status: number, code: string): Response {
  return Response.json({ error: code }, { status, headers: { "X-Error-Code": code } });
}

/** A snapshot whose files are at `/PATH` of a server. */
export function snapshotOf(
  client: HubClient,
  url: string,
  files: readonly Omit<HubFile, "request">[],
): HubSnapshot {
  return {
    client,
    sourceUrl: "https://hub.test/owner/name",
    files: files.map((file) => ({
      ...file,
      request: () => Promise.resolve({ url: `${url}/${file.path}` }),
    })),
  };
}
