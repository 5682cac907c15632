/**
 * The digests of layers before compression, as a configuration lists them.
 * See https://github.com/modelpack/model-spec/blob/main/docs/config.md
 * @module
 */
import { compressionOfMediaType } from "../archive/compression.ts";
import {
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  digestStream,
} from "../core/digest.ts";
import type { Problem } from "../core/errors.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import { problemsError } from "../core/problems.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type ContentStore, openVerified } from "../oci/store.ts";
import { unpacked } from "./extraction/archive.ts";

/** A list that is compared with layers. */
export interface ComparedIds extends OperationOptions {
  /** The digests of a configuration, one for each layer. */
  readonly diffIds: readonly string[];
  /** Gives those that compressed layers had so far: what is the same is not found out again. */
  readonly earlier: () => Promise<readonly string[]>;
  /** What messages call the configuration. */
  readonly what: string;
}

/**
 * Makes sure that a list has the digests of the contents of layers. A compressed layer with another
 * digest than before is read to its end.
 * @throws {InvalidInputError} naming the digests that are of something else.
 */
export async function checkDiffIds(
  store: ContentStore,
  layers: readonly Descriptor[],
  { diffIds, earlier, what, ...options }: ComparedIds,
): Promise<void> {
  const problems: Problem[] = [];
  const known = layers.some(isPacked) ? await earlier() : [];
  for (const [index, layer] of layers.entries()) {
    const given = diffIds[index] as Digest;
    const expected = isPacked(layer) && given === known[index]
      ? given
      : await diffIdOf(store, layer, { ...options, algorithm: digestAlgorithm(given) });
    if (given === expected) continue;
    problems.push({ message: `modelfs.diffIds[${index}]: got ${given}, want ${expected}` });
  }
  if (problems.length > 0) throw problemsError(`read ${what}`, problems);
}

const isPacked = ({ mediaType }: Descriptor) => compressionOfMediaType(mediaType).name !== "none";

/** The digest of a layer's content. */
async function diffIdOf(
  store: ContentStore,
  layer: Descriptor,
  { algorithm, ...options }: OperationOptions & { readonly algorithm: DigestAlgorithm },
): Promise<Digest> {
  if (!isPacked(layer) && digestAlgorithm(layer.digest) === algorithm) return layer.digest;
  const content = unpacked(await openVerified(store, layer, operationOptions(options)), layer);
  return (await digestStream(content, { signal: options.signal, algorithm })).digest;
}
