/**
 * The Hugging Face hub, and servers that speak its API (`HF_ENDPOINT`).
 * See https://huggingface.co/docs/hub/api
 * @module
 */
import { listOf } from "../core/shapes/shape.ts";
import * as z from "../deps/zod.ts";
import { FILE_LIMIT, type HubFile, type HubModel, type HubOptions } from "./hub.ts";
import type { HubSnapshot, ModelHub } from "./hub.ts";
import { nextPage } from "../http/link_header.ts";
import { HubClient, type HubSendOptions } from "./client.ts";
import { hubAnswerError, type HubErrorContext, hubStatusError } from "./errors.ts";
import { checkedHubUrl, encodePath, mentionsHost, parseRepository } from "./paths.ts";
import { ReadBudget } from "./read_budget.ts";

const HUB_URL = "https://huggingface.co";

const hash = (length: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`)).optional().catch(undefined);

const pageSchema = listOf(z.object({
  type: z.string(),
  path: z.string(),
  size: z.int().nonnegative().optional().catch(undefined),
  oid: hash(40),
  lfs: z.object({ oid: hash(64), size: z.int().nonnegative() }).nullish(),
}));

type Entry = z.infer<typeof pageSchema>[number];

const infoSchema = z.object({
  sha: z.string().regex(/^[0-9a-f]{7,64}$/).optional().catch(undefined),
});

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
    malformed: (found) => hubAnswerError(context, found),
  });
  const api = `${hubUrl}/api/models/${model.repository}`;
  const budget = new ReadBudget(client.retry, (found) => hubAnswerError(context, found));
  const listing = { client, context, api, options: { budget, signal: options.signal } };
  const commit = await resolveRevision(listing, model.revision ?? "main");
  const revision = commit ?? model.revision ?? "main";
  const place = `${page}/resolve/${encodeURIComponent(revision)}`;
  const files: HubFile[] = [];
  for await (const entry of listEntries(listing, revision)) {
    if (entry.type === "file") files.push(fileOf(entry, place));
    if (files.length > FILE_LIMIT) throw hubAnswerError(context, "it has too many files");
  }
  return { client, revision: commit, sourceUrl: page, files };
}

interface Listing {
  readonly client: HubClient;
  readonly context: HubErrorContext;
  /** URL of the model in the API. */
  readonly api: string;
  readonly options: HubSendOptions;
}

/** The commit of a revision: all files come from one, whatever is pushed meanwhile. */
async function resolveRevision(
  { client, context, api, options }: Listing,
  revision: string,
): Promise<string | undefined> {
  // Branches may have slashes.
  const url = `${api}/revision/${encodeURIComponent(revision)}?expand=sha`;
  const info = infoSchema.safeParse(await client.json(url, options));
  if (info.success) return info.data.sha;
  throw hubAnswerError(context, "what it says of the model is malformed");
}

/** The entries of all pages of the list, files and folders. */
async function* listEntries(
  { client, context, api, options }: Listing,
  revision: string,
): AsyncGenerator<Entry, void> {
  const first = new URL(`${api}/tree/${encodeURIComponent(revision)}?recursive=true`);
  const seen = new Set<string>();
  for (let url: URL | undefined = first; url;) {
    if (seen.has(url.href)) {
      throw hubAnswerError(context, "the pages of its list of files go round in circles");
    }
    seen.add(url.href);
    const { value, headers } = await client.document(url.href, options);
    const page = pageSchema.safeParse(value);
    if (!page.success) throw hubAnswerError(context, "its list of files is malformed");
    yield* page.data;
    url = nextPage(headers.get("Link"), url);
    if (url && url.origin !== first.origin) {
      const found = `the next page of its list of files is on another server, ${url.host}`;
      throw hubAnswerError(context, found);
    }
    if (url && page.data.length === 0) {
      throw hubAnswerError(context, "its list of files goes on after a page without any");
    }
  }
}

function fileOf({ path, size, oid, lfs }: Entry, place: string): HubFile {
  return {
    path,
    size: lfs?.size ?? size,
    // The object id of a large file is that of its pointer, not of its content.
    ...(lfs ? { sha256: lfs.oid } : { gitSha1: oid }),
    request: () => Promise.resolve({ url: `${place}/${encodePath(path)}` }),
  };
}
