/**
 * Provenance: where a workspace says which bundle and role it was made from.
 *
 * It says no time and nothing of the machine, so the same bundle gives the same bytes.
 * @module
 */
import { compareText } from "../../core/text.ts";
import { type Digest, isDigest } from "../../core/digest.ts";
import { decodeJson } from "../../core/json.ts";
import { checkShape } from "../../core/shapes/shape.ts";
import * as z from "../../deps/zod.ts";
import type { Bundle, BundleRef, BundleRefFields } from "./bundle.ts";
import { MediaType } from "../../oci/media_types.ts";
import { DEFAULT_ROLE } from "./names.ts";
import { formed, optional } from "./reader.ts";
import type { PathFilterOptions } from "../workspace/path_filter.ts";

/** Which part of a role is in a workspace, where it is not all of it. */
export interface Selection extends PathFilterOptions {
  /** The layers that were chosen instead of the role's. */
  readonly layers?: readonly string[];
}

/** What a provenance file says. */
export interface Provenance {
  /** Digest of the bundle's manifest. */
  readonly manifestDigest: Digest;
  /** Media type of the manifest. */
  readonly mediaType: string;
  /** The role whose layers are in the workspace. */
  readonly role: string;
  /** Layers of each role of the bundle. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Digest of each layer's index document. */
  readonly layerIndexes: Readonly<Record<string, string>>;
  /** What the user asked for. */
  readonly ref: BundleRef;
  /** Which part of the role; all of it when absent. */
  readonly selection?: Selection;
}

/** The provenance of a workspace made from a bundle. */
export function provenanceOf(
  bundle: Bundle,
  role: string,
  { layers, include = [], exclude = [] }: Selection = {},
): Provenance {
  const isPart = layers !== undefined || include.length + exclude.length > 0;
  const indexes = Object.entries(bundle.layerIndexes);
  return {
    manifestDigest: bundle.manifestDigest,
    mediaType: bundle.mediaType,
    role,
    roles: bundle.roles,
    layerIndexes: Object.fromEntries(indexes.map(([layer, { digest }]) => [layer, digest])),
    ref: bundle.ref,
    ...(isPart ? { selection: { layers, include, exclude } } : {}),
  };
}

/** The exact bytes of a provenance file: compact JSON with sorted keys. */
export function encodeProvenance(provenance: Provenance): Uint8Array<ArrayBuffer> {
  const { selection } = provenance;
  const ref: BundleRefFields = provenance.ref;
  return new TextEncoder().encode(JSON.stringify({
    layer_indexes: sorted(provenance.layerIndexes),
    manifest_digest: provenance.manifestDigest,
    media_type: provenance.mediaType,
    ref: {
      digest: ref.digest ?? null,
      local_path: ref.localPath ?? null,
      name: ref.name ?? null,
      // Readers of earlier workspaces know five keys; the sixth is there only where it is needed.
      ...(ref.reference === undefined ? {} : { reference: ref.reference }),
      role: ref.role ?? null,
      version: ref.version ?? null,
    },
    role: provenance.role,
    roles: sorted(provenance.roles),
    // This is there only where it is needed, too.
    ...(selection && {
      selection: {
        exclude: selection.exclude ?? [],
        include: selection.include ?? [],
        layers: selection.layers ?? null,
      },
    }),
  }));
}

const digestSchema = formed<Digest>(isDigest, "is not a digest");

const refSchema = z.object({
  digest: optional(digestSchema),
  local_path: optional(z.string()),
  name: optional(z.string()),
  reference: optional(z.string()),
  role: optional(z.string()),
  version: optional(z.string()),
});

const provenanceSchema = z.object({
  layer_indexes: optional(z.record(z.string(), z.string())),
  manifest_digest: digestSchema,
  media_type: optional(z.string()),
  ref: optional(refSchema),
  role: optional(z.string()),
  roles: optional(z.record(z.string(), z.array(z.string()))),
  selection: optional(z.object({
    exclude: optional(z.array(z.string())),
    include: optional(z.array(z.string())),
    layers: optional(z.array(z.string())),
  })),
});

/**
 * Reads a provenance file. Only the digest of the manifest is required.
 *
 * @param what The file's name in messages.
 * @throws {InvalidInputError} when it is none.
 */
export function decodeProvenance(bytes: Uint8Array, what: string): Provenance {
  const { ref = {} as z.infer<typeof refSchema>, ...data } = checkShape(
    provenanceSchema,
    decodeJson(bytes, what),
    what,
  );
  return {
    manifestDigest: data.manifest_digest,
    mediaType: data.media_type ?? MediaType.imageManifest,
    role: data.role ?? DEFAULT_ROLE,
    roles: data.roles ?? {},
    layerIndexes: data.layer_indexes ?? {},
    ref: refOf(ref, data.manifest_digest),
    ...(data.selection ? { selection: data.selection } : {}),
  };
}

function sorted<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareText(a, b)));
}

/** The reference of a file; one that says too little names the bundle that the workspace has. */
function refOf(fields: z.infer<typeof refSchema>, manifestDigest: Digest): BundleRef {
  const { local_path: localPath, reference, name, version, role } = fields;
  const digest = fields.digest ?? manifestDigest;
  if (localPath !== undefined) return { kind: "path", localPath, role };
  if (reference !== undefined) return { kind: "reference", reference, role };
  if (name === undefined) return { kind: "digest", digest, role };
  if (version !== undefined && fields.digest === undefined) {
    return { kind: "version", name, version, role };
  }
  return { kind: "pinned", name, version, digest, role };
}
