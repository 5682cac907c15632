/**
 * The ModelScope hub, by its HTTP API.
 * See https://modelscope.cn/docs/models/download
 * @module
 */
import { listOf } from "../core/shapes/shape.ts";
import { plainText, quote } from "../core/text.ts";
import * as z from "../deps/zod.ts";
import { FILE_LIMIT, type HubFile, type HubModel, type HubOptions } from "./hub.ts";
import type { HubSnapshot, ModelHub } from "./hub.ts";
import { HubClient } from "./client.ts";
import { hubAnswerError, type HubErrorContext, hubStatusError } from "./errors.ts";
import { checkedHubUrl, mentionsHost, parseRepository } from "./paths.ts";

const HUB_URL = "https://www.modelscope.cn";

/** The branch that models have when nobody names one. */
const DEFAULT_REVISION = "master";

const listSchema = z.object({
  Data: z.object({
    Files: z.nullish(listOf(z.object({
      Path: z.string(),
      Type: z.string().catch("blob"),
      Size: z.int().nonnegative().optional().catch(undefined),
      Sha256: z.string().regex(/^[0-9a-f]{64}$/).optional().catch(undefined),
    }))),
  }),
});

/** How its API refuses with a status that says nothing of it. */
const refusalSchema = z.object({ Success: z.literal(false), Message: z.string().min(1) });

export const modelScope: ModelHub = {
  name: "modelscope",
  title: "ModelScope",
  forms: "OWNER/NAME, OWNER/NAME@REVISION or https://modelscope.cn/models/OWNER/NAME",
  supports: (text) => mentionsHost(text, ["modelscope.cn", "modelscope.ai"]),
  parse(path) {
    if (/^(datasets|studios)(\/|$)/.test(path)) return undefined;
    // The tabs of a model's page name the same model.
    const bare = path.replace(/^models\//, "").replace(/\/(summary|files|feedback)\/?$/, "");
    const found = parseRepository(bare, ["tree", "resolve"]);
    return found?.repository.includes("/") ? { hub: "modelscope", ...found } : undefined;
  },
  list: listModel,
};

async function listModel(model: HubModel, options: HubOptions = {}): Promise<HubSnapshot> {
  const hubUrl = checkedHubUrl(options.hubUrl ?? HUB_URL);
  const context: HubErrorContext = {
    model,
    title: "ModelScope",
    host: new URL(hubUrl).host,
    login: "modelscopeLogin",
  };
  const client = new HubClient({
    ...options,
    hubUrl,
    credentials: credentialsOf(options.token),
    explain: (response) => hubStatusError(response, context),
    malformed: (found) => hubAnswerError(context, found),
  });
  const api = `${hubUrl}/api/v1/models/${model.repository}`;
  const revision = model.revision ?? DEFAULT_REVISION;
  const query = new URLSearchParams({ Revision: revision, Recursive: "true" });
  const answer = await client.json(`${api}/repo/files?${query}`, { signal: options.signal });
  const list = listSchema.safeParse(answer);
  if (!list.success) throw hubAnswerError(context, refusalIn(answer));
  const entries = list.data.Data.Files ?? [];
  if (entries.length > FILE_LIMIT) throw hubAnswerError(context, "it has too many files");
  const files = entries
    .filter(({ Type }) => Type !== "tree")
    .map(({ Path: path, Size: size, Sha256: sha256 }): HubFile => {
      const url = `${api}/repo?${new URLSearchParams({ Revision: revision, FilePath: path })}`;
      return { path, size, sha256, request: () => Promise.resolve({ url }) };
    });
  return { client, sourceUrl: `${hubUrl}/models/${model.repository}`, files };
}

/** What is wrong with an answer that is no list. */
function refusalIn(answer: unknown): string {
  const refusal = refusalSchema.safeParse(answer);
  if (!refusal.success) return "its list of files is malformed";
  return `it refuses: ${quote(plainText(refusal.data.Message))}`;
}

/** The hub's older services know a token by a cookie, the newer ones by a header. */
function credentialsOf(token: string | undefined): Record<string, string> {
  if (!token) return {};
  return { Authorization: `Bearer ${token}`, Cookie: `m_session_id=${token}` };
}
