/**
 * From a reference to a bundle: finds the repository, reads the manifest, and says what is in it.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { type ErrorKind, ModelOpsError } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import type { Bundle, BundleRef, BundleRefFields, ResolvedBundle } from "../documents/bundle.ts";
import type { ContentStore } from "../../oci/store.ts";
import { toBundleRef } from "./reference.ts";
import { locateBundle, type LocateOptions } from "./locate.ts";
import { isMissing } from "./missing_part.ts";
import { localBundle, type LocalBundleOptions } from "./local.ts";
import { readBundle } from "./read.ts";

/** How to resolve. */
export type OpenBundleOptions = LocateOptions & LocalBundleOptions & {
  /** Whether the digest index notes what is found, and the cache keeps it; true when absent. */
  readonly note?: boolean;
  /** Whether a repository is one of the local store, of which nothing has to be kept. */
  readonly isLocal?: (name: string) => boolean;
};

/**
 * Finds a bundle and reads its manifest.
 * @throws {NotFoundError} when there is no such bundle.
 * @throws {InvalidInputError} when the reference or the bundle is malformed, or no repository is
 * needed and not set.
 * @throws {UnsupportedError} when what is there is no bundle.
 * @throws {IntegrityError} when the version of a reference is not the one of its digest.
 */
export async function openBundle(ref: BundleRef, options: OpenBundleOptions): Promise<Bundle> {
  if (ref.kind === "path") {
    const keeper = keeperOf(options);
    return { ...await localBundle(ref.localPath, { ...options, keeper }), ref };
  }
  const operation = operationOptions(options);
  const { repository, store, root } = await locateBundle(ref, options);
  const keeper = keeperOf(options, repository);
  const bundle = await readBundle(store, root, { ...operation, keeper });
  if (options.note !== false) await options.digestIndex?.note(root.digest, repository, operation);
  return { ...bundle, ref, repository };
}

/** The store that keeps the documents of bundles; none for those of the local store. */
function keeperOf(
  { cache, note, isLocal }: OpenBundleOptions,
  repository?: string,
): ContentStore | undefined {
  if (note === false || repository !== undefined && isLocal?.(repository)) return undefined;
  return cache;
}

/**
 * Finds a bundle, and reads its manifest and the indexes of its layers.
 * @throws as {@linkcode openBundle} says.
 */
export async function resolveBundle(
  ref: string | BundleRefFields,
  options: OpenBundleOptions,
): Promise<ResolvedBundle> {
  return await withTotals(await openBundle(toBundleRef(ref), options), operationOptions(options));
}

/** The bundle with what its indexes say, as far as they can be read. */
async function withTotals(bundle: Bundle, options: OperationOptions): Promise<ResolvedBundle> {
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
    ...bundle,
    totalSize: Math.min(size, Number.MAX_SAFE_INTEGER),
    externalIndexPresent: bundle.externalIndexPresent || external,
  };
}

/** Failures that are of the layer itself, not of the way to it. */
const BROKEN: ReadonlySet<ErrorKind> = new Set(["invalid", "integrity", "unsupported"]);

/** Passes over a broken layer: an operation that needs it fails with the same error again. */
async function entriesIfReadable(bundle: Bundle, layer: string, options: OperationOptions) {
  try {
    return await bundle.entriesOf(layer, options);
  } catch (error) {
    const broken = error instanceof ModelOpsError && (BROKEN.has(error.kind) || isMissing(error));
    if (!broken) throw error;
    options.log?.("warning", `Cannot count layer "${layer}": ${error.message}`, { layer });
    return [];
  }
}
