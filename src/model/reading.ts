/**
 * The operations that look at models and change nothing.
 * @module
 */
import { IntegrityError, UnsupportedError } from "../core/errors.ts";
import { operationOptions } from "../core/operation.ts";
import { quote } from "../core/text.ts";
import type { ConnectOptions } from "../oci/connect.ts";
import type { LocalCatalog } from "../oci/disk_catalog.ts";
import {
  formatReference,
  parseReference,
  type Reference,
  referenceTarget,
} from "../oci/reference.ts";
import type { Catalog, ContentStore } from "../oci/store.ts";
import { inspectModel } from "./card/inspect.ts";
import type { ModelCard } from "./card/shape.ts";
import type { ComparedModel, ModelDiff } from "./compare/shape.ts";
import { listModels } from "./listing/local.ts";
import type {
  CardOfOptions,
  DiffOptions,
  InspectOptions,
  InspectResult,
  ListOptions,
  ListResult,
  RemoteListOptions,
  RemoteRepositories,
  RemoteTags,
} from "./operations/looking.ts";
import type { ModelStores } from "./stores.ts";

/** Opens a registry seen as a catalog. */
export type OpenCatalog = (registry: string, access: ConnectOptions) => Promise<Catalog>;

/** Looks at models of the local store and of registries. */
export class ModelReading {
  readonly #catalog: LocalCatalog;
  readonly #stores: ModelStores;
  readonly #registryCatalog: OpenCatalog;

  /** Looks into these; nothing is opened before it is asked for. */
  constructor(catalog: LocalCatalog, stores: ModelStores, open: OpenCatalog = noCatalogue) {
    this.#catalog = catalog;
    this.#stores = stores;
    this.#registryCatalog = open;
  }

  /** As {@linkcode ModelBackend.list} says. */
  async list(options: ListOptions = {}): Promise<ListResult> {
    return await listModels(this.#catalog, options);
  }

  /** As {@linkcode ModelBackend.tagsOf} says. */
  async tagsOf(repository: string, options: RemoteListOptions = {}): Promise<RemoteTags> {
    const { remoteTags } = await import("./listing/remote.ts");
    return await remoteTags(
      await this.#stores.remote(parseReference(repository), options),
      options,
    );
  }

  /** As {@linkcode ModelBackend.repositoriesOf} says. */
  async repositoriesOf(
    registry: string,
    options: RemoteListOptions = {},
  ): Promise<RemoteRepositories> {
    const { remoteRepositories } = await import("./listing/remote.ts");
    return await remoteRepositories(
      registry,
      await this.#registryCatalog(registry, options),
      options,
    );
  }

  /** As {@linkcode ModelBackend.inspect} says. */
  async inspect(target: string, options: InspectOptions = {}): Promise<InspectResult> {
    const reference = parseReference(target);
    const inspect = (store: ContentStore) =>
      inspectModel(store, referenceTarget(reference), options);
    if (options.remote) return await inspect(await this.#stores.remote(reference, options));
    return await repairable(reference, () => inspect(this.#stores.local(reference)));
  }

  /** As {@linkcode ModelBackend.card} says. */
  async card(target: string, options: CardOfOptions = {}): Promise<ModelCard> {
    const reference = parseReference(target);
    const { remote: isFar = false, onlyTensors, allHeaders } = options;
    const { readCard } = await import("./card/card.ts");
    const read = (store: ContentStore) =>
      readCard(store, referenceTarget(reference), {
        ...operationOptions(options),
        isFar,
        onlyTensors,
        allHeaders,
      });
    if (isFar) return await read(await this.#stores.remote(reference, options));
    return await repairable(reference, () => read(this.#stores.local(reference)));
  }

  /** As {@linkcode ModelBackend.diff} says. */
  async diff(from: string, to: string, options: DiffOptions = {}): Promise<ModelDiff> {
    const { compareModels } = await import("./compare/models.ts");
    const [a, b] = [await this.#side(from, options), await this.#side(to, options)];
    return await compareModels(a, b, options);
  }

  /** A model that is compared: of the local store, else of its registry. */
  async #side(name: string, options: DiffOptions): Promise<ComparedModel> {
    const reference = parseReference(name);
    const local = this.#stores.local(reference);
    const target = referenceTarget(reference);
    const isFar = options.remote || !await local.knows(target);
    const store = isFar ? await this.#stores.remote(reference, options) : local;
    return { reference: name, target, store, isFar };
  }
}

async function noCatalogue(registry: string): Promise<Catalog> {
  throw new UnsupportedError(`Cannot list the repositories of ${quote(registry)}: nobody opens it`);
}

/**
 * Does what reads an artifact of the local store; where its content is damaged, the error names the
 * command that puts it right.
 */
export async function repairable<Result>(
  reference: Reference,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof IntegrityError) || error.facts.remedy !== undefined) throw error;
    const { message, facts } = error;
    const name = formatReference(reference);
    const remedy = `fetch what is damaged with: modelops verify --repair ${name}`;
    throw new IntegrityError(message, { ...facts, remedy, cause: error });
  }
}
