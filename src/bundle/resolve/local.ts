/**
 * Bundles that are not in a registry: a working directory, or an export archive.
 * @module
 */
import { explainRead } from "../../core/file_errors.ts";
import { operationOptions } from "../../core/operation.ts";
import { memoryStore } from "../../oci/memory_store.ts";
import { bundleContents } from "../publish/content.ts";
import { planStorage } from "../publish/plan.ts";
import { scanWorkdir } from "../publish/scan.ts";
import type { BundleProvider } from "../provider.ts";
import { archiveBundle } from "./archive.ts";
import { type ReadBundle, readBundle, type ReadBundleOptions } from "./read.ts";

/** How to read bundles that are not in a registry. */
export type LocalBundleOptions =
  & ReadBundleOptions
  & Pick<BundleProvider, "externalBase" | "cache">;

/**
 * Reads the bundle of a local path. That of a directory is what publishing it would make. That of
 * an archive has one layer and one role, `default`, with all its files, which the cache takes.
 * @throws {NotFoundError} when nothing is there.
 * @throws {InvalidInputError | IntegrityError} when it is no bundle, or cannot be read.
 */
export async function localBundle(path: string, options: LocalBundleOptions): Promise<ReadBundle> {
  const info = await Deno.stat(path).catch((error) => {
    throw explainRead(path, error);
  });
  if (info.isDirectory) return await workdirBundle(path, options);
  const { keeper } = options;
  return await archiveBundle(path, options.cache ?? memoryStore(path), {
    ...operationOptions(options),
    keeper,
  });
}

/**
 * The bundle of a working directory, as publishing would make it: same documents, same digests.
 * Nothing is uploaded, so its external objects exist only if they were published before.
 */
async function workdirBundle(
  workdir: string,
  options: LocalBundleOptions,
): Promise<ReadBundle> {
  const operation = operationOptions(options);
  const { externalBase, keeper } = options;
  const plan = planStorage(await scanWorkdir(workdir, operation), { externalBase });
  const { written, store } = await bundleContents(plan);
  return await readBundle(store, written.manifest.descriptor, {
    ...operation,
    keeper,
  });
}
