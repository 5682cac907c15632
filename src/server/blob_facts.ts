/**
 * The size of a blob of which a request gives only the digest.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import { capability } from "../oci/capabilities.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { anonymousBlob, type ContentStore } from "../oci/store.ts";

/**
 * The descriptor of a blob. A store that cannot tell sizes is read through, which is right but
 * slow.
 * @throws {NotFoundError} when the blob is not here.
 */
export async function statBlob(
  store: ContentStore,
  digest: Digest,
  options: OperationOptions = {},
): Promise<Descriptor> {
  const stat = capability(store, "stat");
  if (stat) return await stat(digest, options);
  const stream = await store.open(anonymousBlob(digest, 0), options);
  let size = 0;
  for await (const chunk of stream) {
    options.signal?.throwIfAborted();
    size += chunk.byteLength;
  }
  return anonymousBlob(digest, size);
}
