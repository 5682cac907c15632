/**
 * Models from hubs: as whom they are asked for, and which folder receives them.
 * @module
 */
import { join } from "node:path";
import { InvalidInputError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { explainRead, isMissing } from "../core/file_errors.ts";
import { downloadModel } from "../hubs/download_model.ts";
import { modelFolderName, parseModelUrl } from "../hubs/model_url.ts";
import type { DownloadedFolder, DownloadRequest } from "./context.ts";
import type { HubAccess } from "./settings/hubs.ts";
import { readPem } from "./registries.ts";
import type { Settings } from "./settings/global.ts";

/**
 * Downloads a model into a folder named after it.
 * @throws {InvalidInputError} when the URL names no model of a known hub.
 */
export async function downloadToFolder(
  settings: Settings,
  { url, provider, parent, exclude }: DownloadRequest,
  options: OperationOptions,
): Promise<DownloadedFolder> {
  const { huggingface, modelscope, mlflow } = settings.hubs;
  const hubUrls = {
    ...(huggingface.hubUrl ? { huggingface: huggingface.hubUrl } : {}),
    ...(modelscope.hubUrl ? { modelscope: modelscope.hubUrl } : {}),
    ...(mlflow.hubUrl ? { mlflow: mlflow.hubUrl } : {}),
  };
  const model = parseModelUrl(url, { provider, hubUrls });
  const { tokenFiles, token, ...access } = settings.hubs[model.hub];
  checkHubUrl(access.hubUrl);
  using client = await httpClient(settings);
  const { folder, files } = await downloadModel(model, join(parent, modelFolderName(model)), {
    ...options,
    ...access,
    // A folder's files are left out by a pattern of the folder, as generate understands it.
    exclude: exclude.flatMap((pattern) => {
      const bare = pattern.replace(/\/+$/, "");
      return [bare, `${bare}/**`];
    }),
    token: token ?? await readToken(tokenFiles),
    ...(client === undefined ? {} : { fetch: (request) => fetch(request, { client }) }),
  });
  const present = files.filter((file) => file.present).length;
  return { folder, downloaded: files.length - present, present };
}

/** What a hub's URL says may be a credential, so it is not repeated. */
function checkHubUrl(hubUrl: string | undefined): void {
  if (hubUrl === undefined) return;
  const { protocol = "", username, password } = URL.parse(hubUrl) ?? {};
  const cannot = "Cannot use the hub that the environment names";
  if (!/^https?:$/.test(protocol)) {
    throw new InvalidInputError(`${cannot}: it is no HTTP URL`, {
      remedy: "set HF_ENDPOINT, MLFLOW_TRACKING_URI or DATABRICKS_HOST to a URL such as " +
        "https://hub.example.com",
    });
  }
  if (username || password) {
    throw new InvalidInputError(`${cannot}: its URL holds credentials`, {
      remedy: "set HF_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, instead",
    });
  }
}

/** A client with the user's own certificates; nothing when there are none. */
async function httpClient(settings: Settings): Promise<Deno.HttpClient | undefined> {
  const ca = await readPem(settings.caFile);
  return ca === undefined ? undefined : Deno.createHttpClient({ caCerts: [ca] });
}

/** The token of the first file that is there. */
async function readToken(files: HubAccess["tokenFiles"]): Promise<string | undefined> {
  for (const path of files) {
    try {
      const token = (await Deno.readTextFile(path)).trim();
      if (token !== "") return token;
    } catch (error) {
      if (!isMissing(error)) throw explainRead(path, error);
    }
  }
  return undefined;
}
