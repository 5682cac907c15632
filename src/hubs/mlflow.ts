/**
 * Models registered with MLflow, on a tracking server of one's own or on Databricks.
 * See https://mlflow.org/docs/latest/rest-api.html
 * @module
 */
import { basename } from "../core/runtime/posix_path.ts";
import { base64, decodeUrlPart, quote } from "../core/text.ts";
import { listOf } from "../core/shapes/shape.ts";
import * as z from "../deps/zod.ts";
import { safeRelativePath } from "../archive/safe_path.ts";
import { InvalidInputError, NotFoundError, UnsupportedError } from "../core/errors.ts";
import { FILE_LIMIT, type HubFile, type HubModel, type HubOptions } from "./hub.ts";
import type { HubRequest, HubSnapshot, ModelHub } from "./hub.ts";
import { HubClient } from "./client.ts";
import { hubAnswerError, type HubErrorContext, hubStatusError } from "./errors.ts";
import { ReadBudget } from "./read_budget.ts";
import { checkedHubUrl, encodePath, isRevision, trimSlashes } from "./paths.ts";

const SCHEME = "models:/";

/** Where a tracking server hands out the artifacts it stores. */
const PROXY = "/api/2.0/mlflow-artifacts/artifacts";

/** A version: servers write a number, or a text of one. */
const versionSchema = z.union([
  z.string().regex(/^[\w.-]{1,100}$/),
  z.int().nonnegative().transform(String),
]);

/** A size: servers write a number, or a text of one as JSON has 64-bit numbers. */
const sizeSchema = z.union([
  z.int().nonnegative(),
  z.string().regex(/^\d{1,15}$/).transform(Number),
]);

const versionsSchema = z.object({
  model_versions: z.nullish(listOf(z.object({
    version: versionSchema,
    current_stage: z.string().optional().catch(undefined),
  }))).transform((value) => value ?? []),
});
const aliasSchema = z.object({ model_version: z.object({ version: versionSchema }) });
const uriSchema = z.object({ artifact_uri: z.string().min(1) });
const filesSchema = z.object({
  files: z.nullish(listOf(z.object({
    path: z.string(),
    is_dir: z.boolean().default(false),
    file_size: sizeSchema.optional().catch(undefined),
  }))).transform((value) => value ?? []),
  next_page_token: z.nullish(z.string()),
});
type FilePage = z.infer<typeof filesSchema>;
const signedSchema = z.object({
  signed_uri: z.url({ protocol: /^https?$/ }),
  headers: z.nullish(listOf(z.object({
    name: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/),
    value: z.string().regex(/^[\t\x20-\x7e]*$/),
  }))),
});

export const mlflow: ModelHub = {
  name: "mlflow",
  title: "MLflow",
  forms: "models:/NAME, models:/NAME/VERSION or models:/NAME@ALIAS",
  supports: (text) => text.startsWith(SCHEME),
  parse(path) {
    const bare = path.startsWith(SCHEME) ? path.slice(SCHEME.length) : path;
    // A version or a stage follows a slash, an alias an at sign, which stays to tell them apart.
    const [, name, version, alias] = /^([^/@:]+)(?:\/([^/@]+)|(@[^/@]+))?$/.exec(bare) ?? [];
    const revision = version ?? alias;
    if (name === undefined || !isRevision(name) || name === ".") return undefined;
    if (revision !== undefined && !isRevision(revision.replace(/^@/, ""))) return undefined;
    return { hub: "mlflow", repository: name, revision };
  },
  list: listModel,
};

async function listModel(model: HubModel, options: HubOptions = {}): Promise<HubSnapshot> {
  const registry = new Registry(model, options);
  const version = await registry.version();
  const uri = await registry.artifactUri(version);
  const lister = LISTERS[uri.protocol];
  if (lister === undefined) throw registry.unsupported(uri.protocol);
  return {
    client: registry.client,
    revision: version,
    sourceUrl: `${registry.hubUrl}/#/models/${encodeURIComponent(model.repository)}`,
    files: await lister(registry, uri, version),
  };
}

/** Where the artifacts of a kind of URI are listed and read. */
type Lister = (registry: Registry, uri: URL, version: string) => Promise<HubFile[]>;

/** The kinds of artifact URIs that can be read over HTTP. */
const LISTERS: Readonly<Record<string, Lister>> = {
  "mlflow-artifacts:": (registry, uri) => {
    const { protocol } = new URL(registry.hubUrl);
    const base = uri.host === "" ? registry.hubUrl : `${protocol}//${uri.host}`;
    return registry.listProxied(base, uri.pathname);
  },
  "http:": listProxiedUrl,
  "https:": listProxiedUrl,
  "dbfs:": (registry, _, version) => registry.listDatabricks(version),
};

function listProxiedUrl(registry: Registry, uri: URL): Promise<HubFile[]> {
  const at = uri.pathname.indexOf(PROXY);
  if (at < 0) throw registry.unsupported(uri.protocol);
  const base = uri.origin + uri.pathname.slice(0, at);
  return registry.listProxied(base, uri.pathname.slice(at + PROXY.length));
}

class Registry {
  readonly client: HubClient;
  readonly hubUrl: string;
  readonly #model: HubModel;
  readonly #context: HubErrorContext;
  readonly #signal: AbortSignal | undefined;
  /** What is left for the listing; the place of a file is asked for without it. */
  readonly #budget: ReadBudget;

  constructor(model: HubModel, options: HubOptions) {
    if (!options.hubUrl) {
      throw new InvalidInputError(
        `Cannot read ${quote(model.repository)} from MLflow: no server is named`,
        { reference: model.repository, setting: "mlflowAddress" },
      );
    }
    this.hubUrl = checkedHubUrl(options.hubUrl);
    this.#model = model;
    this.#signal = options.signal;
    this.#context = {
      model,
      title: "MLflow",
      host: new URL(this.hubUrl).host,
      login: "mlflowLogin",
    };
    this.#budget = new ReadBudget(
      options.retry ?? {},
      (found) => hubAnswerError(this.#context, found),
    );
    this.client = new HubClient({
      ...options,
      hubUrl: this.hubUrl,
      credentials: credentialsOf(options),
      explain: (response) => hubStatusError(response, this.#context),
      malformed: (found) => hubAnswerError(this.#context, found),
    });
  }

  /** The version that the revision of the model stands for: the latest when there is none. */
  async version(): Promise<string> {
    const { repository: name, revision } = this.#model;
    if (revision !== undefined && /^\d+$/.test(revision)) return revision;
    if (revision?.startsWith("@")) {
      const query = new URLSearchParams({ name, alias: revision.slice(1) });
      const path = `registered-models/alias?${query}`;
      const alias = await this.#get(path, aliasSchema, "the version of an alias");
      return alias.model_version.version;
    }
    const answer = await this.client.json(
      `${this.hubUrl}/api/2.0/mlflow/registered-models/get-latest-versions`,
      { post: { name }, signal: this.#signal, budget: this.#budget },
    );
    const stage = revision === "latest" ? undefined : revision?.toLowerCase();
    const [latest] = this.#parse(versionsSchema, answer, "its versions").model_versions
      .filter(({ current_stage }) => stage === undefined || current_stage?.toLowerCase() === stage)
      .map(({ version }) => version)
      .sort((a, b) => Number(b) - Number(a));
    if (latest !== undefined) return latest;
    throw new NotFoundError(
      `Cannot read ${quote(name)} from MLflow: it has no such version`,
      { reference: name, registry: this.#context.host },
    );
  }

  async artifactUri(version: string): Promise<URL> {
    const query = new URLSearchParams({ name: this.#model.repository, version });
    const path = `model-versions/get-download-uri?${query}`;
    const { artifact_uri } = await this.#get(path, uriSchema, "the place of its files");
    const uri = URL.parse(artifact_uri);
    if (uri === null) throw this.unsupported("a path on the server");
    return uri;
  }

  /** Files that the tracking server hands out itself. */
  async listProxied(base: string, pathname: string): Promise<HubFile[]> {
    const root = trimSlashes(pathname);
    const place = `${base}${PROXY}`;
    return await this.#walk(async (folder) => {
      const path = joined(decodeUrlPart(root), folder);
      const answer = await this.client.json(`${place}?${new URLSearchParams({ path })}`, {
        signal: this.#signal,
        budget: this.#budget,
      });
      const { files } = this.#parse(filesSchema, answer, "its list of files");
      // Servers answer with names in the folder, or with whole paths.
      return files.map((file) => ({ ...file, path: joined(folder, basename(file.path)) }));
    }, (path) => Promise.resolve({ url: `${place}/${root}/${encodePath(path)}` }));
  }

  /** Files that Databricks hands out by signed URLs. */
  async listDatabricks(version: string): Promise<HubFile[]> {
    const { repository: name } = this.#model;
    return await this.#walk(async (path) => {
      const found: FilePage["files"] = [];
      for (let token: string | undefined = "";;) {
        const query = new URLSearchParams({ name, version, path });
        if (token) query.set("page_token", token);
        const list = `model-versions/list-artifacts?${query}`;
        const page: FilePage = await this.#get(list, filesSchema, "its files");
        for (const file of page.files) found.push(file);
        if (!page.next_page_token || found.length > FILE_LIMIT) return found;
        if (page.next_page_token === token || page.files.length === 0) {
          throw hubAnswerError(this.#context, "its list of files goes on without any more of them");
        }
        token = page.next_page_token;
      }
    }, async (path) => {
      const query = new URLSearchParams({ name, version, path });
      const place = `model-versions/get-signed-download-uri?${query}`;
      const url = `${this.hubUrl}/api/2.0/mlflow/${place}`;
      const answer = await this.client.json(url, { signal: this.#signal });
      const signed = this.#parse(signedSchema, answer, "the place of a file");
      const headers = signed.headers?.map(({ name, value }) => [name, value]) ?? [];
      return { url: signed.signed_uri, headers: Object.fromEntries(headers) };
    });
  }

  /** The error for artifacts that are where only cloud storage clients go. */
  unsupported(kind: string): UnsupportedError {
    const name = this.#model.repository;
    return new UnsupportedError(
      `Cannot read ${quote(name)} from MLflow: its files are not behind the server (${kind})`,
      {
        reference: name,
        registry: this.#context.host,
        actual: kind,
        remedy: "run the MLflow server with --serve-artifacts, or download the files with the " +
          "tool of that storage and generate from their folder",
      },
    );
  }

  /** All files below the top folder. */
  async #walk(
    list: (folder: string) => Promise<FilePage["files"]>,
    locate: (path: string) => Promise<HubRequest>,
  ): Promise<HubFile[]> {
    const files: HubFile[] = [];
    const folders = [""];
    let seen = 0;
    for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
      this.#signal?.throwIfAborted();
      for (const { path, is_dir, file_size } of await list(folder)) {
        if (++seen > FILE_LIMIT) throw hubAnswerError(this.#context, "it has too many files");
        if (is_dir) folders.push(this.#below(folder, path));
        else files.push({ path, size: file_size, request: () => locate(path) });
      }
    }
    return files;
  }

  /** A folder that is listed next: below the present one, or the walk would go in circles. */
  #below(folder: string, path: string): string {
    const safe = safeRelativePath(path, { action: "download" });
    if (safe !== folder && safe.startsWith(folder === "" ? "" : `${folder}/`)) return safe;
    throw hubAnswerError(this.#context, `it lists ${quote(safe)} in another folder`);
  }

  async #get<Value>(path: string, schema: z.ZodType<Value>, what: string): Promise<Value> {
    const url = `${this.hubUrl}/api/2.0/mlflow/${path}`;
    const options = { signal: this.#signal, budget: this.#budget };
    return this.#parse(schema, await this.client.json(url, options), what);
  }

  #parse<Value>(schema: z.ZodType<Value>, answer: unknown, what: string): Value {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw hubAnswerError(this.#context, `the answer on ${what} is malformed`);
  }
}

function joined(...parts: string[]): string {
  return parts.filter((part) => part !== "").join("/");
}

function credentialsOf({ token, username, password }: HubOptions): Record<string, string> {
  if (token) return { Authorization: `Bearer ${token}` };
  if (!username) return {};
  return { Authorization: `Basic ${base64(`${username}:${password ?? ""}`)}` };
}
