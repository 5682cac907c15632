/**
 * The local store under names that need no host: those of bundles without a registry, and those
 * that clients of `serve` ask for.
 *
 * Other tools share the store, and want every name in it to begin with a host. So what is written
 * under a name without one lies under `localhost`.
 * @module
 */
import { isDigest } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import { giveWay } from "../core/runtime/turn.ts";
import { capability } from "../oci/capabilities.ts";
import type { LocalCatalog } from "../oci/disk_catalog.ts";
import type { LocalRepository } from "../oci/parts/repository.ts";
import { isManifestType } from "../oci/media_types.ts";
import { isRepositoryName, startsWithHost } from "../oci/reference.ts";
import { firstOf, inEach, merged } from "../oci/parts/several.ts";
import type { Catalog, ContentStore } from "../oci/store.ts";
import { wrapped } from "../oci/wrapped.ts";
import { RegistryFault } from "../server/fault.ts";

/** The host that names without one lie under. */
const HOME_HOST = "localhost";

/** Names that are told before others have their turn. */
const TURN = 500;

/** How names without a host are looked up. */
export interface HostlessOptions {
  /** Whether `name` also finds what was made as `host/name`, whatever the host. */
  readonly anyHost?: boolean;
}

/**
 * Shows a local store under names that need no host. What is looked for under such a name is found
 * under `localhost`, then where earlier versions of this program wrote it.
 */
export function hostlessCatalog(catalog: LocalCatalog, options: HostlessOptions = {}): Catalog {
  return {
    repository(name) {
      if (startsWithHost(name) || !isRepositoryName(name)) return catalog.repository(name);
      return joined(name, {
        own: catalog.repository(`${HOME_HOST}/${name}`),
        earlier: catalog.repository(name),
        async findHosted() {
          const hosts = options.anyHost ? await catalog.hosts() : [];
          return hosts.filter((host) => host !== HOME_HOST)
            .map((host) => catalog.repository(`${host}/${name}`));
        },
      });
    },
    async *repositories(operation) {
      // Each part is in order: tens of thousands that are sorted at once keep others waiting.
      const [home, others]: [string[], string[]] = [[], []];
      for await (const name of catalog.repositories(operation)) {
        if (name.startsWith(`${HOME_HOST}/`)) home.push(name.slice(HOME_HOST.length + 1));
        else others.push(name);
      }
      yield* merged([home, others].map(inTurns), (name) => name);
    },
  };
}

/** Where the content of a name without a host may lie. */
interface Places {
  /** Where everything is written. */
  readonly own: LocalRepository;
  /** Where earlier versions of this program wrote it. */
  readonly earlier: LocalRepository;
  /** The repositories of that path under any other host. */
  findHosted(): Promise<readonly LocalRepository[]>;
}

/**
 * A repository to which everything is written, and others that are asked for what it does not have.
 * Content is the same wherever it lies. A tag is that of the name itself, if there is one; else
 * that of the hosts, which must not name different things by it.
 */
function joined(name: string, { own, earlier, findHosted }: Places): ContentStore {
  let hosted: Promise<readonly LocalRepository[]> | undefined;
  const allOthers = async () => [earlier, ...await (hosted ??= findHosted())];
  /**
   * The repository whose tag it is.
   * @throws {RegistryFault} naming what there is, where several hosts have it and differ.
   */
  async function owner(tag: string, options?: OperationOptions): Promise<LocalRepository> {
    for (const store of [own, earlier]) if (await store.knows(tag)) return store;
    const [, ...others] = await allOthers();
    const found: { readonly repository: string; readonly digest: string }[] = [];
    let first: LocalRepository | undefined;
    for (const store of others) {
      if (!await store.knows(tag)) continue;
      first ??= store;
      found.push({ repository: store.name, digest: (await store.resolve(tag, options)).digest });
    }
    if (new Set(found.map(({ digest }) => digest)).size > 1) throw ambiguous(name, tag, found);
    return first ?? own;
  }
  /** The result of the first repository that has what is asked for. */
  const first = <Result>(work: (store: LocalRepository) => Promise<Result>): Promise<Result> =>
    firstOf([own], work, allOthers);
  /** Removes a tag, and the same tag of the hosts where it names the same. */
  async function untag(tag: string, options?: OperationOptions): Promise<void> {
    const first = await owner(tag, options);
    const named = await first.named(tag);
    for (const store of await allOthers()) {
      if (named !== undefined && await store.named(tag) === named) await store.untag(tag, options);
    }
    if (await first.knows(tag) || named === undefined) await first.untag(tag, options);
  }
  /** Lists that all have in one order, as one. */
  async function* every<Item>(
    items: (store: LocalRepository) => AsyncIterable<Item>,
    nameOf: (item: Item) => string,
  ): AsyncGenerator<Item, void> {
    yield* merged([own, ...await allOthers()].map(items), nameOf);
  }
  return wrapped(own, {
    name,
    async has(descriptor, options) {
      if (await own.has(descriptor, options)) return true;
      if (isManifestType(descriptor.mediaType)) return false;
      // What is said to be here becomes a member: the manifest to come needs it.
      for (const other of await allOthers()) {
        const origin = capability(other, "origin")?.(descriptor);
        if (origin && await own.mount(descriptor, origin, options)) return true;
      }
      return false;
    },
    open: (descriptor, options) => first((store) => store.open(descriptor, options)),
    async resolve(target, options) {
      if (isDigest(target)) return await first((store) => store.resolve(target, options));
      return await (await owner(target, options)).resolve(target, options);
    },
    tags: (options) => every((store) => store.tags(options), (tag) => tag),
    capabilities: {
      ...own.capabilities,
      read: (descriptor, limit) => first((store) => store.read(descriptor, limit)),
      stat: (digest, options) => first((store) => store.stat(digest, options)),
      toFile: (descriptor, path, options) =>
        first((store) => store.toFile(descriptor, path, options)),
      referrers: (subject, options) =>
        every((store) => store.referrers(subject, options), ({ digest }) => digest),
      async delete(descriptor, options) {
        await inEach([own, ...await allOthers()], (store) => store.delete(descriptor, options));
      },
      promise: (descriptor, options) => first((store) => store.promise(descriptor, options)),
      earlier: async (tag, options) => await (await owner(tag, options)).earlier(tag, options),
      untag,
    },
  });
}

async function* inTurns(names: readonly string[]): AsyncGenerator<string, void> {
  for (const [index, name] of names.entries()) {
    if (index % TURN === 0) await giveWay();
    yield name;
  }
}

function ambiguous(name: string, tag: string, found: readonly object[]): RegistryFault {
  return new RegistryFault("MANIFEST_UNKNOWN", {
    message: `Several hosts have ${name}:${tag}, and they differ: ask for one by its whole name`,
    details: found,
  });
}
