/**
 * Pointer files: what stands in a workspace for a file whose bytes are in an object store.
 *
 * The bytes of a pointer depend on nothing but its facts: keys are sorted and the time is a
 * constant.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { decodeJson } from "../../core/json.ts";
import { checkShape } from "../../core/shapes/shape.ts";
import { quote } from "../../core/text.ts";
import * as z from "../../deps/zod.ts";
import type { ExternalEntry } from "./bundle.ts";
import { fileSize, objectAddress, optional, sha256Hex, storageTier } from "./reader.ts";
import { workspacePath } from "../workspace/path.ts";

/** Most bytes of a pointer file. */
export const POINTER_SIZE_LIMIT = 1024 * 1024;

/** What a pointer file says. */
export type Pointer = Omit<ExternalEntry, "kind" | "mode"> & {
  /** Whether the bytes are in the workspace too. */
  readonly fulfilled: boolean;
};

/** The exact bytes of a pointer file. */
export function encodePointer(pointer: Pointer): Uint8Array<ArrayBuffer> {
  const { path, layer, uri, sha256, size, tier, fulfilled } = pointer;
  return new TextEncoder().encode(JSON.stringify({
    created_at: "1970-01-01T00:00:00Z",
    fulfilled,
    layer,
    local_path: fulfilled ? path : null,
    original_path: path,
    schema_version: 1,
    sha256,
    size,
    tier: tier ?? null,
    uri,
  }));
}

const pointerSchema = z.object({
  fulfilled: optional(z.boolean()),
  layer: optional(z.string()),
  local_path: z.string().nullish(),
  original_path: z.string(),
  schema_version: z.literal(1).nullish(),
  sha256: sha256Hex,
  size: fileSize,
  tier: storageTier,
  uri: objectAddress,
});

/**
 * Reads a pointer file. Only the facts that describe the file are required.
 *
 * @param what The pointer's name in messages.
 * @throws {InvalidInputError} when it is no pointer, or names a file that it must not.
 */
export function decodePointer(bytes: Uint8Array, what: string): Pointer {
  const document = checkShape(pointerSchema, decodeJson(bytes, what), what);
  const { original_path, local_path, layer = "", fulfilled = false, tier, sha256, size, uri } =
    document;
  const path = workspacePath(original_path, "read pointer of");
  if (local_path != null && workspacePath(local_path, "read pointer of") !== path) {
    throw new InvalidInputError(
      `Cannot read ${what}: local_path ${quote(local_path)} is not the original path`,
      { expected: path, actual: local_path },
    );
  }
  return { layer, fulfilled, sha256, size, uri, path, ...(tier && { tier }) };
}
