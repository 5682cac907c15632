/**
 * A storage account in memory as a scripted server: it speaks as much of Azure Blob Storage as this
 * program uses, and compares the digests of bodies as the service does.
 * See https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
 * @module
 */
import { createHash, randomUUID } from "node:crypto";
import type { AzureSettings } from "../../src/objects/azure_access.ts";
import { type ScriptedServer, scriptedServer } from "./scripted_server.ts";

/** A blob that was written. */
export interface StoredBlob {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  /** The headers of its metadata, with their whole names. */
  readonly metadata: Headers;
  tier: string;
  /** The blocks that it was made of, which may be named again. */
  readonly blocks: Blocks;
}

/** Blocks by their names. */
type Blocks = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** An account that has every container. */
export interface ScriptedAccount extends ScriptedServer {
  /** The blobs by `container/key`, as URLs write it. */
  readonly blobs: Map<string, StoredBlob>;
}

/** The settings that reach an account under one of its names. */
export function accountSettings(name: string): AzureSettings {
  return { account: "demo", sas: "sig=x", endpoint: `http://${name}` };
}

/** Serves an account until it is disposed. */
export function scriptedAccount(): ScriptedAccount {
  const blobs = new Map<string, StoredBlob>();
  const staged = new Map<string, Map<string, Uint8Array<ArrayBuffer>>>();
  const stagedOf = (name: string) => staged.get(name) ?? new Map<string, Uint8Array<ArrayBuffer>>();
  const handler = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    // An address names the account last, where it does not end with it by itself.
    const name = pathname.replace(/^\/demo\/(?:demo\/)?/, "");
    const blob = blobs.get(name);
    const put = (bytes: Uint8Array<ArrayBuffer>, blocks: Blocks = new Map()) => {
      const { headers } = request;
      const there = blobs.get(name);
      if (there && headers.get("If-None-Match") === "*") return failed(409, "BlobAlreadyExists");
      const wanted = headers.get("If-Match");
      if (wanted !== null && wanted !== there?.etag) return failed(412, "ConditionNotMet");
      const metadata = new Headers([...headers].filter(([name]) => name.startsWith("x-ms-meta-")));
      const etag = `"${randomUUID()}"`;
      const tier = headers.get("x-ms-access-tier") ?? "Hot";
      blobs.set(name, { bytes, etag, metadata, tier, blocks });
      staged.delete(name);
      return created({ etag });
    };
    const comp = searchParams.get("comp");
    switch (`${request.method} ${comp ?? "blob"}`) {
      case "PUT blob":
        return await received(request, (bytes) => put(bytes));
      case "PUT block":
        return await received(request, (bytes) => {
          staged.set(name, stagedOf(name).set(searchParams.get("blockid") ?? "", bytes));
          return created();
        });
      case "PUT blocklist":
        return await received(request, (bytes) => {
          const blocks = new Map([...blob?.blocks ?? [], ...stagedOf(name)]);
          const found = blocksOf(bytes, blocks);
          return found ? put(found, blocks) : failed(400, "InvalidBlockList");
        });
      case "GET blocklist":
        return blob || staged.has(name) ? blockList(stagedOf(name)) : failed(404, "BlobNotFound");
      case "PUT tier":
        if (blob) blob.tier = request.headers.get("x-ms-access-tier") ?? "Hot";
        return blob ? new Response() : failed(404, "BlobNotFound");
      case "HEAD blob":
      case "GET blob":
        return blob ? content(request, blob) : failed(404, "BlobNotFound");
      default:
        return failed(400, "InvalidQueryParameterValue");
    }
  };
  return { blobs, ...scriptedServer({ prefix: "/", home: "demo", handler }) };
}

/** Hands on a body that came as it was sent: the service compares the digest that goes with it. */
async function received(
  request: Request,
  take: (bytes: Uint8Array<ArrayBuffer>) => Response,
): Promise<Response> {
  // Whoever went away before the end is told nothing.
  const bytes = await request.bytes().catch(() => new Uint8Array());
  const { headers } = request;
  const told = headers.get("Content-MD5") ?? headers.get("x-ms-blob-content-md5");
  if (Number(headers.get("Content-Length")) !== bytes.byteLength) {
    return failed(400, "InvalidHeaderValue");
  }
  const md5 = createHash("md5").update(bytes).digest("base64");
  return told === null || told === md5 ? take(bytes) : failed(400, "Md5Mismatch");
}

/** What the service takes for a list of blocks. */
const BLOCK_LIST =
  /^<\?xml[^>]*\?>\s*<BlockList>(?<ids>(?:<Latest>[^<]*<\/Latest>)*)<\/BlockList>$/;

/** The content that a list of blocks makes; `undefined` when it is none, or one is not there. */
function blocksOf(
  list: Uint8Array,
  staged: Blocks,
): Uint8Array<ArrayBuffer> | undefined {
  const text = BLOCK_LIST.exec(new TextDecoder().decode(list))?.groups?.ids;
  if (text === undefined) return undefined;
  const ids = [...text.matchAll(/<Latest>([^<]*)<\/Latest>/g)];
  const parts = ids.map(([, id = ""]) => staged.get(id));
  if (!parts.every((part) => part !== undefined)) return undefined;
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

function blockList(staged: ReadonlyMap<string, Uint8Array>): Response {
  const blocks = [...staged].map(([id, { byteLength }]) =>
    `<Block><Name>${id}</Name><Size>${byteLength}</Size></Block>`
  ).join("");
  const lists = `<CommittedBlocks /><UncommittedBlocks>${blocks}</UncommittedBlocks>`;
  return new Response(`<?xml version="1.0"?><BlockList>${lists}</BlockList>`, {
    headers: { "Content-Type": "application/xml" },
  });
}

/** A blob, the range of it that is asked for, or what is known of it. */
function content({ method, headers }: Request, blob: StoredBlob): Response {
  const { bytes, etag, metadata, tier } = blob;
  const wanted = headers.get("If-Match");
  if (wanted !== null && wanted !== etag) return failed(412, "ConditionNotMet");
  const told = new Headers(metadata);
  const facts = { ETag: etag, "x-ms-access-tier": tier, "x-ms-blob-type": "BlockBlob" };
  for (const [name, value] of Object.entries(facts)) told.set(name, value);
  const size = bytes.byteLength;
  const range = headers.get("x-ms-range") ?? headers.get("Range");
  const [, first = "0", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  const start = Number(first);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  if (range !== null && start >= size) return failed(416, "InvalidRange");
  told.set("Content-Length", `${end - start}`);
  if (method === "HEAD") return new Response(null, { headers: told });
  if (range === null) return new Response(bytes, { headers: told });
  told.set("Content-Range", `bytes ${start}-${end - 1}/${size}`);
  return new Response(bytes.slice(start, end), { status: 206, headers: told });
}

function created(headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status: 201, headers });
}

function failed(status: number, code: string): Response {
  return new Response(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`, {
    status,
    headers: { "x-ms-error-code": code, "Content-Type": "application/xml" },
  });
}
