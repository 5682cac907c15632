/**
 * A pull-through cache: the local store in front of an upstream registry.
 *
 * What is here is served from here, and what is not is fetched, kept and served at once. A tag is
 * the upstream's to move, so it is asked for each; where it does not answer, what the tag named
 * last is served. Nobody writes through the cache.
 * @module
 */
import { type Digest, isDigest } from "../../core/digest.ts";
import { type ErrorKind, ifFound, ModelOpsError, NotFoundError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { collectGarbage } from "../../core/runtime/garbage.ts";
import { sortInTurns } from "../../core/lists/sort_in_turns.ts";
import { compareText } from "../../core/text.ts";
import { bytesSource } from "../../core/content/source.ts";
import { capability, type ReferrerOptions } from "../../oci/capabilities.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { LocalCatalog } from "../../oci/disk_catalog.ts";
import type { LocalRepository } from "../../oci/parts/repository.ts";
import { MANIFEST_SIZE_LIMIT } from "../../oci/manifest.ts";
import { isManifestType } from "../../oci/media_types.ts";
import {
  type Catalog,
  type ContentStore,
  missing,
  type OpenContentOptions,
  readContent,
  readManifest,
} from "../../oci/store.ts";
import { wrapped } from "../../oci/wrapped.ts";
import { pLimit } from "../../deps/p-limit.ts";
import { RegistryFault } from "../fault.ts";
import { GrowingBlob } from "./growing_blob.ts";

/** What a cache stands in front of. */
export interface UpstreamParts extends Pick<OperationOptions, "signal" | "log"> {
  /** Where content is kept. */
  readonly local: LocalCatalog;
  /** Begins the names of what is kept: the upstream's host, and a path where there is one. */
  readonly prefix: string;
  /** Opens a repository of the upstream by its name in the cache. */
  readonly connect: (name: string) => ContentStore;
}

/** Shows an upstream registry through the local store. */
export function cachedCatalog(parts: UpstreamParts): Catalog {
  const repositories = new Map<string, CachedRepository>();
  const start = `${parts.prefix}/`;
  return {
    repository(name) {
      let known = repositories.get(name);
      if (known === undefined) {
        const local = parts.local.repository(start + name);
        // A client that asks for names without end must not fill the memory.
        const rested = () => forgetIdle(repositories);
        known = new CachedRepository(local, parts.connect(name), { ...parts, rested });
        repositories.set(name, known);
        rested();
      }
      return known.store(name);
    },
    repositories: keptCatalog(parts).repositories,
  };
}

/** Shows what is kept of an upstream, and asks it for nothing. */
export function keptCatalog({ local, prefix }: Pick<UpstreamParts, "local" | "prefix">): Catalog {
  const start = `${prefix}/`;
  return {
    repository: (name) => wrapped(local.repository(start + name), { name }),
    async *repositories(options) {
      for await (const name of local.repositories(options)) {
        if (name.startsWith(start)) yield name.slice(start.length);
      }
    },
  };
}

/** Repositories whose connections are kept: each may remember 8 MiB of manifests. */
const REMEMBERED = 4;

/** Questions for manifests that are open at once: each may bring 4 MiB, and take thrice as much. */
const asking = pLimit(4);

/** Bytes of a manifest that leaves many times as much behind when it was taken apart. */
const LARGE_MANIFEST = 256 * 1024;

/** Lists of the upstream that are read at once: one may take some 100 MiB. */
const listing = pLimit(1);

/** Forgets those that are idle, the latest of which stays, when they are too many. */
function forgetIdle(repositories: Map<string, CachedRepository>): void {
  const latest = [...repositories.keys()].at(-1);
  for (const [name, repository] of repositories) {
    if (repositories.size <= REMEMBERED) return;
    if (repository.isIdle && name !== latest) repositories.delete(name);
  }
}

/** What a repository of a cache needs. */
interface RepositoryParts extends UpstreamParts {
  /** Told when it may have become idle. */
  readonly rested: () => void;
}

class CachedRepository {
  readonly #local: LocalRepository;
  readonly #upstream: ContentStore;
  readonly #parts: RepositoryParts;
  /** Blobs that are being fetched. */
  readonly #fetches = new Map<Digest, GrowingBlob>();
  /** Tags and manifests that are being asked for: whoever asks meanwhile waits for the answer. */
  readonly #asked = new Map<string, Promise<Descriptor>>();

  constructor(local: LocalRepository, upstream: ContentStore, parts: RepositoryParts) {
    this.#local = local;
    this.#upstream = upstream;
    this.#parts = parts;
  }

  get isIdle(): boolean {
    return this.#fetches.size === 0 && this.#asked.size === 0;
  }

  store(name: string): ContentStore {
    return wrapped(this.#local, {
      name,
      resolve: (target) => this.#resolve(target),
      open: (descriptor, options) => this.#open(descriptor, options),
      tags: (options) => this.#listed((store) => store.tags(options), (tag) => tag),
      capabilities: {
        stat: (digest) => this.#stat(digest),
        referrers: (subject, options) => this.#referrers(subject, options),
      },
    });
  }

  async #resolve(target: string): Promise<Descriptor> {
    const known = isDigest(target) ? await ifFound(this.#local.resolve(target)) : undefined;
    if (known) return known;
    let asked = this.#asked.get(target);
    if (asked === undefined) {
      asked = asking(() => this.#ask(target)).finally(() => {
        this.#asked.delete(target);
        this.#parts.rested();
      });
      this.#asked.set(target, asked);
    }
    return await asked;
  }

  async #ask(target: string): Promise<Descriptor> {
    const { signal, log } = this.#parts;
    try {
      const found = await this.#upstream.resolve(target, { signal });
      await this.#keepManifest(found);
      if (!isDigest(target)) await this.#keepTag(found, target);
      return found;
    } catch (error) {
      if (isDigest(target)) throw upstreamFault(error);
      if (error instanceof NotFoundError) {
        // The upstream has no such tag any more.
        if (await this.#local.knows(target)) await this.#local.untag(target);
        throw error;
      }
      if (!isOutage(error) || !await this.#local.knows(target)) throw upstreamFault(error);
      log?.("warning", `Serving ${this.#local.name}:${target} as it was last`, { error });
      return await this.#local.resolve(target);
    }
  }

  async #keepManifest(manifest: Descriptor): Promise<void> {
    if (await ifFound(this.#local.resolve(manifest.digest))) return;
    const bytes = await readContent(this.#upstream, manifest, this.#parts);
    await this.#local.write(manifest, bytesSource(bytes), this.#parts);
    if (manifest.size > LARGE_MANIFEST) collectGarbage();
  }

  async #keepTag(manifest: Descriptor, tag: string): Promise<void> {
    const before = await ifFound(this.#local.resolve(tag));
    if (before?.digest !== manifest.digest) {
      await this.#keepConfig(manifest);
      await this.#local.tag(manifest, tag, this.#parts);
    }
    await this.#local.notePulled(tag);
  }

  /** Fetches the configuration of what gets a tag: who shares the store lists it by that. */
  async #keepConfig(manifest: Descriptor): Promise<void> {
    const document = await readManifest(this.#local, manifest, this.#parts);
    const config = document.kind === "manifest" ? document.config : undefined;
    if (manifest.size > LARGE_MANIFEST) collectGarbage();
    if (config === undefined || config.size > MANIFEST_SIZE_LIMIT) return;
    if (await this.#local.has(config)) return;
    // The log tells why, and whoever needs it asks for it again.
    await this.#follow(config).finished.catch(() => undefined);
  }

  async #stat(digest: Digest): Promise<Descriptor> {
    const known = await ifFound(this.#local.stat(digest));
    if (known) return known;
    const size = this.#fetches.get(digest)?.size;
    if (size !== undefined) return { mediaType: "application/octet-stream", digest, size };
    const stat = capability(this.#upstream, "stat");
    if (stat === undefined) throw missing(this.#local, digest);
    try {
      return await stat(digest, { signal: this.#parts.signal });
    } catch (error) {
      throw upstreamFault(error);
    }
  }

  async #open(
    descriptor: Descriptor,
    options: OpenContentOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    if (isManifestType(descriptor.mediaType)) return await this.#local.open(descriptor, options);
    const known = await ifFound(this.#local.open(descriptor, options));
    if (known) return known;
    try {
      return await this.#follow(descriptor).open(options);
    } catch (error) {
      throw upstreamFault(error);
    }
  }

  #follow(blob: Descriptor): GrowingBlob {
    const running = this.#fetches.get(blob.digest);
    if (running) return running;
    const { signal, log } = this.#parts;
    const fetch = new GrowingBlob(blob, { local: this.#local, upstream: this.#upstream, signal });
    this.#fetches.set(blob.digest, fetch);
    const { name } = this.#local;
    fetch.finished.then(
      () => log?.("info", `Fetched ${blob.digest} of ${name}`, { bytes: blob.size }),
      (error) => log?.("warning", `Cannot fetch ${blob.digest} of ${name}`, { error }),
    ).finally(() => {
      this.#fetches.delete(blob.digest);
      this.#parts.rested();
    });
    return fetch;
  }

  #referrers(subject: Descriptor, options?: ReferrerOptions): AsyncIterable<Descriptor> {
    return this.#listed((store) => {
      const referrers = capability(store, "referrers");
      return referrers?.(subject, options) ?? emptyList();
    }, ({ digest }) => digest);
  }

  /** What the upstream lists; where it does not answer, what is here, if there is any. */
  async *#listed<Item>(
    list: (store: ContentStore) => AsyncIterable<Item>,
    nameOf: (item: Item) => string,
  ): AsyncGenerator<Item, void> {
    await using _turn = await turnOf(listing);
    let failure: unknown;
    try {
      // Registries give lists in orders of their own, and pages of them follow the names.
      const items = await Array.fromAsync(list(this.#upstream));
      yield* await sortInTurns(items, (a, b) => compareText(nameOf(a), nameOf(b)));
      return;
    } catch (error) {
      if (!isOutage(error)) throw upstreamFault(error);
      failure = error;
    }
    let isEmpty = true;
    for await (const item of list(this.#local)) {
      isEmpty = false;
      yield item;
    }
    // Nothing is known of it: that is not the same as nothing being there.
    if (isEmpty) throw upstreamFault(failure);
  }
}

/** Waits for a turn, which lasts until it is disposed. */
async function turnOf(limit: ReturnType<typeof pLimit>): Promise<AsyncDisposable> {
  const end = Promise.withResolvers<void>();
  await new Promise<void>((begin) => {
    limit(() => {
      begin();
      return end.promise;
    });
  });
  return { [Symbol.asyncDispose]: () => Promise.resolve(end.resolve()) };
}

async function* emptyList(): AsyncGenerator<never, void> {}

/** Whether the upstream did not answer, or has trouble of its own. */
function isOutage(error: unknown): boolean {
  return error instanceof ModelOpsError && error.kind === "transfer";
}

/** The answer to a client where the upstream is at fault. */
function upstreamFault(error: unknown): unknown {
  const found = error instanceof ModelOpsError ? UPSTREAM_FAULTS[error.kind] : undefined;
  if (!(error instanceof ModelOpsError) || found === undefined) return error;
  const message = `The upstream registry ${found}: ${error.message}`;
  if (error.kind === "denied") return new RegistryFault("DENIED", { message, cause: error });
  return new RegistryFault("UNKNOWN", { status: 502, message, cause: error });
}

/** What is wrong with an upstream, by the kind of the error that a request to it ended with. */
const UPSTREAM_FAULTS: Readonly<Partial<Record<ErrorKind, string>>> = {
  denied: "refuses it",
  transfer: "does not answer",
  integrity: "sent other content than its name says",
  invalid: "sent what cannot be used",
  unsupported: "sent what is not known here",
};
