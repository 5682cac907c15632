/**
 * Where a workspace came from, and what it must have by that.
 * @module
 */
import { explainRead, isMissing } from "../../core/file_errors.ts";
import { readDocument } from "../../core/files.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { formatReference, parseReference } from "../../oci/reference.ts";
import type { Bundle, BundleEntry, BundleRef } from "../documents/bundle.ts";
import { readEntries } from "../documents/entries.ts";
import { decodeProvenance, type Provenance } from "../documents/provenance.ts";
import { selectRole } from "../documents/roles.ts";
import { placeOf, PROVENANCE_PATH } from "./layout.ts";
import { workspacePath } from "./path.ts";
import { pathFilter } from "./path_filter.ts";

/**
 * Largest provenance that is read, in bytes: one with a hundred thousand files is a third of it.
 */
const PROVENANCE_LIMIT = 64 * 1024 * 1024;

/**
 * The provenance of a workspace; `undefined` for a folder that no bundle was materialized into.
 * @throws {InvalidInputError} when it is there and malformed.
 */
export async function readProvenance(root: string): Promise<Provenance | undefined> {
  const path = placeOf(root, PROVENANCE_PATH);
  try {
    return decodeProvenance(await readDocument(path, PROVENANCE_LIMIT), path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw explainRead(path, error);
  }
}

/** The bundle that a workspace was made from, by digest: its tag may point elsewhere now. */
export function pinnedRef({ ref, manifestDigest: digest }: Provenance): BundleRef {
  switch (ref.kind) {
    case "reference": {
      const reference = { ...parseReference(ref.reference), tag: undefined, digest };
      return { kind: "reference", reference: formatReference(reference) };
    }
    case "version":
    case "pinned":
      return { kind: "pinned", name: ref.name, digest };
    case "digest":
    case "path":
      return { kind: "digest", digest };
  }
}

/** The entries of the bundle that are to be in the workspace. */
export async function* selectedEntries(
  bundle: Bundle,
  { role, selection = {} }: Provenance,
  options: OperationOptions,
): AsyncGenerator<BundleEntry, void> {
  const layers = selection.layers ?? selectRole(bundle, role).layers;
  const matches = pathFilter(selection);
  for await (const entry of readEntries(bundle, layers, options)) {
    if (matches(workspacePath(entry.path, "verify"))) yield entry;
  }
}
