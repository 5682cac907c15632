/**
 * Everything the commands know of the world: handed in, so that a test is a world of its own.
 * @module
 */
import type { Bundles } from "../bundle/operations.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { ModelfileValues } from "../model/modelfile/values.ts";
import type { ModelBackend, RegistryAccess } from "../model/operations.ts";
import type { Environment } from "./settings/environment.ts";
import type { Settings } from "./settings/global.ts";
import type { TextInput, TextSink } from "./output/streams.ts";

/** Asks a person at the terminal. */
export interface Prompts {
  /** Asks for a line of text. */
  text(question: string, signal: AbortSignal): Promise<string>;
  /** Asks for a line of text that is not shown. */
  secret(question: string, signal: AbortSignal): Promise<string>;
}

/** A user's name and password. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Where a login was kept. */
export interface LoginResult {
  readonly registry: string;
  readonly username: string;
  /** The file or helper that keeps it. */
  readonly storedIn: string;
}

/** Logins that are kept between runs. */
export interface Accounts {
  /**
   * Tries a login at the registry and keeps it when it is accepted.
   * @throws {AccessDeniedError} when the registry refuses it.
   */
  login(
    registry: string,
    login: Login,
    options: OperationOptions & RegistryAccess,
  ): Promise<LoginResult>;
  /** Forgets the login of a registry; `false` when there was none. */
  logout(registry: string, options: OperationOptions): Promise<boolean>;
  /** The login that is kept for a registry, in our file or another tool's. */
  stored(registry: string, options: OperationOptions): Promise<Login | undefined>;
  /**
   * The login that a Docker configuration file holds for a registry.
   * @throws {NotFoundError} when the file or the entry is missing.
   */
  readAuthFile(path: string, registry: string, options: OperationOptions): Promise<Login>;
}

/** What `modelfile generate` is asked for. */
export interface GenerateRequest {
  /** Values that replace what was inferred. */
  readonly values: ModelfileValues;
  /** Patterns of files that are left out. */
  readonly exclude: readonly string[];
  /** Patterns that take in what is left out by habit. */
  readonly include: readonly string[];
  /** RFC 3339 time that the text names as its own. */
  readonly generatedAt: string;
}

/** What a model is downloaded by. */
export interface DownloadRequest {
  /** URL of the model on its hub, or a short form that the hub knows. */
  readonly url: string;
  /** Name of the hub, for short forms. */
  readonly provider?: string;
  /** Absolute path of the folder that receives a folder named after the model. */
  readonly parent: string;
  /** Patterns of files that are not downloaded. */
  readonly exclude: readonly string[];
}

/** A model that was downloaded. */
export interface DownloadedFolder {
  /** Absolute path of the folder with the model's files. */
  readonly folder: string;
  /** Count of the files that were downloaded. */
  readonly downloaded: number;
  /** Count of the files that were there before. */
  readonly present: number;
}

/** A generated Modelfile. */
export interface GeneratedModelfile {
  readonly text: string;
  /** Things a person may want to know. */
  readonly warnings: readonly string[];
}

/** How to look at a workspace. */
export interface CheckRequest extends OperationOptions {
  /** Patterns (gitignore syntax) of files that are left out. */
  readonly exclude?: readonly string[];
  /** Whether links that leave the workspace are followed. */
  readonly followLinks?: boolean;
}

/** A Modelfile that is fine. */
export interface CheckedModelfile {
  /** Count of the files it brings. */
  readonly files: number;
  /** Their size together. */
  readonly bytes: number;
  /** Things a person may want to know. */
  readonly warnings: readonly string[];
}

/** How to serve the local store. */
export interface ServeRequest {
  /** `host:port`; port 0 lets the system choose. */
  readonly address: string;
  readonly readOnly: boolean;
  /** Password file in the form of Apache's htpasswd. */
  readonly htpasswd?: string;
  /** Whether a public address may be served without passwords. */
  readonly allowAnonymous: boolean;
}

/** A server that runs. */
export interface RunningServer {
  /** `host:port` as a reference starts with it. */
  readonly address: string;
  /** Settles when the server has stopped, which the signal asks for. */
  readonly finished: Promise<void>;
}

/** How to open the operations on bundles. */
export interface BundlesRequest extends OperationOptions {
  /** The variables of the bundles guide say where bundles are. */
  readonly env: Environment;
  /** The user's folder; absent for a user that has none. */
  readonly home?: string;
}

/** What the commands do their work with; each part is loaded when it is first used. */
export interface Services {
  /** The model operations over the local store. */
  openBackend(settings: Settings, options: OperationOptions): Promise<ModelBackend>;
  /**
   * The operations on bundles.
   * @throws {InvalidInputError} naming the variable whose value cannot be used.
   */
  openBundles(settings: Settings, request: BundlesRequest): Promise<Bundles>;
  /** The logins of registries. */
  openAccounts(settings: Settings, options: OperationOptions): Promise<Accounts>;
  /**
   * Downloads a model from its hub. The folder is kept: what is generated for it names its files.
   * @throws {InvalidInputError} when the URL names no model of a known hub.
   */
  downloadModel(
    settings: Settings,
    request: DownloadRequest,
    options: OperationOptions,
  ): Promise<DownloadedFolder>;
  /** Writes a Modelfile for the files of a folder. */
  generateModelfile(
    workspace: string,
    request: GenerateRequest,
    options: OperationOptions,
  ): Promise<GeneratedModelfile>;
  /**
   * Looks for everything that is wrong with a Modelfile and the files it names.
   * @throws {InvalidInputError} with all the problems.
   */
  checkModelfile(
    path: string,
    workspace: string,
    options: CheckRequest,
  ): Promise<CheckedModelfile>;
  /**
   * Starts a registry over the local store.
   * @throws {InvalidInputError} when the address cannot be used, or is public and nothing guards it.
   */
  serve(
    settings: Settings,
    request: ServeRequest,
    options: OperationOptions,
  ): Promise<RunningServer>;
}

/** The world of a run. */
export interface CliContext {
  /** The name the program was called by: `modelops`, `modctl`, `modelops-bundles`. */
  readonly programName: string;
  /** The system the program runs on: `linux/amd64`. */
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory. */
  readonly cwd: string;
  /** The user's folder; absent for a user that has none. */
  readonly home?: string;
  readonly stdin: TextInput;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly prompts: Prompts;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The time now. */
  now(): Date;
  readonly services: Services;
}
