/**
 * How an artifact comes from one part of the local store into the other.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { ifFound } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import type { Descriptor } from "../descriptor.ts";
import type { DiskRepository } from "../disk_repository.ts";
import { children } from "../manifest.ts";
import { isManifestType } from "../media_types.ts";
import { firstOf } from "./several.ts";

/** The two parts that a repository has. */
export interface Parts {
  /** The part that has the artifact, or some of it. */
  readonly from: DiskRepository;
  /** The part that is to have it. */
  readonly to: DiskRepository;
}

/**
 * Brings an artifact into a part of the store, children first, as far as it is here. Each becomes a
 * file of both parts, and takes no room twice.
 * @returns The manifests and blobs that the part did not have.
 * @throws {NotFoundError} when neither part has it.
 */
export async function adopt(
  root: Descriptor,
  parts: Parts,
  options: OperationOptions,
): Promise<ReadonlySet<Digest>> {
  const adopted = new Set<Digest>();
  await take(root, parts, options, { adopted, seen: new Set() });
  return adopted;
}

/** What was looked at: an index may list one manifest many times over. */
interface Taken {
  readonly adopted: Set<Digest>;
  readonly seen: Set<Digest>;
}

async function take(
  root: Descriptor,
  parts: Parts,
  options: OperationOptions,
  taken: Taken,
): Promise<void> {
  const { from, to } = parts;
  options.signal?.throwIfAborted();
  if (taken.seen.has(root.digest)) return;
  taken.seen.add(root.digest);
  if (await to.has(root, options)) return;
  taken.adopted.add(root.digest);
  if (!isManifestType(root.mediaType)) return await to.takeOver(root, from, options);
  const places = [from, to] as const;
  const document = await firstOf(places, ({ manifests }) => manifests.read(root.digest, options));
  for (const child of children(document)) {
    await giveWay();
    // An index may list what nobody has brought: thousands, of which each would be an error.
    if (!await from.members.has(child)) continue;
    await ifFound(take(child, parts, options, taken));
  }
  await to.takeOver(root, from, { ...options, document });
}
