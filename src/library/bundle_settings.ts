/**
 * The settings of bundles, from the environment.
 *
 * Each setting has the name that the bundles guide gives it, then `MODELOPS_*`, then `MODEL_OPS_*`; the
 * first that is set and not empty counts. What is given must be well formed; what is missing is missed
 * only by the operation that needs it.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import type { RegistrySettings } from "../bundle/resolve/registry.ts";
import { registrySettings } from "./bundle_registry.ts";
import type { Environment } from "./environment.ts";
import { Variables } from "./variables.ts";

/** How to reach Azure Blob storage; data only, no client is made of it here. */
export interface AzureSettings {
  /** Name of the account. */
  readonly account: string;
  /** Key of the account. */
  readonly key?: string;
  /** Token of a shared access signature. */
  readonly sasToken?: string;
  /** Connection string; it wins over the account's name. */
  readonly connectionString?: string;
  /** Address of the blob service, where it is not that of the account in the public cloud. */
  readonly endpoint?: string;
  /** Container for external objects that no rule places elsewhere. */
  readonly container: string;
}

/** All settings of bundles. */
export interface BundleSettings extends RegistrySettings {
  /** User at the registry. */
  readonly username?: string;
  /** Password at the registry. */
  readonly password?: string;
  /** Longest time without progress with the registry, in seconds. */
  readonly httpTimeoutSeconds: number;
  /** How often a failed request to the registry is repeated; the client's own choice when absent. */
  readonly httpRetries?: number;
  /** Longest time without progress with external storage, in seconds. */
  readonly externalTimeoutSeconds: number;
  /** How often a failed request to external storage is repeated; the client's own choice when absent. */
  readonly externalRetries?: number;
  /** Whether external objects without a recorded SHA-256 are accepted when they are only asked about. */
  readonly allowStatWithoutSha: boolean;
  /** Azure Blob storage. */
  readonly azure: AzureSettings;
  /** Where external objects go without an account: `file:///…`. */
  readonly objectStore?: string;
  /** Folder for what can be found out again. */
  readonly cacheFolder?: string;
  /** Name of a built-in provider that replaces registry and storage, such as `fake`. */
  readonly provider?: string;
}

/** Seconds that both timeouts have when nothing says otherwise. */
const DEFAULT_TIMEOUT_SECONDS = 30;

/**
 * Reads the settings from variables.
 * @throws {InvalidInputError} naming the variable whose value cannot be used.
 */
export function bundleSettingsFromEnv(env: Environment): BundleSettings {
  const read = new Variables(env);
  return {
    ...registrySettings({
      url: read.text("registryUrl"),
      urlVariable: read.nameOf("registryUrl") ?? "REGISTRY_URL",
      repository: read.text("registryRepo"),
      repositoryVariable: read.nameOf("registryRepo") ?? "REGISTRY_REPO",
      insecure: read.flag("insecure"),
    }),
    username: read.text("username"),
    password: read.text("password"),
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

function azureSettings(read: Variables): AzureSettings {
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
    sasToken: read.text("sasToken"),
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
  return text.replace(/\/+$/, "");
}

/** Checks a container by the rules of the service: 3 to 63 lower-case letters, digits and single dashes. */
function container(read: Variables): string {
  const name = read.text("container") ?? "bundles";
  const valid = /^[a-z0-9](-?[a-z0-9])*$/.test(name) && name.length >= 3 && name.length <= 63;
  if (valid) return name;
  throw read.refuse("container", `${quote(name)} is not the name of a container`);
}

function objectStore(read: Variables): string | undefined {
  const text = read.text("objectStore");
  const url = text === undefined ? undefined : URL.parse(text);
  if (text === undefined || url?.protocol === "file:") return text?.replace(/\/+$/, "");
  throw read.refuse("objectStore", `${quote(text)} is not a file:///… address`);
}
