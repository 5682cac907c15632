/**
 * How people give the settings that the library's errors point to: the library knows settings, and
 * only the command line knows flags and variables.
 * @module
 */
import type { SettingFact } from "../../core/errors.ts";

const MLFLOW_LOGIN = "MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and " +
  "MLFLOW_TRACKING_PASSWORD (for Databricks DATABRICKS_TOKEN)";

const AZURE_LOGIN =
  "AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY, or AZURE_STORAGE_CONNECTION_STRING";

/** What to do about each setting. */
const SETTING_REMEDIES: Readonly<Record<SettingFact, string>> = {
  azureAccount: "set AZURE_STORAGE_ACCOUNT",
  azureConnectionString: "look at AZURE_STORAGE_CONNECTION_STRING: want " +
    "AccountName=…;AccountKey=…, or BlobEndpoint=…;SharedAccessSignature=…",
  azureCredential: "set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or " +
    "AZURE_STORAGE_CONNECTION_STRING, or name a folder with --object-store file:///folder",
  azureEndpoint: "look at AZURE_STORAGE_ENDPOINT, or at the BlobEndpoint of the connection string",
  azureIdentity: "run `az login`, or set AZURE_STORAGE_KEY",
  azureLogin: `check ${AZURE_LOGIN}`,
  azureOneLogin:
    "unset AZURE_STORAGE_KEY and AZURE_STORAGE_SAS_TOKEN, or AZURE_STORAGE_CONNECTION_STRING",
  azurePermission: `check ${AZURE_LOGIN}, or that the SAS is valid still`,
  azureSas: "put a shared access signature into AZURE_STORAGE_SAS_TOKEN",
  hubAddress: "set HF_ENDPOINT, MODELSCOPE_ENDPOINT, MLFLOW_TRACKING_URI or DATABRICKS_HOST to a " +
    "URL such as https://hub.example.com",
  hubLogin: "set HF_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, instead",
  huggingfaceLogin: "set HF_TOKEN to an access token that may read the model",
  mlflowAddress: "set MLFLOW_TRACKING_URI or DATABRICKS_HOST to the URL of the server",
  mlflowLogin: `set ${MLFLOW_LOGIN}`,
  modelscopeLogin: "set MODELSCOPE_SDK_TOKEN to an access token that may read the model",
  objectStore:
    "name the folder with --object-store file:///folder, or set OBJECT_STORE=file:///folder",
  provider: "unset MODELOPS_PROVIDER",
  publishedRepository:
    "REGISTRY_REPO is not set: write `export REGISTRY_REPO=localhost:5000/models` to publish it; a " +
    "path without a host, such as `export REGISTRY_REPO=models`, keeps it in the local store",
  releases: "set MODELOPS_RELEASES, or --releases, to a URL such as https://downloads.example.com",
  repository:
    "REGISTRY_REPO is not set: write `export REGISTRY_REPO=localhost:5000/models`, or a " +
    "full reference",
  usedRepository: "look at REGISTRY_REPO",
};

/** What to do about a setting. A variable that this run may not read counts as not set. */
export function settingRemedy(setting: SettingFact): string {
  const remedy = SETTING_REMEDIES[setting];
  const unread = new Set(
    remedy.match(/\b[A-Z]+(_[A-Z]+)+\b/g)?.filter((variable) =>
      Deno.permissions.querySync({ name: "env", variable }).state !== "granted"
    ),
  );
  if (unread.size === 0) return remedy;
  return `${remedy}; where it is set, allow it: \`deno run --allow-env=${[...unread].join(",")}\``;
}

/** What gives bundles a registry. */
export const REGISTRY_REMEDY = "set REGISTRY_URL, or REGISTRY_REPO=host/path, to publish it";
