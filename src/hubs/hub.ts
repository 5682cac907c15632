/**
 * What a model hub is: something that lists the files of a model and says where each one is.
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import type { HubClient, HubClientOptions } from "./client.ts";
import type { PrivateAccess } from "../http/private_guard.ts";
import type { RepositoryName } from "./paths.ts";

/** Names of the hubs, as `--provider` takes them. */
export type HubName = "huggingface" | "modelscope" | "mlflow";

/** The names in the order that help lists them. */
export const HUB_NAMES: readonly HubName[] = ["huggingface", "modelscope", "mlflow"];

/** A model on a hub. */
export interface HubModel extends RepositoryName {
  readonly hub: HubName;
}

/** How to reach a hub. Nothing here is read from the environment. */
export interface HubOptions
  extends OperationOptions, Pick<HubClientOptions, "transport" | "retry" | keyof PrivateAccess> {
  /** URL of the hub; the public one when absent. MLflow has none, so it needs this. */
  readonly hubUrl?: string;
  /** Token that the hub knows the user by. It is sent to the hub's own origin only. */
  readonly token?: string;
  /** User name, where the hub takes a name and a password. */
  readonly username?: string;
  readonly password?: string;
}

/** Where the bytes of a file are. */
export interface HubRequest {
  readonly url: string;
  /** Headers for the origin of that URL, besides those that tell the hub who asks. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A file of a model as the hub lists it. Nothing of it has been checked. */
export interface HubFile {
  /** Path in the model. */
  readonly path: string;
  /** Size in bytes, where the hub says it. */
  readonly size?: number;
  /** SHA-256 of the content in hexadecimal, where the hub says it. */
  readonly sha256?: string;
  /** Git's SHA-1 of the content, where the hub says it and nothing better. */
  readonly gitSha1?: string;
  /** Where the content is. It is asked again for every try, so that signed URLs may expire. */
  request(): Promise<HubRequest>;
}

/** The files of one revision of a model. */
export interface HubSnapshot {
  readonly client: HubClient;
  /** The commit or version that the revision stands for, where the hub says it. */
  readonly revision?: string;
  /** Page of the model, for people. */
  readonly sourceUrl: string;
  /** The files, in the hub's order. */
  readonly files: readonly HubFile[];
}

/** Files that a model may have; no hub page shows as many. */
export const FILE_LIMIT = 50_000;

/** A place that models are downloaded from. */
export interface ModelHub {
  /** The name that `--provider` takes. */
  readonly name: HubName;
  /** Its name for people. */
  readonly title: string;
  /** What people can write to name a model on it. */
  readonly forms: string;
  /** Whether a model URL names this hub without further help. */
  supports(text: string): boolean;
  /** The model that a path on this hub names; `undefined` when it names none. */
  parse(path: string): HubModel | undefined;
  /**
   * Lists the files of a model.
   * @throws {NotFoundError} when the hub does not have the model or the revision.
   * @throws {AccessDeniedError} when the hub wants to know who asks, or refuses who does.
   */
  list(model: HubModel, options?: HubOptions): Promise<HubSnapshot>;
}
