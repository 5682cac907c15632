/**
 * Where a workspace came from.
 * @module
 */
import { explainRead, isMissing } from "../../core/file_errors.ts";
import { decodeProvenance, type Provenance } from "../documents/provenance.ts";
import { placeOf, PROVENANCE_PATH } from "./layout.ts";

/**
 * The provenance of a workspace; `undefined` for a folder that no bundle was materialized into.
 * @throws {InvalidInputError} when it is there and malformed.
 */
export async function readWorkspaceProvenance(root: string): Promise<Provenance | undefined> {
  const path = placeOf(root, PROVENANCE_PATH);
  try {
    return decodeProvenance(await Deno.readFile(path), path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw explainRead(path, error);
  }
}
