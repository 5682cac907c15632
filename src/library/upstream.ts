/**
 * The upstream registry of a cache: its address, and the way to it.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { isRegistryHost, isRepositoryName } from "../oci/reference.ts";
import type { LocalCatalog } from "../oci/disk_catalog.ts";
import type { Catalog } from "../oci/store.ts";
import { cachedCatalog, keptCatalog } from "../server/upstream/cached_catalog.ts";
import { openMirroredRegistries } from "./mirrored_registries.ts";
import type { CredentialSettings, NetworkSettings, OpenOptions } from "./settings.ts";

/** A registry, and a path below which its repositories are. */
export interface Upstream {
  readonly registry: string;
  /** Empty when all of its repositories are meant. */
  readonly path: string;
  readonly plainHttp: boolean;
}

/**
 * Reads the address of an upstream: `https://registry.example.com`, perhaps with a path.
 * @throws {InvalidInputError} when it is none.
 */
export function parseUpstream(text: string): Upstream {
  const [, scheme = "", registry = "", rest = ""] =
    /^(https?):\/\/([^/?#]+)(\/[^?#]*)?$/.exec(text) ?? [];
  const path = rest.replace(/^\/|\/$/g, "");
  const isPath = path === "" || isRepositoryName(path);
  if (isRegistryHost(registry) && isPath) return { registry, path, plainHttp: scheme === "http" };
  const shown = text.includes("@") ? "(it holds credentials)" : quote(text);
  throw new InvalidInputError(`Cannot use ${shown} as upstream: it is no registry's address`, {
    remedy: "write --upstream https://registry.example.com; `login` keeps the password for it",
  });
}

/** Tries at an upstream: clients wait, and what is here can be served. */
const ATTEMPTS = 3;

/** Milliseconds of silence after which an upstream counts as gone. */
const SILENCE = 30_000;

/** A cache in front of an upstream. */
export interface UpstreamCache {
  /** Everything: what is not here is fetched and kept. */
  readonly all: Catalog;
  /** What is here, for those who only want to look: a look at a file would fetch all of it. */
  readonly kept: Catalog;
}

/** Opens a cache in front of an upstream; what it opened closes with `connections`. */
export async function openUpstream(
  { registry, path, plainHttp }: Upstream,
  settings: NetworkSettings & CredentialSettings,
  { local, connections, signal, log }: OpenOptions & {
    readonly local: LocalCatalog;
    readonly connections: AsyncDisposableStack;
    readonly signal?: AbortSignal;
  },
): Promise<UpstreamCache> {
  const retry = { stallTime: SILENCE, ...settings.retry, attempts: ATTEMPTS };
  const registries = connections.use(
    await openMirroredRegistries({ ...settings, retry }, { log }),
  );
  const below = path === "" ? "" : `${path}/`;
  const prefix = `${registry}${path === "" ? "" : `/${path}`}`;
  const all = cachedCatalog({
    local,
    prefix,
    connect: (name) =>
      registries.connect({ registry, repository: below + name }, {
        plainHttp: plainHttp || undefined,
      }),
    signal,
    log,
  });
  return { all, kept: keptCatalog({ local, prefix }) };
}
