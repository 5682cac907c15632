/**
 * The documents of bundles that are kept in the local store: what was read of a registry once is
 * there when a workspace is compared with its bundle, without the network.
 * @module
 */
import { ModelOpsError } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { streamOf, transformed } from "../../core/streams.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ContentStore } from "../../oci/store.ts";
import { wrapped } from "../../oci/wrapped.ts";
import type { BundleProvider } from "../provider.ts";

/**
 * A store of which every document that is read to its end is kept in another. Where that cannot
 * take it, as in a container that may write nothing, the debug log tells it: what is
 * kept is a convenience.
 */
export function keepingDocuments(
  store: ContentStore,
  keeper: ContentStore,
  options: OperationOptions,
): ContentStore {
  const keep = async (descriptor: Descriptor, chunks: readonly Uint8Array[]) => {
    try {
      const source = { size: descriptor.size, open: () => Promise.resolve(streamOf(chunks)) };
      await keeper.write(descriptor, source, operationOptions(options));
    } catch (error) {
      if (!(error instanceof ModelOpsError)) throw error;
      const { digest } = descriptor;
      options.log?.("debug", `Cannot keep ${digest} for later: ${error.message}`, { digest });
    }
  };
  return wrapped(store, {
    open: async (descriptor, options) =>
      transformed(await store.open(descriptor, options), async function* (bytes) {
        const chunks: Uint8Array[] = [];
        for await (const chunk of bytes) {
          chunks.push(chunk.slice());
          yield chunk;
        }
        await keep(descriptor, chunks);
      }),
  });
}

/** The repositories of this machine that may have documents of bundles, the likeliest first. */
export async function* localRepositories(
  { cache, isLocal, open, repositories }: Pick<
    BundleProvider,
    "cache" | "isLocal" | "open" | "repositories"
  >,
): AsyncGenerator<ContentStore, void> {
  if (cache) yield cache;
  for await (const name of repositories?.() ?? []) if (isLocal?.(name)) yield open(name);
}
