/**
 * The media types of OCI documents and of the Docker forms they grew out of.
 * @module
 */

/** The media types this program treats as documents. */
export const MediaType = {
  imageManifest: "application/vnd.oci.image.manifest.v1+json",
  imageIndex: "application/vnd.oci.image.index.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerManifestList: "application/vnd.docker.distribution.manifest.list.v2+json",
  artifactManifest: "application/vnd.oci.artifact.manifest.v1+json",
  emptyJson: "application/vnd.oci.empty.v1+json",
  octetStream: "application/octet-stream",
} as const;

const MANIFESTS: ReadonlySet<string> = new Set([
  MediaType.imageManifest,
  MediaType.dockerManifest,
  MediaType.artifactManifest,
]);

const INDEXES: ReadonlySet<string> = new Set([MediaType.imageIndex, MediaType.dockerManifestList]);

/** Whether a media type names a document that lists manifests. */
export function isIndexType(mediaType: string): boolean {
  return INDEXES.has(mediaType);
}

/** Whether content of this media type lives under a registry's `/manifests/`, not its `/blobs/`. */
export function isManifestType(mediaType: string): boolean {
  return MANIFESTS.has(mediaType) || INDEXES.has(mediaType);
}

/** Every media type accepted as a manifest, preferred ones first. */
export const ACCEPTED_MANIFESTS: readonly string[] = [...MANIFESTS, ...INDEXES];
