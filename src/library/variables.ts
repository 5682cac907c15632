/**
 * The variables that settings of bundles come from, and the forms their values may have.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { type Environment, SWITCH_ON, wholeNumber } from "./environment.ts";

/** Names of each setting, the first that is set counts. */
const VARIABLES = {
  registryUrl: ours("REGISTRY_URL", "REGISTRY_URL"),
  registryRepo: ours("REGISTRY_REPO", "REGISTRY_REPO"),
  insecure: ours("REGISTRY_INSECURE", "REGISTRY_INSECURE"),
  username: ours("REGISTRY_USERNAME", "REGISTRY_USERNAME"),
  password: ours("REGISTRY_PASSWORD", "REGISTRY_PASSWORD"),
  httpTimeout: ours("HTTP_TIMEOUT"),
  httpRetries: ours("HTTP_RETRY"),
  externalTimeout: ["EXTERNAL_TIMEOUT_S", "MODELOPS_EXTERNAL_TIMEOUT", ...ours("EXT_TIMEOUT")],
  externalRetries: ["EXTERNAL_RETRIES", ...ours("EXT_RETRY")],
  allowStatWithoutSha: ours("ALLOW_STAT_WITHOUT_SHA"),
  account: ["AZURE_STORAGE_ACCOUNT"],
  key: ["AZURE_STORAGE_KEY"],
  sas: ["AZURE_STORAGE_SAS_TOKEN"],
  connectionString: ["AZURE_STORAGE_CONNECTION_STRING"],
  container: ["AZURE_STORAGE_CONTAINER"],
  endpoint: ["AZURE_STORAGE_ENDPOINT", "AZURE_BLOB_ENDPOINT", ...ours("AZURE_BLOB_ENDPOINT")],
  objectStore: ours("OBJECT_STORE", "OBJECT_STORE"),
  bundleLayout: ours("BUNDLE_LAYOUT"),
  cacheFolder: ours("CACHE_DIR"),
  provider: ours("PROVIDER"),
} as const satisfies Record<string, readonly string[]>;

/** The names of all these variables. */
export const BUNDLE_VARIABLES: readonly string[] = Object.values(VARIABLES).flat();

/** The name of a setting. */
export type SettingName = keyof typeof VARIABLES;

function ours(suffix: string, ...guideNames: string[]): readonly string[] {
  return [...guideNames, `MODELOPS_${suffix}`, `MODEL_OPS_${suffix}`];
}

/** Longest timeout that timers can keep. */
const LONGEST_TIMEOUT_SECONDS = 2 ** 31 / 1000 - 1;
const MOST_RETRIES = 100;

/** The variables, read under the names of the settings. */
export class Variables {
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** The variable that decides a setting. */
  nameOf(setting: SettingName): string | undefined {
    return VARIABLES[setting].find((name) => (this.#env[name]?.trim() ?? "") !== "");
  }

  /** The value of a setting, without white space around it. */
  text(setting: SettingName): string | undefined {
    const name = this.nameOf(setting);
    return name && this.#env[name]?.trim();
  }

  /** Whether a switch is on: any word but those that say so is off, as in the original tool. */
  flag(setting: SettingName): boolean {
    return SWITCH_ON.includes(this.text(setting)?.toLowerCase() ?? "");
  }

  /** A time in seconds. */
  seconds(setting: SettingName): number | undefined {
    const text = this.text(setting);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^[0-9.]+$/.test(text) && value > 0 && value <= LONGEST_TIMEOUT_SECONDS) return value;
    throw this.refuse(setting, `${quote(text)} is not a number of seconds above 0`);
  }

  /** A small whole number. */
  count(setting: SettingName): number | undefined {
    const name = this.nameOf(setting);
    if (name === undefined) return undefined;
    return wholeNumber({ name, value: this.#env[name] ?? "" }, { least: 0, most: MOST_RETRIES });
  }

  /** The error for a value that cannot be used. */
  refuse(setting: SettingName, reason: string): InvalidInputError {
    return new InvalidInputError(`Cannot use ${this.nameOf(setting)}: ${reason}`);
  }
}
