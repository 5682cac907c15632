/**
 * Content descriptors.
 * See https://github.com/opencontainers/image-spec/blob/main/descriptor.md
 * @module
 */
import * as form from "../core/shapes/form.ts";
import { type Digest, digestBytes, digestDocument, isDigest } from "../core/digest.ts";

/** A descriptor's annotations or a manifest's. */
export type Annotations = Readonly<Record<string, string>>;

/** Names content by type, digest and size. */
export interface Descriptor {
  /** RFC 6838 media type of the content. */
  readonly mediaType: string;
  /** Digest of the content. */
  readonly digest: Digest;
  /** Size of the content in bytes. */
  readonly size: number;
  /** Facts about the content. */
  readonly annotations?: Annotations;
  /** Type of the artifact, where the content is a manifest. */
  readonly artifactType?: string;
}

/** Digests, in the form and of the algorithms this program knows. */
export const digestForm: form.Form<Digest> = form.custom(
  (value): value is Digest => typeof value === "string" && isDigest(value),
  () => "is not sha256: or sha512: and lower-case hexadecimal digits",
);

/** Media types as RFC 6838 §4.2 restricts them. */
const MEDIA_TYPE =
  /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** A descriptor from outside; keys that are not known are kept, since digests cover them anyway. */
export const descriptorForm: form.Form<Descriptor> = form.openMap<Descriptor>({
  mediaType: form.matching(MEDIA_TYPE, "is not a media type"),
  digest: digestForm,
  size: form.count,
  annotations: form.optional(form.textMap),
  artifactType: form.optional(form.text),
});

/** The descriptor of a document: that of {@linkcode describeBytes}, with nothing to load for it. */
export async function describeDocument(
  mediaType: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Descriptor> {
  return { mediaType, digest: await digestDocument(bytes), size: bytes.byteLength };
}

/** The descriptor of bytes in memory. */
export function describeBytes(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestBytes(bytes), size: bytes.byteLength };
}
