/**
 * The digest by which a registry calls what it answers with or stored.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 * @module
 */

import { type Digest, digestAlgorithm, isDigest } from "../core/digest.ts";

/** The value of `Docker-Content-Digest`; an empty one is a missing one. It need be no digest. */
export function toldDigest(headers: Headers): string | null {
  return headers.get("Docker-Content-Digest")?.trim() || null;
}

/**
 * By which other digest a registry calls what it was sent as `digest`, if it does. Another
 * algorithm is no contradiction: a registry may name by its own what was stored by another.
 */
export function otherDigest(headers: Headers, digest: Digest): string | undefined {
  const told = toldDigest(headers);
  if (told === null || told === digest) return undefined;
  const isSameAlgorithm = !isDigest(told) || digestAlgorithm(told) === digestAlgorithm(digest);
  return isSameAlgorithm ? told : undefined;
}
