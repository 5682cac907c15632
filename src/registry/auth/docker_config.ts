/**
 * Docker's configuration file, `config.json`, which Podman's `auth.json` resembles.
 *
 * Keys of `auths` are hosts, also with a scheme and an API path (`https://index.docker.io/v1/`),
 * and with Podman also paths of repositories (`registry.test/team`).
 * See https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 * @module
 */
import { quote } from "../../core/text.ts";
import { z } from "../../deps/zod.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { readTextIfExists } from "../../core/files.ts";
import { writeFileAtomic } from "../../core/staged_file.ts";
import { explainRead } from "../../core/file_errors.ts";
import { canonicalHost, checkUsername, type Credentials, encodeBasic } from "./credentials.ts";

const entrySchema = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});

const configSchema = z.looseObject({
  auths: z.record(z.string(), entrySchema.nullable()).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

/** What such a file holds; other keys are kept. */
export type DockerConfig = z.infer<typeof configSchema>;

/** The name under which Docker Hub's credentials are kept. */
const HUB_KEY = "https://index.docker.io/v1/";

/**
 * Reads a file; one that does not exist, or is empty, holds nothing.
 * @throws {InvalidInputError} when it cannot be read or is no such file.
 */
export async function readDockerConfig(path: string): Promise<DockerConfig> {
  const text = await readTextIfExists(path).catch((error) => {
    throw explainRead(path, error);
  });
  if (text === undefined || text.trim() === "") return {};
  const parsed = configSchema.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  // Only where it is wrong: what stands there may be a secret.
  throw unreadable(path, `${issue?.path.join(".") || "document"} has the wrong form`);
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
    const credentials = entry && entryCredentials(entry);
    if (credentials) return credentials;
  }
  return undefined;
}

/** The name of the helper program that keeps a registry's credentials, if one does. */
export function helperFor(config: DockerConfig, registry: string): string | undefined {
  const wanted = canonicalHost(registry);
  const own = Object.entries(config.credHelpers ?? {})
    .find(([key]) => parseKey(key).host === wanted)?.[1];
  return own || config.credsStore || undefined;
}

/** The name under which Docker's files and helpers keep a registry. */
export function serverKey(registry: string): string {
  const host = canonicalHost(registry);
  return host === "docker.io" ? HUB_KEY : host;
}

/**
 * Adds or replaces a registry's credentials in a file that only its owner can read. Everything else
 * in the file stays.
 * @throws {InvalidInputError} when the file is not one that can be changed safely.
 */
export async function saveCredentials(
  path: string,
  registry: string,
  credentials: Credentials,
): Promise<void> {
  const config = await readDockerConfig(path);
  const auths = { ...config.auths, [serverKey(registry)]: toEntry(credentials) };
  await writeConfig(path, { ...config, auths });
}

/** Removes a registry's credentials, under whatever key; tells whether there were any. */
export async function removeCredentials(path: string, registry: string): Promise<boolean> {
  const config = await readDockerConfig(path);
  const wanted = canonicalHost(registry);
  const all = Object.entries(config.auths ?? {});
  const kept = all.filter(([key]) => {
    const { host, path } = parseKey(key);
    return host !== wanted || path !== "";
  });
  if (kept.length === all.length) return false;
  await writeConfig(path, { ...config, auths: Object.fromEntries(kept) });
  return true;
}

async function writeConfig(path: string, config: DockerConfig): Promise<void> {
  const text = `${JSON.stringify(config, undefined, "\t")}\n`;
  await writeFileAtomic(path, new TextEncoder().encode(text), { mode: 0o600 });
}

/** The host and, where it has one that is not a version of the API, the path of a key. */
function parseKey(key: string): { host: string; path: string } {
  const [host = "", ...components] = key.replace(/^https?:\/\//i, "").split("/");
  const path = components.join("/").replace(/\/+$/, "");
  return { host: canonicalHost(host), path: /^v[12]$/.test(path) ? "" : path };
}

function covers(path: string, repository: string | undefined): boolean {
  return path === "" || repository === path || repository?.startsWith(`${path}/`) === true;
}

function entryCredentials(entry: z.infer<typeof entrySchema>): Credentials | undefined {
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
  const password = decoded.slice(colon + 1).replace(/\0+$/, "");
  return { username: decoded.slice(0, colon), password };
}

function toEntry(credentials: Credentials): z.infer<typeof entrySchema> {
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
