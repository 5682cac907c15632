/**
 * The Hugging Face hub, and servers that speak its API (`HF_ENDPOINT`).
 * See https://huggingface.co/docs/hub/api
 * @module
 */
import * as z from "../deps/zod.ts";
import { FILE_LIMIT, type HubFile, type HubModel, type HubOptions } from "./hub.ts";
import type { HubSnapshot, ModelHub } from "./hub.ts";
import { HubClient } from "./client.ts";
import { hubAnswerError, type HubErrorContext, hubStatusError } from "./errors.ts";
import { checkedHubUrl, encodePath, mentionsHost, parseRepository } from "./paths.ts";

const HUB_URL = "https://huggingface.co";

/** Requests for one listing; a server that always has another page ends here. */
const PAGE_LIMIT = 10_000;

const hash = (length: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`)).optional().catch(undefined);

const entrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size: z.int().nonnegative().catch(0),
  oid: hash(40),
  lfs: z.object({ oid: hash(64), size: z.int().nonnegative() }).nullish(),
});

const commitSchema = z.string().regex(/^[0-9a-f]{7,64}$/);

export const huggingFace: ModelHub = {
  name: "huggingface",
  title: "Hugging Face",
  forms: "OWNER/NAME, OWNER/NAME@REVISION or https://huggingface.co/OWNER/NAME",
  supports: (text) => mentionsHost(text, ["huggingface.co", "hf.co"]),
  parse(path) {
    // Data sets and spaces have pages of the same form.
    if (/^(datasets|spaces|models|api|docs)(\/|$)/.test(path)) return undefined;
    const found = parseRepository(path, ["tree", "blob", "resolve", "commit"]);
    return found && { hub: "huggingface", ...found };
  },
  list: listModel,
};

async function listModel(model: HubModel, options: HubOptions = {}): Promise<HubSnapshot> {
  const hubUrl = checkedHubUrl(options.hubUrl ?? HUB_URL);
  const page = `${hubUrl}/${model.repository}`;
  const context: HubErrorContext = {
    model,
    title: "Hugging Face",
    host: new URL(hubUrl).host,
    login: "huggingfaceLogin",
    page,
  };
  const client = new HubClient({
    ...options,
    hubUrl,
    credentials: options.token ? { Authorization: `Bearer ${options.token}` } : {},
    explain: (response) => hubStatusError(response, context),
  });
  const listing = { model, hubUrl, fetch: libraryFetch(client, context, options.signal) };
  const commit = await resolveRevision(listing);
  const revision = commit ?? model.revision ?? "main";
  const files: HubFile[] = [];
  for await (const file of listEntries(listing, revision, context)) {
    files.push(file);
    if (files.length > FILE_LIMIT) throw hubAnswerError(context, "it has too many files");
  }
  return { client, revision: commit, sourceUrl: page, files };
}

interface Listing {
  readonly model: HubModel;
  readonly hubUrl: string;
  readonly fetch: typeof fetch;
}

/** The commit of a revision: all files come from one, whatever is pushed meanwhile. */
async function resolveRevision({ model, hubUrl, fetch }: Listing): Promise<string | undefined> {
  const { modelInfo } = await import("../deps/huggingface-hub.ts");
  const info = await modelInfo({
    name: model.repository,
    revision: model.revision ?? "main",
    additionalFields: ["sha"],
    hubUrl,
    fetch,
  });
  return commitSchema.safeParse(info.sha).data;
}

async function* listEntries(
  { model, hubUrl, fetch }: Listing,
  revision: string,
  context: HubErrorContext,
): AsyncGenerator<HubFile> {
  const { listFiles } = await import("../deps/huggingface-hub.ts");
  const place = `${hubUrl}/${model.repository}/resolve/${encodeURIComponent(revision)}`;
  const entries = listFiles({
    repo: { type: "model", name: model.repository },
    // The library puts it into the URL as it is, and branches may have slashes.
    revision: encodeURIComponent(revision),
    recursive: true,
    hubUrl,
    fetch,
  });
  for await (const value of entries) {
    const entry = entrySchema.safeParse(value);
    if (!entry.success) throw hubAnswerError(context, "its list of files is malformed");
    const { type, path, size, oid, lfs } = entry.data;
    if (type !== "file") continue;
    yield {
      path,
      size: lfs?.size ?? size,
      // The object id of a large file is that of its pointer, not of its content.
      ...(lfs ? { sha256: lfs.oid } : { gitSha1: oid }),
      request: () => Promise.resolve({ url: `${place}/${encodePath(path)}` }),
    };
  }
}

/**
 * The `fetch` that the library is given. The token is added here and not by the library, which
 * accepts only tokens of the public hub and sends them wherever a `Link` header points.
 */
function libraryFetch(
  client: HubClient,
  context: HubErrorContext,
  signal: AbortSignal | undefined,
): typeof fetch {
  let requests = 0;
  return async (input) => {
    if (++requests > PAGE_LIMIT) throw hubAnswerError(context, "its list of files has no end");
    const url = input instanceof Request ? input.url : String(input);
    // The library would read an answer without end.
    const document = await client.document(url, {
      headers: { Accept: "application/json" },
      signal,
    });
    return new Response(document.bytes, { headers: document.headers });
  };
}
