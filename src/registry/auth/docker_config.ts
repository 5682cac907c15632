/**
 * Docker's configuration file, `config.json`, which Podman's `auth.json` resembles.
 *
 * Keys of `auths` are hosts, also with a scheme and an API path (`https://index.docker.io/v1/`),
 * and with Podman also paths of repositories (`registry.test/team`).
 * See https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 * @module
 */
import * as form from "../../core/shapes/form.ts";
import { quote, withoutEnd } from "../../core/text.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { readTextIfExists } from "../../core/files.ts";
import { explainRead } from "../../core/file_errors.ts";
import { changeFile } from "./changed_file.ts";
import {
  canonicalHost,
  checkUsername,
  type Credentials,
  encodeBasic,
  presentable,
} from "./credentials.ts";

/** A text; `null`, and whatever spoils one entry alone, is as good as nothing. */
const text = form.lenient(form.text);

/** What a file says about one registry. */
interface Entry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

const entryForm = form.map<Entry>({
  auth: text,
  username: text,
  password: text,
  identitytoken: text,
  registrytoken: text,
});

/** What such a file says about logins. */
export interface DockerConfig {
  readonly auths?: Readonly<Record<string, Entry | undefined>>;
  readonly credHelpers?: Readonly<Record<string, string | undefined>>;
  readonly credsStore?: string;
}

const configForm = form.map<DockerConfig>({
  auths: form.maybe(form.mapOf(form.lenient(entryForm))),
  credHelpers: form.maybe(form.mapOf(text)),
  credsStore: form.maybe(form.text),
});

/** Everything in a file. */
type Document = Readonly<Record<string, unknown>>;

/** The name under which Docker Hub's credentials are kept. */
const HUB_KEY = "https://index.docker.io/v1/";

/**
 * Reads a file; one that does not exist, or is empty, holds nothing.
 * @throws {InvalidInputError} when it cannot be read or is no such file.
 */
export async function readDockerConfig(path: string): Promise<DockerConfig> {
  return (await readFile(path)).config;
}

async function readFile(path: string): Promise<{ config: DockerConfig; document: Document }> {
  const text = await readTextIfExists(path).catch((error) => {
    throw explainRead(path, error);
  });
  if (text === undefined || text.trim() === "") return { config: {}, document: {} };
  const document = parseJson(text.replace(/^\ufeff/, ""), path) ?? {};
  const { value: config, problems } = form.inForm(configForm, document);
  if (problems === undefined) return { config, document: document as Document };
  const [problem] = problems;
  // Only where it is wrong: what stands there may be a secret.
  throw unreadable(path, `${problem?.path.join(".") || "document"} has the wrong form`);
}

/**
 * The credentials of `auths` for a registry or one of its repositories; the longest path wins. An
 * entry of one host is never given to another.
 */
export function findAuth(
  config: DockerConfig,
  registry: string,
  repository?: string,
): Credentials | undefined {
  const wanted = canonicalHost(registry);
  const matches = Object.entries(config.auths ?? {})
    .map(([key, entry]) => ({ ...parseKey(key), exact: key === registry, entry }))
    .filter(({ host, path }) => host === wanted && covers(path, repository))
    .sort((a, b) => b.path.length - a.path.length || Number(b.exact) - Number(a.exact));
  for (const { entry } of matches) {
    const stored = entry && entryCredentials(entry);
    const credentials = stored && presentable(stored);
    if (credentials) return credentials;
  }
  return undefined;
}

/** The name of the helper program that keeps a registry's credentials, if one does. */
export function helperFor(config: DockerConfig, registry: string): string | undefined {
  const wanted = canonicalHost(registry);
  const own = Object.entries(config.credHelpers ?? {})
    .find(([key]) => parseKey(key).host === wanted)?.[1];
  // An empty name takes a registry out of what the helper for all others keeps.
  return (own ?? config.credsStore) || undefined;
}

/** The name under which Docker's files and helpers keep a registry. */
export function serverKey(registry: string): string {
  const host = canonicalHost(registry);
  return host === "docker.io" ? HUB_KEY : host;
}

/**
 * Adds or replaces a registry's credentials in a file that only its owner can read; none leave the
 * name of the registry alone, which is how a file says that a helper has them. Everything else in
 * the file stays.
 * @throws {InvalidInputError} when the file is not one that can be changed safely.
 */
export async function saveCredentials(
  path: string,
  registry: string,
  credentials: Credentials | undefined,
): Promise<void> {
  const entry = credentials ? toEntry(credentials) : {};
  await changeFile(path, async () => {
    const { document } = await readFile(path);
    return textOf({ ...document, auths: { ...authsOf(document), [serverKey(registry)]: entry } });
  });
}

/** Removes a registry's credentials, under whatever key; tells whether there were any. */
export async function removeCredentials(path: string, registry: string): Promise<boolean> {
  if (without(registry, (await readFile(path)).document) === undefined) return false;
  await changeFile(path, async () => {
    const kept = without(registry, (await readFile(path)).document);
    return kept && textOf(kept);
  });
  return true;
}

/** A document without what it has for a registry; `undefined` when that is nothing. */
function without(registry: string, document: Document): Document | undefined {
  const wanted = canonicalHost(registry);
  const all = Object.entries(authsOf(document));
  const kept = all.filter(([key]) => {
    const { host, path } = parseKey(key);
    return host !== wanted || path !== "";
  });
  return kept.length < all.length ? { ...document, auths: Object.fromEntries(kept) } : undefined;
}

/** The entries of a document, also those that nobody understands. */
function authsOf({ auths }: Document): Readonly<Record<string, unknown>> {
  return auths as Record<string, unknown> | null | undefined ?? {};
}

function textOf(document: Document): string {
  return `${JSON.stringify(document, undefined, "\t")}\n`;
}

/** The host and, where it has one that is not a version of the API, the path of a key. */
function parseKey(key: string): { host: string; path: string } {
  const [host = "", ...components] = key.replace(/^https?:\/\//i, "").split("/");
  const path = withoutEnd(components.join("/"), "/");
  return { host: canonicalHost(host), path: /^v[12]$/.test(path) ? "" : path };
}

function covers(path: string, repository: string | undefined): boolean {
  return path === "" || repository === path || repository?.startsWith(`${path}/`) === true;
}

function entryCredentials(entry: Entry): Credentials | undefined {
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  if (entry.registrytoken) return { registryToken: entry.registrytoken };
  if (entry.auth) return decodeBasic(entry.auth);
  const { username, password } = entry;
  return username && password ? { username, password } : undefined;
}

/** Reads `base64(user:password)`; `undefined` when it is something else. */
function decodeBasic(text: string): Credentials | undefined {
  let decoded: string;
  try {
    decoded = new TextDecoder().decode(Uint8Array.fromBase64(text.trim()));
  } catch {
    return undefined; // An entry that cannot be read is as good as none.
  }
  const colon = decoded.indexOf(":");
  if (colon <= 0) return undefined;
  const password = withoutEnd(decoded.slice(colon + 1), "\0");
  return { username: decoded.slice(0, colon), password };
}

function toEntry(credentials: Credentials): Entry {
  if ("identityToken" in credentials) return { identitytoken: credentials.identityToken };
  if ("registryToken" in credentials) return { registrytoken: credentials.registryToken };
  checkUsername(credentials.username);
  return { auth: encodeBasic(credentials) };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words would quote the file.
    throw unreadable(path, "it is not valid JSON");
  }
}

function unreadable(path: string, reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot read credentials ${quote(path)}: ${reason}`, {
    path,
    remedy: "repair the file or remove it",
  });
}
