/**
 * How a manifest that refers to another appears in a list of referrers.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
 * @module
 */
import { describeBytes, type Descriptor } from "./descriptor.ts";
import type { ManifestDocument } from "./manifest.ts";

/** The descriptor of a referrer: its own artifact type, else its configuration's media type. */
export function referrerDescriptor(document: ManifestDocument): Descriptor {
  const configType = document.kind === "manifest" ? document.config?.mediaType : undefined;
  const artifactType = document.artifactType || configType;
  return {
    ...describeBytes(document.mediaType, document.bytes),
    ...(artifactType ? { artifactType } : {}),
    ...(Object.keys(document.annotations).length > 0 ? { annotations: document.annotations } : {}),
  };
}

/** The tag under which registries without the referrers endpoint keep the list for `subject`. */
export function referrersTag(subject: Pick<Descriptor, "digest">): string {
  return subject.digest.replace(":", "-").slice(0, 128);
}
