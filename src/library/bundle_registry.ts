/**
 * The registry of bundles, from its address and the path in it, and how it is asked.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import type { RetryPolicy } from "../core/retry.ts";
import { quote } from "../core/text.ts";
import type { ConnectOptions } from "../oci/connect.ts";
import { isRegistryHost, isRepositoryName, looksLikeHost } from "../oci/reference.ts";
import type { BundleSettings, CredentialSettings, NetworkSettings } from "./settings.ts";
import type { Variables } from "./variables.ts";

/**
 * Reads the address of the registry and the path in it. A path may start with a host when no
 * address is given, or with the address's own host.
 * @throws {InvalidInputError} naming the variable whose value cannot be used.
 */
export function registrySettings(read: Variables): BundleSettings {
  const insecure = read.flag("insecure");
  const repository = read.text("registryRepo");
  const url = registryUrl(read);
  const plainHttp = url?.plainHttp ?? false;
  if (repository === undefined) return { registry: url?.host, insecure, plainHttp };
  const { host, path } = splitHost(repository, url?.host);
  const conflict = host !== undefined && url !== undefined && host !== url.host;
  if (conflict || path !== "" && !isRepositoryName(path)) {
    const variable = read.nameOf("registryRepo");
    const reason = conflict
      ? `it names another registry than ${read.nameOf("registryUrl")}`
      : badPath(path);
    throw new InvalidInputError(`Cannot use ${variable} ${quote(repository)}: ${reason}`, {
      remedy: `write ${variable}=myorg/models, or registry.example.com/myorg/models`,
    });
  }
  return { registry: url?.host ?? host, repository: path, insecure, plainHttp };
}

function registryUrl(read: Variables): { host: string; plainHttp: boolean } | undefined {
  const text = read.text("registryUrl");
  if (text === undefined) return undefined;
  // Registries are addressed by their host; /v2 is what people copy from the address of its API.
  const match = /^(?:(https?):\/\/)?([^/]+)(?:\/|\/v2\/?)?$/.exec(text);
  const host = match?.[2];
  if (host === undefined || !isRegistryHost(host)) {
    const variable = read.nameOf("registryUrl");
    const shown = text.includes("@") ? "(it holds credentials)" : quote(text);
    throw new InvalidInputError(
      `Cannot use ${variable} ${shown}: it is not the address of a registry`,
      { remedy: `write ${variable}=https://registry.example.com or localhost:5000` },
    );
  }
  return { host, plainHttp: match?.[1] === "http" };
}

/** Splits off the host that a path may start with. */
function splitHost(text: string, registry: string | undefined): { host?: string; path: string } {
  const slash = text.indexOf("/");
  const first = slash < 0 ? text : text.slice(0, slash);
  const isHost = first === registry || first.includes(":") ||
    registry === undefined && looksLikeHost(first);
  if (!isHost || !isRegistryHost(first)) return { path: text };
  return { host: first, path: slash < 0 ? "" : text.slice(slash + 1) };
}

function badPath(path: string): string {
  const lower = path.toLowerCase();
  return lower !== path && isRepositoryName(lower)
    ? "the path of a repository must be lower case"
    : "it is not the path of a repository";
}

/** Settings with the login and the patience of bundles, which come before those of models. */
export function forBundles<Settings extends CredentialSettings & Pick<NetworkSettings, "retry">>(
  settings: Settings,
  bundles: BundleSettings,
): Settings & { readonly retry: RetryPolicy } {
  const { username, password } = bundles;
  const own = username && password ? { username, password, loginRegistry: undefined } : {};
  return { ...settings, ...own, retry: retryOf(bundles, settings.retry) };
}

/** How requests to registries are tried again: what the settings of bundles say comes first. */
export function retryOf(
  { httpRetries, httpTimeoutSeconds }: BundleSettings,
  retry: RetryPolicy = {},
): RetryPolicy {
  return {
    ...retry,
    attempts: httpRetries === undefined ? retry.attempts : httpRetries + 1,
    stallTime: httpTimeoutSeconds === undefined ? retry.stallTime : httpTimeoutSeconds * 1000,
  };
}

/** The host that a name starts with, where it has one. */
export function hostOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf("/")));
}

/**
 * Switches that are off leave the choice to the connection; `http://` is said of one registry
 * alone.
 */
export function bundleSwitches(
  name: string,
  settings: BundleSettings,
  access: ConnectOptions = {},
): ConnectOptions {
  const plainHttp = settings.plainHttp && hostOf(name) === settings.registry;
  return {
    plainHttp: access.plainHttp ?? (plainHttp || undefined),
    insecure: access.insecure ?? (settings.insecure || undefined),
    proxy: access.proxy,
    mirror: access.mirror,
    dragonflyEndpoint: access.dragonflyEndpoint,
    dragonflyRequired: access.dragonflyRequired,
    dragonflyForwardAuth: access.dragonflyForwardAuth,
  };
}
