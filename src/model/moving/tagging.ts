/**
 * One more name for a model: in the local store, or in the registry where the model is.
 * @module
 */
import { operationOptions } from "../../core/operation.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { formatReference, type Reference, referenceTarget } from "../../oci/reference.ts";
import type { ContentStore, GiveTagOptions } from "../../oci/store.ts";
import { resolveNamed } from "../../oci/tags/near.ts";
import type { RemoteOptions } from "../operations/moving.ts";
import { repairable } from "../reading.ts";
import { copyModel, type ModelStores } from "../stores.ts";

/** Lets `to` name what `from` names. */
export async function tagModel(
  stores: ModelStores,
  from: Reference,
  to: Reference,
  options: RemoteOptions,
): Promise<void> {
  const descriptor = await repairable(from, () => stores.findLocal(from, options));
  if (!descriptor) return await tagRemote(stores, from, to, options);
  await using _lock = await stores.deferPrune(options);
  const [local, named] = [stores.local(from), stores.local(to)];
  const asked = { ...options, namedBy: from.tag };
  await repairable(from, () => giveName(local, named, { descriptor, name: to }, asked));
}

/**
 * Lets a name lead to what `from` has, by copying it to `to` if that is another repository.
 * `namedBy` is as {@linkcode GiveTagOptions} says.
 */
export async function giveName(
  from: ContentStore,
  to: ContentStore,
  { descriptor, name }: { readonly descriptor: Descriptor; readonly name: Reference },
  { namedBy, ...options }: RemoteOptions & Pick<GiveTagOptions, "namedBy">,
): Promise<void> {
  const tag = referenceTarget(name);
  if (from.name !== to.name) await copyModel(from, to, descriptor, { ...options, tag });
  else await to.tag(descriptor, tag, { ...operationOptions(options), namedBy });
}

/** The source is not in the local store: the tag is made where the source is. */
async function tagRemote(
  stores: ModelStores,
  from: Reference,
  to: Reference,
  options: RemoteOptions,
): Promise<void> {
  const remote = await stores.remote(from, options);
  const descriptor = await resolveNamed(remote, referenceTarget(from), options);
  await giveName(remote, await stores.remote(to, options), { descriptor, name: to }, options);
  options.log?.("info", `Tagged ${formatReference(to)} in the registry`);
}
