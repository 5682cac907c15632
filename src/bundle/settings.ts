/**
 * The settings of bundles, from the environment.
 *
 * Each setting has the name that the bundles guide gives it, then `MODELOPS_*`, then `MODEL_OPS_*`; the
 * first that is set and not empty counts. What is given must be well formed; what is missing is missed
 * only by the operation that needs it.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { type RegistrySettings, registrySettings } from "./registry_settings.ts";

/** How to reach Azure Blob storage; data only, no client is made of it here. */
export interface AzureSettings {
  /** Name of the account. */
  readonly account: string;
  /** Key of the account. */
  readonly key?: string | undefined;
  /** Token of a shared access signature. */
  readonly sasToken?: string | undefined;
  /** Connection string; it wins over the account's name. */
  readonly connectionString?: string | undefined;
  /** Address of the blob service, where it is not that of the account in the public cloud. */
  readonly endpoint?: string | undefined;
  /** Container for external objects that no rule places elsewhere. */
  readonly container: string;
}

/** All settings of bundles. */
export interface BundleSettings extends RegistrySettings {
  /** User at the registry. */
  readonly username?: string | undefined;
  /** Password at the registry. */
  readonly password?: string | undefined;
  /** Longest time without progress with the registry, in seconds. */
  readonly httpTimeoutSeconds: number;
  /** How often a failed request to the registry is repeated; the client's own choice when absent. */
  readonly httpRetries?: number | undefined;
  /** Longest time without progress with external storage, in seconds. */
  readonly externalTimeoutSeconds: number;
  /** How often a failed request to external storage is repeated; the client's own choice when absent. */
  readonly externalRetries?: number | undefined;
  /** Whether external objects without a recorded SHA-256 are accepted when they are only asked about. */
  readonly allowStatWithoutSha: boolean;
  /** Azure Blob storage. */
  readonly azure: AzureSettings;
  /** Where external objects go without an account: `file:///…`. */
  readonly objectStore?: string | undefined;
  /** Folder for what may be forgotten. */
  readonly cacheFolder?: string | undefined;
  /** Name of a built-in provider that replaces registry and storage, such as `fake`. */
  readonly provider?: string | undefined;
}

/** Variables of the environment by name. */
export type BundleEnvironment = Readonly<Record<string, string | undefined>>;

/** Names of each setting, the first that is set counts. */
const VARIABLES = {
  registryUrl: ours("REGISTRY_URL", "REGISTRY_URL"),
  registryRepo: ours("REGISTRY_REPO", "REGISTRY_REPO"),
  insecure: ours("REGISTRY_INSECURE", "REGISTRY_INSECURE"),
  username: ours("REGISTRY_USERNAME", "REGISTRY_USERNAME"),
  password: ours("REGISTRY_PASSWORD", "REGISTRY_PASSWORD"),
  httpTimeout: ours("HTTP_TIMEOUT"),
  httpRetries: ours("HTTP_RETRY"),
  externalTimeout: [
    "EXTERNAL_TIMEOUT_S",
    "MODELOPS_EXTERNAL_TIMEOUT",
    ...ours("EXT_TIMEOUT"),
  ],
  externalRetries: ["EXTERNAL_RETRIES", ...ours("EXT_RETRY")],
  allowStatWithoutSha: ours("ALLOW_STAT_WITHOUT_SHA"),
  account: ["AZURE_STORAGE_ACCOUNT"],
  key: ["AZURE_STORAGE_KEY"],
  sasToken: ["AZURE_STORAGE_SAS_TOKEN"],
  connectionString: ["AZURE_STORAGE_CONNECTION_STRING"],
  container: ["AZURE_STORAGE_CONTAINER"],
  endpoint: ["AZURE_STORAGE_ENDPOINT", "AZURE_BLOB_ENDPOINT", ...ours("AZURE_BLOB_ENDPOINT")],
  objectStore: ours("OBJECT_STORE", "OBJECT_STORE"),
  cacheFolder: ours("CACHE_DIR"),
  provider: ours("PROVIDER"),
} as const satisfies Record<string, readonly string[]>;

type SettingName = keyof typeof VARIABLES;

function ours(suffix: string, ...guideNames: string[]): readonly string[] {
  return [...guideNames, `MODELOPS_${suffix}`, `MODEL_OPS_${suffix}`];
}

/** Seconds that both timeouts have when nothing says otherwise. */
const DEFAULT_TIMEOUT_SECONDS = 30;
/** Longest timeout that timers can keep. */
const LONGEST_TIMEOUT_SECONDS = 2 ** 31 / 1000 - 1;
const MOST_RETRIES = 100;

/**
 * Reads the settings from variables.
 * @throws {InvalidInputError} naming the variable whose value cannot be used.
 */
export function bundleSettingsFromEnv(env: BundleEnvironment): BundleSettings {
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
  const { key, connectionString } = VARIABLES;
  if (read.text("connectionString") !== undefined && read.text("key") !== undefined) {
    throw new InvalidInputError(
      `Cannot use both ${connectionString[0]} and ${key[0]}: each is a full set of credentials`,
      { remedy: `unset one of them` },
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
  throw read.refuse("container", `${JSON.stringify(name)} is not the name of a container`);
}

function objectStore(read: Variables): string | undefined {
  const text = read.text("objectStore");
  const url = text === undefined ? undefined : URL.parse(text);
  if (text === undefined || url?.protocol === "file:") return text?.replace(/\/+$/, "");
  throw read.refuse("objectStore", `${JSON.stringify(text)} is not a file:///… address`);
}

/** The variables, read under the names of the settings. */
class Variables {
  readonly #env: BundleEnvironment;

  constructor(env: BundleEnvironment) {
    this.#env = env;
  }

  /** The variable that decides a setting. */
  nameOf(setting: SettingName): string | undefined {
    return VARIABLES[setting].find((name) => (this.#env[name]?.trim() ?? "") !== "");
  }

  text(setting: SettingName): string | undefined {
    const name = this.nameOf(setting);
    return name === undefined ? undefined : this.#env[name]?.trim();
  }

  flag(setting: SettingName): boolean {
    return ["1", "true", "yes", "on"].includes(this.text(setting)?.toLowerCase() ?? "");
  }

  seconds(setting: SettingName): number | undefined {
    const text = this.text(setting);
    if (text === undefined) return undefined;
    const value = Number(text);
    const valid = /^[0-9.]+$/.test(text) && value > 0 && value <= LONGEST_TIMEOUT_SECONDS;
    if (valid) return value;
    throw this.refuse(setting, `${JSON.stringify(text)} is not a number of seconds above 0`);
  }

  count(setting: SettingName): number | undefined {
    const text = this.text(setting);
    if (text === undefined) return undefined;
    if (/^[0-9]{1,9}$/.test(text) && Number(text) <= MOST_RETRIES) return Number(text);
    throw this.refuse(
      setting,
      `${JSON.stringify(text)} is not a whole number from 0 to ${MOST_RETRIES}`,
    );
  }

  refuse(setting: SettingName, reason: string): InvalidInputError {
    return new InvalidInputError(`Cannot use ${this.nameOf(setting)}: ${reason}`);
  }
}
