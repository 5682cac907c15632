/**
 * From a reference to a bundle: finds the repository, reads the manifest, and says what is in it.
 * @module
 */
import { mapConcurrent } from "../core/concurrency.ts";
import {
  AccessDeniedError,
  type ErrorKind,
  IntegrityError,
  InvalidInputError,
  ModelOpsError,
  NotFoundError,
} from "../core/errors.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { parseReference, referenceTarget, repositoryName } from "../oci/reference.ts";
import type { ContentStore } from "../oci/store.ts";
import type { BundleRef, ResolvedBundle } from "./bundle.ts";
import { formatBundleRef, toBundleRef } from "./bundle_ref.ts";
import type { DigestIndex } from "./digest_index.ts";
import { readLayerIndex } from "./entries.ts";
import { type ReadBundle, readBundle } from "./read_bundle.ts";
import { baseRepository, bundleRepositories, type RegistrySettings } from "./registry_settings.ts";

/** Opens a repository: `host/path` in a registry, or a path of the local store. */
export type OpenRepository = (name: string) => ContentStore;

/** How to resolve. */
export interface ResolveOptions extends OperationOptions {
  /** Opens repositories. */
  readonly open: OpenRepository;
  /** Where bundles are. */
  readonly settings: RegistrySettings;
  /** What bare digests are looked up in, and what is found is noted in. */
  readonly digestIndex?: DigestIndex | undefined;
  /** More repositories to look for a bare digest in, such as those of the local store. */
  readonly repositories?: (() => AsyncIterable<string> | Iterable<string>) | undefined;
  /** Reads a bundle from a folder or an archive; such references are refused when absent. */
  readonly openLocal?: OpenLocalBundle | undefined;
}

/** Reads a bundle from a path. */
export type OpenLocalBundle = (path: string, options: OperationOptions) => Promise<ReadBundle>;

/**
 * Finds and reads a bundle. A name is looked for in both layouts of repositories, a bare digest in the
 * repository at the path for bundles itself, in those noted earlier and in those the caller knows.
 * @throws {NotFoundError} when there is no such bundle.
 * @throws {InvalidInputError} when the reference or the bundle is malformed, or `REGISTRY_REPO` is needed
 * and not set.
 * @throws {UnsupportedError} when what is there is no bundle.
 * @throws {IntegrityError} when the version of a reference is not the one of its digest.
 */
export async function resolveBundle(
  ref: string | BundleRef,
  options: ResolveOptions,
): Promise<ResolvedBundle> {
  const parsed = toBundleRef(ref);
  const found = parsed.localPath === undefined
    ? await findBundle(parsed, options)
    : { bundle: await readLocal(parsed.localPath, options) };
  const totals = await totalsOf(found.bundle, operationOptions(options));
  return { ...found.bundle, ...totals, ref: parsed, repository: found.repository };
}

interface FoundBundle {
  readonly bundle: ReadBundle;
  readonly repository?: string | undefined;
}

async function readLocal(path: string, options: ResolveOptions): Promise<ReadBundle> {
  if (options.openLocal) return await options.openLocal(path, operationOptions(options));
  throw new InvalidInputError(
    `Cannot resolve ${JSON.stringify(path)}: a reference to a registry is needed here`,
    { path },
  );
}

async function findBundle(ref: BundleRef, options: ResolveOptions): Promise<FoundBundle> {
  const operation = operationOptions(options);
  const { repository, store, root } = await locate(ref, options);
  const bundle = await readBundle(store, root, operation);
  await options.digestIndex?.note(root.digest, repository);
  return { bundle, repository };
}

interface Location {
  readonly repository: string;
  readonly store: ContentStore;
  readonly root: Descriptor;
}

/** The first repository that has what the reference names. */
async function locate(ref: BundleRef, options: ResolveOptions): Promise<Location> {
  const tried: string[] = [];
  let refused: AccessDeniedError | undefined;
  for await (const repository of candidates(ref, options)) {
    options.signal?.throwIfAborted();
    if (tried.includes(repository)) continue;
    tried.push(repository);
    const store = options.open(repository);
    try {
      return { repository, store, root: await rootOf(ref, store, options) };
    } catch (error) {
      // Registries deny what does not exist, lest strangers learn which names do.
      if (error instanceof AccessDeniedError) refused ??= error;
      else if (!(error instanceof NotFoundError)) throw error;
    }
  }
  throw refused ?? noSuchBundle(ref, tried);
}

/** The repositories that may have the bundle, the likeliest first. */
async function* candidates(
  ref: BundleRef,
  { settings, digestIndex, repositories }: ResolveOptions,
): AsyncGenerator<string, void> {
  if (ref.reference !== undefined) return yield repositoryName(parseReference(ref.reference));
  if (ref.name !== undefined) return yield* bundleRepositories(settings, ref.name);
  const base = baseRepository(settings);
  if (base !== undefined) yield base;
  if (ref.digest !== undefined && digestIndex) yield* await digestIndex.find(ref.digest);
  if (repositories) yield* repositories();
}

/** The manifest that a reference names in a repository. */
async function rootOf(
  ref: BundleRef,
  store: ContentStore,
  options: OperationOptions,
): Promise<Descriptor> {
  const { tag, target } = targetOf(ref);
  const root = await store.resolve(target, operationOptions(options));
  if (tag === undefined || tag === target) return root;
  const tagged = await store.resolve(tag, operationOptions(options));
  if (tagged.digest === root.digest) return root;
  const text = formatBundleRef(ref);
  throw new IntegrityError(
    `Cannot resolve ${JSON.stringify(text)}: ${store.name}:${tag} is ${tagged.digest}, ` +
      `want ${root.digest}`,
    { reference: text, expected: root.digest, actual: tagged.digest },
  );
}

/** The tag of a reference where it has one, and what decides: its digest, else its tag. */
function targetOf(ref: BundleRef): { tag?: string | undefined; target: string } {
  if (ref.reference !== undefined) {
    const reference = parseReference(ref.reference);
    return { tag: reference.tag, target: referenceTarget(reference) };
  }
  // toBundleRef() lets no reference pass that has neither.
  return { tag: ref.version, target: ref.digest ?? ref.version ?? "" };
}

function noSuchBundle(ref: BundleRef, tried: readonly string[]): NotFoundError {
  const text = formatBundleRef(ref);
  const bare = ref.digest !== undefined && ref.name === undefined;
  const where = tried.length === 0 ? "no repository is known" : `not in ${tried.join(", ")}`;
  return new NotFoundError(`Cannot find bundle ${JSON.stringify(text)}: ${where}`, {
    reference: text,
    remedy: bare
      ? `name the repository too, such as my-model@${ref.digest}`
      : "check the name and the version, and REGISTRY_REPO",
  });
}

/** What the indexes say about the bundle as a whole, as far as they can be read. */
async function totalsOf(
  bundle: ReadBundle,
  options: OperationOptions,
): Promise<Pick<ResolvedBundle, "totalSize" | "externalIndexPresent">> {
  const layers = await mapConcurrent(
    bundle.layers,
    (layer) => entriesIfReadable(bundle, layer, options),
    options,
  );
  const entries = layers.flat();
  const size = entries.reduce(
    (sum, entry) => sum + (entry.kind === "external" ? entry.size : entry.blob.size),
    0,
  );
  const external = entries.some(({ kind }) => kind === "external");
  return {
    totalSize: Math.min(size, Number.MAX_SAFE_INTEGER),
    externalIndexPresent: bundle.externalIndexPresent || external,
  };
}

/** Failures that are of the layer itself, not of the way to it. */
const BROKEN: ReadonlySet<ErrorKind> = new Set([
  "not-found",
  "invalid",
  "integrity",
  "unsupported",
]);

/** A broken layer must not hide the others: whoever needs it meets the same error again. */
async function entriesIfReadable(bundle: ReadBundle, layer: string, options: OperationOptions) {
  try {
    return await readLayerIndex(bundle, layer, options);
  } catch (error) {
    const broken = error instanceof ModelOpsError && BROKEN.has(error.kind);
    if (!broken) throw error;
    options.log?.("warning", `Cannot count layer "${layer}": ${error.message}`, { layer });
    return [];
  }
}
