/**
 * The reference of the variables of the environment. What each means is said here; which there are
 * is what the program asks for, so that none can be forgotten or outlive its use.
 * @module
 */
import { serviceSettings } from "../../src/cli/service_manager.ts";
import { resolveSettings, sourceDateEpoch } from "../../src/cli/settings/global.ts";
import { bundleSettingsFromEnv } from "../../src/library/bundle_settings.ts";
import type { Environment } from "../../src/library/environment.ts";

/** Names of one setting, the first that is set counts, and what it means. */
type Row = readonly [names: readonly string[], meaning: string];

/** A setting of the program under each of its prefixes. */
function program(name: string): readonly string[] {
  return ["MODCTL_", "MODELOPS_", "MODEL_OPS_"].map((prefix) => prefix + name);
}

/** A setting of bundles: names of other tools first. */
function bundles(name: string, ...first: readonly string[]): readonly string[] {
  return [...first, `MODELOPS_${name}`, `MODEL_OPS_${name}`];
}

const SECTIONS: Readonly<Record<string, readonly Row[]>> = {
  "The program": [
    [program("STORAGE_DIR"), "The local store; `~/.modctl` when absent (`--storage-dir`)"],
    [program("LOG_DIR"), "Folder of the log file (`--log-dir`)"],
    [program("LOG_LEVEL"), "How much is logged (`--log-level`)"],
    [program("PROGRESS"), "Form of the progress: plain, bar, json or none (`--progress`)"],
    [program("NO_PROGRESS"), "`1` shows no progress (`--no-progress`)"],
    [program("COLOR"), "When colours are used: auto, always or never (`--color`)"],
    [program("MAX_RATE"), "Most bytes a second over the network (`--max-rate`)"],
    [program("RELEASES"), "Address of the releases of this program (`upgrade --releases`)"],
    [["XDG_CACHE_HOME"], "Folder of caches; `~/.cache` when absent"],
    [["CI"], "Where it is set, progress is written in lines"],
    [["TERM"], "On a `dumb` terminal progress is written in lines"],
    [["SOURCE_DATE_EPOCH"], "The latest time in an artifact, in seconds since 1970"],
    [["HOME"], "The user's folder"],
    [["SHELL"], "The shell that completion is shown or installed for"],
    [["NOTIFY_SOCKET"], "Where `serve` says that it is ready, as systemd sets it"],
    [["WATCHDOG_USEC"], "`serve` gives a sign of life twice in so many microseconds"],
    [["WATCHDOG_PID"], "The process that signs of life are wanted of; any when absent"],
  ],
  "Registries and the network": [
    [program("REGISTRY_USER"), "User at registries, with the password below"],
    [program("REGISTRY_PASS"), "Password of that user"],
    [program("REGISTRY"), "The only registry that user and password are for"],
    [["DOCKER_CONFIG"], "Folder of Docker's `config.json`; `~/.docker` when absent"],
    [["REGISTRY_AUTH_FILE"], "A file with logins, as podman and skopeo write it"],
    [["XDG_RUNTIME_DIR"], "Its `containers/auth.json` has logins"],
    [["XDG_CONFIG_HOME"], "Its `containers/auth.json` has logins, its `registries.conf` mirrors"],
    [program("DRAGONFLY_ENDPOINT"), "HTTP proxy of a Dragonfly daemon (`--dragonfly-endpoint`)"],
    [program("DRAGONFLY_REQUIRED"), "`1` fails where it does not help (`--dragonfly-required`)"],
    [program("DRAGONFLY_FORWARD_AUTH"), "`1` shows it logins (`--dragonfly-forward-auth`)"],
    [program("DRAGONFLY_TAG"), "Tag of its tasks"],
    [program("DRAGONFLY_APPLICATION"), "Name that its rules know this program by; `modelops`"],
    [program("DRAGONFLY_PRIORITY"), "Priority of its tasks, from 0 to 6"],
    [program("MIRRORS"), "File of mirrors; `~/.modctl/mirrors.yaml` when absent"],
    [["CONTAINERS_REGISTRIES_CONF"], "`registries.conf` of containers' tools, in place of theirs"],
    [["SSL_CERT_FILE"], "File with more authorities to trust (PEM)"],
    [["SSL_CERT_DIR"], "Folders with more authorities to trust"],
    [program("ALLOW_PRIVATE_REDIRECTS"), "Let servers on the internet point to private addresses"],
    [["http_proxy", "HTTP_PROXY"], "Proxy for `http:` addresses"],
    [["https_proxy", "HTTPS_PROXY"], "Proxy for `https:` addresses"],
    [["all_proxy", "ALL_PROXY"], "Proxy for both"],
    [["no_proxy", "NO_PROXY"], "Hosts that are reached without a proxy"],
  ],
  "Bundles": [
    [bundles("REGISTRY_REPO", "REGISTRY_REPO"), "Where bundles are: `host/path`, or a path"],
    [bundles("REGISTRY_URL", "REGISTRY_URL"), "The registry, when the path does not name it"],
    [bundles("REGISTRY_INSECURE", "REGISTRY_INSECURE"), "`true` accepts any certificate, and HTTP"],
    [bundles("REGISTRY_USERNAME", "REGISTRY_USERNAME"), "User at the registry of bundles"],
    [bundles("REGISTRY_PASSWORD", "REGISTRY_PASSWORD"), "Password of that user"],
    [bundles("BUNDLE_LAYOUT"), "Where a bundle goes that is nowhere yet: `name` or `bundles`"],
    [bundles("HTTP_TIMEOUT"), "Seconds of silence of the registry that are a lost connection"],
    [bundles("HTTP_RETRY"), "How often a request to the registry is repeated"],
    [
      ["EXTERNAL_TIMEOUT_S", "MODELOPS_EXTERNAL_TIMEOUT", ...bundles("EXT_TIMEOUT")],
      "Seconds of silence of the object store that are a lost connection; 30 when absent",
    ],
    [bundles("EXT_RETRY", "EXTERNAL_RETRIES"), "How often a request to it is repeated"],
    [
      bundles("OBJECT_STORE", "OBJECT_STORE"),
      "Folder of external files, `file:///folder` (`--object-store`)",
    ],
    [["AZURE_STORAGE_ACCOUNT"], "Storage account; `modelops` when absent"],
    [["AZURE_STORAGE_KEY"], "Key of the account"],
    [["AZURE_STORAGE_SAS_TOKEN"], "Shared access signature, in place of a key"],
    [["AZURE_STORAGE_CONNECTION_STRING"], "Account, login and address in one, in place of a key"],
    [["AZURE_STORAGE_CONTAINER"], "Container for rules without a template; `bundles` when absent"],
    [
      bundles("AZURE_BLOB_ENDPOINT", "AZURE_STORAGE_ENDPOINT", "AZURE_BLOB_ENDPOINT"),
      "Address of the Blob service, where it is not the public cloud's",
    ],
    [
      bundles("ALLOW_STAT_WITHOUT_SHA"),
      "`true` takes the size for enough where a store has recorded no SHA-256",
    ],
    [bundles("CACHE_DIR"), "Folder of what is known of bundles by their digest"],
    [bundles("PROVIDER"), "Refused: this program has no built-in provider"],
  ],
  "Hubs": [
    [["HF_ENDPOINT"], "Address of the Hugging Face hub"],
    [["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"], "Token for it"],
    [["HF_TOKEN_PATH"], "File with the token"],
    [["HF_HOME"], "Folder whose file `token` has it"],
    [
      ["MODELSCOPE_ENDPOINT", "MODELSCOPE_DOMAIN"],
      "Address of the ModelScope hub: a URL, or a host that is reached with TLS",
    ],
    [["MODELSCOPE_SDK_TOKEN", "MODELSCOPE_API_TOKEN"], "Token for it"],
    [["MLFLOW_TRACKING_URI"], "Address of the MLflow server, or `databricks`"],
    [["MLFLOW_TRACKING_TOKEN"], "Token for it"],
    [["MLFLOW_TRACKING_USERNAME"], "User there"],
    [["MLFLOW_TRACKING_PASSWORD"], "Password of that user"],
    [["DATABRICKS_HOST"], "Address of Databricks, where no tracking URI is set"],
    [["DATABRICKS_TOKEN"], "Token for it"],
    [["DATABRICKS_USERNAME"], "User there"],
    [["DATABRICKS_PASSWORD"], "Password of that user"],
  ],
};

/** Variables that are read outside of the settings. */
const READ_ELSEWHERE = ["HOME", "SHELL"];

/** The variables that settings are made of, as the program asks for them. */
function variablesRead(): Set<string> {
  const read = new Set<string>(READ_ELSEWHERE);
  const noting = (env: Environment): Environment =>
    new Proxy(env, {
      get(target, name) {
        if (typeof name === "string") read.add(name);
        return Reflect.get(target, name);
      },
    });
  const stderr = { isTerminal: true };
  // Whose login is read depends on which server is named.
  for (const env of [{}, { MLFLOW_TRACKING_URI: "https://mlflow.test" }]) {
    resolveSettings({}, { env: noting(env), cwd: "/", home: "/home", stderr });
    bundleSettingsFromEnv(noting(env));
    sourceDateEpoch(noting(env));
    serviceSettings(noting(env));
  }
  return read;
}

/**
 * `docs/environment.md`
 * @throws {Error} when the program reads a variable that is not described, or does not read one.
 */
export function environmentReference(): Promise<string> {
  const described = new Set(Object.values(SECTIONS).flat().flatMap(([names]) => names));
  const read = variablesRead();
  const differing = [...described.symmetricDifference(read)];
  if (differing.length > 0) {
    throw new Error(`Cannot describe the environment: look at ${differing.sort().join(", ")}`);
  }
  const sections = Object.entries(SECTIONS).map(([title, rows]) =>
    [`## ${title}`, "", "| variable | meaning |", "| --- | --- |", ...rows.map(rowText)].join("\n")
  );
  return Promise.resolve(
    [
      "# Variables of the environment",
      "Every variable that is read, and no other. Written by `deno task generate`, which compares " +
      "this list\nwith what the program asks for; do not edit.",
      "A flag wins over a variable, and of several names the first that is set and not empty " +
      "counts. Where\na name is followed by others, all of them are read, in this order.",
      ...sections,
    ].join("\n\n") + "\n",
  );
}

function rowText([names, meaning]: Row): string {
  return `| ${names.map((name) => `\`${name}\``).join(", ")} | ${meaning} |`;
}
