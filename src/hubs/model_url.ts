/**
 * What people write to name a model on a hub.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { quote, withoutEnd } from "../core/text.ts";
import type { HubModel, HubName, ModelHub } from "./hub.ts";
import { huggingFace } from "./huggingface.ts";
import { mlflow } from "./mlflow.ts";
import { modelScope } from "./modelscope.ts";

/** The hubs, by the name that `--provider` takes. */
export const MODEL_HUBS: Readonly<Record<HubName, ModelHub>> = {
  huggingface: huggingFace,
  modelscope: modelScope,
  mlflow,
};

/** How to read a model URL. */
export interface ModelUrlOptions {
  /** Name of the hub for short forms; a URL names its own. */
  readonly provider?: string;
  /** URLs of hubs that are configured, as by `HF_ENDPOINT`, so that URLs on them are known. */
  readonly hubUrls?: Readonly<Partial<Record<HubName, string>>>;
}

/**
 * Reads the name of a model on a hub: `https://huggingface.co/owner/name[/tree/REVISION]`,
 * `https://modelscope.cn/models/owner/name`, `models:/name[/version]`, or with a provider the short
 * form `owner/name[@revision]`. `@revision` may follow a URL too.
 * @throws {InvalidInputError} when the text names no model of a known hub.
 */
export function parseModelUrl(text: string, options: ModelUrlOptions = {}): HubModel {
  const trimmed = text.trim();
  const given = options.provider === undefined ? undefined : hubNamed(options.provider);
  const named = hubOf(trimmed, options);
  if (named !== undefined && given !== undefined && named !== given) {
    const found = `it is a model of ${named.title}, not of ${given.title}`;
    throw unreadable(trimmed, found, `leave out --provider or say --provider ${named.name}`);
  }
  const hub = named ?? given;
  if (hub === undefined) throw unreadable(trimmed, "it names no known hub", REMEDY);
  const model = hub.parse(pathOf(trimmed, named, options));
  if (model !== undefined) return model;
  throw unreadable(trimmed, `it is no model of ${hub.title}`, `write ${hub.forms}`);
}

/** The last part of a model's name: what its folder is called. */
export function modelFolderName({ repository }: HubModel): string {
  return repository.slice(repository.lastIndexOf("/") + 1);
}

const REMEDY = "write a URL such as https://huggingface.co/OWNER/NAME, " +
  "or OWNER/NAME with --provider huggingface, modelscope or mlflow";

function hubNamed(provider: string): ModelHub {
  if (Object.hasOwn(MODEL_HUBS, provider)) return MODEL_HUBS[provider as HubName];
  throw new InvalidInputError(
    `Cannot use provider ${quote(provider)}: it is not known`,
    { suggestions: Object.keys(MODEL_HUBS) },
  );
}

/** The hub that a text names by itself. */
function hubOf(text: string, { hubUrls }: ModelUrlOptions): ModelHub | undefined {
  const hubs = Object.values(MODEL_HUBS);
  return hubs.find((hub) => hub.supports(text)) ??
    hubs.find(({ name }) => belowHub(text, hubUrls?.[name]) !== undefined);
}

/** The path below a configured hub's URL, which may have a path itself. */
function belowHub(text: string, hubUrl: string | undefined): string | undefined {
  const hub = hubUrl === undefined ? null : URL.parse(hubUrl);
  const url = URL.parse(text);
  if (hub === null || url === null || url.origin !== hub.origin) return undefined;
  const base = `${withoutEnd(hub.pathname, "/")}/`;
  return url.pathname.startsWith(base) ? url.pathname.slice(base.length) : undefined;
}

/** The path of a URL on its hub; other texts are paths already. */
function pathOf(text: string, named: ModelHub | undefined, { hubUrls }: ModelUrlOptions): string {
  if (named === undefined || named.name === "mlflow") return text;
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `https://${text}`);
  if (url === null) throw unreadable(text, "it is no URL", REMEDY);
  if (url.username !== "" || url.password !== "") {
    const remedy = "leave them out: a login of a hub is a setting of its own";
    throw unreadable(text, "it holds credentials", remedy);
  }
  return belowHub(text, hubUrls?.[named.name]) ?? url.pathname.replace(/^\/+/, "");
}

function unreadable(text: string, found: string, remedy: string): InvalidInputError {
  // What stands before an at sign may be a password.
  const shown = text.slice(0, 300).replace(/\/\/[^/]*@/, "//…@");
  return new InvalidInputError(`Cannot read model URL ${quote(shown)}: ${found}`, { remedy });
}
