/**
 * Layers that are archives, unpacked within their limits.
 * @module
 */
import { compressionOfMediaType } from "../../archive/compression.ts";
import type { ExtractedTar, ExtractTarOptions } from "../../archive/extract_tar.ts";
import {
  type ArchiveLimits,
  type CompressedFacts,
  expandsTooFar,
  expansionLimit,
  limitedExpansion,
} from "../../archive/limits.ts";
import { UnsupportedError } from "../../core/errors.ts";
import { describeProblems } from "../../core/problems.ts";
import { quote } from "../../core/text.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { layerFileMetadata, layerPath } from "../media_types.ts";

/** What of archives could not be written: how much, and the first of it. */
export type LeftOut = Pick<ExtractedTar, "skipped" | "skippedCount">;

/**
 * What a layer unpacks to.
 * @throws {InvalidInputError} as soon as it is more than the limits allow.
 */
export function unpacked(
  packed: ReadableStream<Uint8Array>,
  layer: Descriptor,
  limits: ArchiveLimits = {},
): ReadableStream<Uint8Array> {
  const compression = compressionOfMediaType(layer.mediaType);
  const facts = factsOf(layer);
  const { what } = facts;
  const content = compression.decompress(packed, { what, maxWindow: limits.maxWindow });
  return limitedExpansion(content, facts, limits);
}

/** How the archive of a layer is read: what it has to hold, and what it may become. */
export function archiveOptions(
  layer: Descriptor,
  limits: ArchiveLimits,
): Pick<ExtractTarOptions, "maxEntries" | "onMissingEnd" | "promised" | "onRepeated"> {
  return {
    maxEntries: limits.maxEntries,
    promised: { path: layerPath(layer.annotations), size: factsOf(layer).stated },
    // The digest of the layer tells whether it is whole.
    onMissingEnd: () => {},
    onRepeated: repeatedLimit(factsOf(layer), limits),
  };
}

function factsOf(layer: Descriptor): CompressedFacts {
  return {
    size: layer.size,
    stated: layerFileMetadata(layer.annotations)?.size,
    what: quote(layerPath(layer.annotations) ?? layer.digest),
  };
}

/**
 * Bounds what second names in an archive add to it: each is a file of its own, and a few bytes of
 * them could fill a disk.
 */
function repeatedLimit(facts: CompressedFacts, limits: ArchiveLimits): (bytes: number) => void {
  const limit = expansionLimit(facts, limits);
  let repeated = 0;
  return (bytes) => {
    repeated += bytes;
    if (repeated > limit) throw expandsTooFar(facts, limit);
  };
}

/**
 * Fails where some of a model could not be written; the rest is in its folder.
 * @throws {UnsupportedError} naming what was left out.
 */
export function refuseLeftOut(folder: string, left: readonly LeftOut[]): void {
  const count = left.reduce((sum, { skippedCount }) => sum + skippedCount, 0);
  if (count === 0) return;
  const problems = left.flatMap(({ skipped }) =>
    skipped.map(({ path, reason }) => ({ message: `${quote(path)}: ${reason}` }))
  );
  throw new UnsupportedError(
    `Cannot extract all of the model to ${quote(folder)}: ${describeProblems(problems, count)}`,
    { path: folder, problems },
  );
}
