/**
 * Models from hubs: as whom they are asked for, and which folder receives them.
 * @module
 */
import { withoutEnd } from "../core/text.ts";
import { join } from "../core/runtime/path.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { explainRead, isMissing } from "../core/file_errors.ts";
import { readText } from "../core/files.ts";
import { downloadModel as downloadFiles } from "../hubs/download_model.ts";
import type { HubName } from "../hubs/hub.ts";
import { createTransport } from "../http/transport.ts";
import { modelFolderName, parseModelUrl } from "../hubs/model_url.ts";
import { transportOptions } from "./registries.ts";
import type { NetworkSettings } from "./settings.ts";

/** How to reach a hub. */
export interface HubAccess {
  /** URL of the hub; its public one when absent. */
  readonly hubUrl?: string;
  /** Token that the hub knows the user by. */
  readonly token?: string;
  /** Files that may hold a token where there is none, in the order they are asked. */
  readonly tokenFiles?: readonly string[];
  /** User name, where the hub takes a name and a password. */
  readonly username?: string;
  /** Password of the user name. */
  readonly password?: string;
}

/** How to reach each hub. */
export type HubSettings = Readonly<Partial<Record<HubName, HubAccess>>>;

/** What models are downloaded with. */
export interface DownloadSettings extends NetworkSettings {
  /** How to reach the hubs. */
  readonly hubs?: HubSettings;
}

/** What to download, and where to. */
export interface DownloadModelOptions extends OperationOptions {
  /** Folder that receives a folder named after the model. */
  readonly parent: string;
  /** Name of the hub, for short forms. */
  readonly provider?: string;
  /** Patterns of files that are not downloaded. */
  readonly exclude?: readonly string[];
}

/** A model that was downloaded. */
export interface DownloadedModel {
  /** Path of the folder with the model's files. */
  readonly folder: string;
  /** Count of the files that were downloaded. */
  readonly downloaded: number;
  /** Count of the files that were there before. */
  readonly present: number;
}

/**
 * Downloads a model, given by its URL on a hub or a short form that the hub knows, into a folder
 * named after it. Files that are there already are left as they are.
 * @throws {InvalidInputError} when the URL names no model of a known hub.
 * @throws {NotFoundError} when the hub does not have it.
 * @throws {AccessDeniedError} when the hub refuses it.
 */
export async function downloadModel(
  settings: DownloadSettings,
  url: string,
  { parent, provider, exclude = [], ...options }: DownloadModelOptions,
): Promise<DownloadedModel> {
  const { hubs = {}, retry, allowPrivateRedirects } = settings;
  const model = parseModelUrl(url, { provider, hubUrls: hubUrls(hubs) });
  const { tokenFiles = [], token, ...access } = hubs[model.hub] ?? {};
  checkHubUrl(access.hubUrl);
  const way = await transportOptions(settings);
  using network = createTransport({ ...way, stallTime: retry?.stallTime });
  const { folder, files } = await downloadFiles(model, join(parent, modelFolderName(model)), {
    ...options,
    ...access,
    exclude: exclude.flatMap(withContent),
    token: token ?? await readToken(tokenFiles),
    transport: settings.transport ?? network.send,
    isInside: settings.transport ? undefined : network.isInside,
    allowPrivateRedirects,
    retry,
  });
  const present = files.filter((file) => file.present).length;
  return { folder, downloaded: files.length - present, present };
}

function hubUrls(hubs: HubSettings): Partial<Record<HubName, string>> {
  const named = Object.entries(hubs).flatMap(([name, { hubUrl }]) =>
    hubUrl ? [[name, hubUrl]] : []
  );
  return Object.fromEntries(named);
}

/**
 * A folder's files are left out by a pattern of the folder, as in the generation of a Modelfile.
 */
function withContent(pattern: string): readonly string[] {
  const bare = withoutEnd(pattern, "/");
  return [bare, `${bare}/**`];
}

/** What a hub's URL says may be a credential, so it is not repeated. */
function checkHubUrl(hubUrl: string | undefined): void {
  if (hubUrl === undefined) return;
  const { protocol = "", username, password } = URL.parse(hubUrl) ?? {};
  const cannot = "Cannot use the address of the hub that is set";
  if (!/^https?:$/.test(protocol)) {
    throw new InvalidInputError(`${cannot}: it is no HTTP URL`, {
      setting: "hubAddress",
    });
  }
  if (username || password) {
    throw new InvalidInputError(`${cannot}: its URL holds credentials`, {
      setting: "hubLogin",
    });
  }
}

/** The token of the first file that is there. */
async function readToken(files: readonly string[]): Promise<string | undefined> {
  for (const path of files) {
    try {
      const token = (await readText(path)).trim();
      if (token !== "") return token;
    } catch (error) {
      if (!isMissing(error)) throw explainRead(path, error);
    }
  }
  return undefined;
}
