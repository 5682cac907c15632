/**
 * Bundles that are not in a registry: a working directory, or an export archive.
 * @module
 */
import { explainRead } from "../../core/file_errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { memoryStore } from "../../oci/memory_store.ts";
import type { ContentStore } from "../../oci/store.ts";
import { bundleContents } from "../publish/content.ts";
import { planStorage } from "../publish/plan.ts";
import { scanWorkdir } from "../publish/scan.ts";
import { archiveBundle } from "./archive.ts";
import { type ReadBundle, readBundle } from "./read.ts";
import type { OpenLocalBundle } from "./bundle.ts";

/** How to read bundles that are not in a registry. */
export interface LocalBundleOptions {
  /** Takes the files of an archive, which gives them in its own order only. */
  readonly scratch?: (path: string) => ContentStore;
  /** Where objects go for rules without a template, as for publishing. */
  readonly externalBase?: string;
}

/**
 * Makes the reader of local paths for `resolveBundle`. The bundle of a directory is what publishing
 * it would make. The bundle of an archive has one layer and one role, `default`, with all its
 * files.
 */
export function localBundleOpener(local: LocalBundleOptions = {}): OpenLocalBundle {
  const { externalBase, scratch = (path) => memoryStore(path) } = local;
  return async (path, options) => {
    const info = await statPath(path);
    return info.isDirectory
      ? await workdirBundle(path, { ...options, externalBase })
      : await archiveBundle(path, scratch(path), options);
  };
}

async function statPath(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    throw explainRead(path, error);
  }
}

/**
 * The bundle of a working directory, as publishing would make it: same documents, same digests.
 * Nothing is uploaded, so its external objects exist only if they were published before.
 * @throws {InvalidInputError} when the directory has no spec, or its bundle could not be published.
 * @throws {NotFoundError} when there is no such directory.
 */
async function workdirBundle(
  workdir: string,
  options: OperationOptions & { readonly externalBase?: string },
): Promise<ReadBundle> {
  const plan = planStorage(await scanWorkdir(workdir, options), options);
  const { written, store } = await bundleContents(plan);
  return await readBundle(store, written.manifest.descriptor, options);
}
