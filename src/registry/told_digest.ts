/**
 * The digest by which a registry calls what it answers with or stored.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 * @module
 */

/** The value of `Docker-Content-Digest`; an empty one is a missing one. It need be no digest. */
export function toldDigest(headers: Headers): string | null {
  return headers.get("Docker-Content-Digest")?.trim() || null;
}
