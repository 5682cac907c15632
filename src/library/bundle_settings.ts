/**
 * The settings of bundles, from the environment.
 *
 * Each setting has the name that the bundles guide gives it, then `MODELOPS_*`, then `MODEL_OPS_*`;
 * the first that is set and not empty counts. What is given must be well formed; what is missing is
 * missed only by the operation that needs it.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { quote, withoutEnd } from "../core/text.ts";
import { BUNDLE_LAYOUTS, type BundleLayout } from "../bundle/resolve/registry.ts";
import { registrySettings } from "./bundle_registry.ts";
import type { Environment } from "./environment.ts";
import type { BundleAzureSettings, BundleSettings } from "./settings.ts";
import { Variables } from "./variables.ts";

/** Seconds that both timeouts have when the environment says nothing. */
const DEFAULT_TIMEOUT_SECONDS = 30;

/**
 * Reads the settings from variables.
 * @throws {InvalidInputError} naming the variable whose value cannot be used.
 */
export function bundleSettingsFromEnv(env: Environment): BundleSettings {
  const read = new Variables(env);
  return {
    ...registrySettings(read),
    layout: layout(read),
    ...registryLogin(read),
    httpTimeoutSeconds: read.seconds("httpTimeout") ?? DEFAULT_TIMEOUT_SECONDS,
    httpRetries: read.count("httpRetries"),
    externalTimeoutSeconds: read.seconds("externalTimeout") ?? DEFAULT_TIMEOUT_SECONDS,
    externalRetries: read.count("externalRetries"),
    allowStatWithoutSha: read.flag("allowStatWithoutSha"),
    azure: azureSettings(read),
    objectStore: objectStore(read),
    cacheFolder: read.text("cacheFolder"),
    provider: read.text("provider"),
  };
}

/** A user without a password, and a password without a user, log nobody in. */
function registryLogin(read: Variables): Pick<BundleSettings, "username" | "password"> {
  const [username, password] = [read.text("username"), read.text("password")];
  if (username !== undefined && password === undefined) {
    throw read.refuse("username", "a user needs a password, and REGISTRY_PASSWORD is not set");
  }
  if (password !== undefined && username === undefined) {
    throw read.refuse("password", "a password needs a user, and REGISTRY_USERNAME is not set");
  }
  return { username, password };
}

function azureSettings(read: Variables): BundleAzureSettings {
  if (read.text("connectionString") !== undefined && read.text("key") !== undefined) {
    throw new InvalidInputError(
      "Cannot use both AZURE_STORAGE_CONNECTION_STRING and AZURE_STORAGE_KEY: " +
        "each is a full set of credentials",
      { remedy: "unset one of them" },
    );
  }
  return {
    account: read.text("account") ?? "modelops",
    key: read.text("key"),
    sas: read.text("sas"),
    connectionString: read.text("connectionString"),
    endpoint: endpoint(read),
    container: container(read),
  };
}

function endpoint(read: Variables): string | undefined {
  const text = read.text("endpoint");
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  const plain = url && ["http:", "https:"].includes(url.protocol) && !url.username &&
    !url.password && !url.search && !url.hash;
  // The value is not shown: people paste addresses with a signature in them.
  if (!plain) throw read.refuse("endpoint", "it is not an http or https address");
  return withoutEnd(text, "/");
}

/**
 * Checks a container by the rules of the service: 3 to 63 lower-case letters, digits and single
 * dashes.
 */
function container(read: Variables): string {
  const name = read.text("container") ?? "bundles";
  const valid = /^[a-z0-9](-?[a-z0-9])*$/.test(name) && name.length >= 3 && name.length <= 63;
  if (valid) return name;
  throw read.refuse("container", `${quote(name)} is not the name of a container`);
}

function layout(read: Variables): BundleLayout | undefined {
  const text = read.text("bundleLayout");
  const found = BUNDLE_LAYOUTS.find((layout) => layout === text);
  if (text === undefined || found !== undefined) return found;
  const known = BUNDLE_LAYOUTS.join(" and ");
  throw read.refuse("bundleLayout", `${quote(text)} is none of ${known}`);
}

function objectStore(read: Variables): string | undefined {
  const text = read.text("objectStore");
  const url = text === undefined ? undefined : URL.parse(text);
  if (text === undefined) return undefined;
  if (url?.protocol === "file:") return withoutEnd(text, "/");
  throw read.refuse("objectStore", `${quote(text)} is not a file:///… address`);
}
