/**
 * What somebody changed in a workspace since a bundle was materialized into it.
 * @module
 */
import { IntegrityError, ModelOpsError } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { compareText } from "../../core/text.ts";
import type { ContentStore } from "../../oci/store.ts";
import type { BundleEntry } from "../documents/bundle.ts";
import type { Provenance } from "../documents/provenance.ts";
import { isMissing } from "../resolve/missing_part.ts";
import { readBundle } from "../resolve/read.ts";
import { readProvenance, selectedEntries } from "./provenance.ts";
import { verifyWorkspace } from "./verify.ts";
import type { VerifyReport } from "./verify_report.ts";

/** A file that is not as it was materialized. */
export interface FileChange {
  /** Normalised path. */
  readonly path: string;
  /** What happened to it: `modified` is its content, its pointer or its executable bit. */
  readonly change: "added" | "modified" | "removed";
  /** What differs, as a clause; absent where `change` says it all. */
  readonly reason?: string;
}

/** How a folder compares with what was materialized into it. */
export type WorkspaceComparison =
  /** The files that differ in the order of code points; none where nothing does. */
  | { readonly kind: "compared"; readonly changes: readonly FileChange[] }
  /** Nothing says that a bundle was materialized into the folder. */
  | { readonly kind: "no workspace" }
  /** It cannot be compared; why, as a clause. */
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * Compares a folder with the bundle that was materialized into it, as far as this machine has that
 * bundle's documents. Every file is read; nothing is fetched.
 *
 * @param stores The repositories that may have the documents.
 */
export async function compareWorkspace(
  root: string,
  stores: AsyncIterable<ContentStore>,
  options: OperationOptions = {},
): Promise<WorkspaceComparison> {
  try {
    const provenance = await readProvenance(root);
    if (provenance === undefined) return { kind: "no workspace" };
    const entries = await keptEntries(provenance, stores, operationOptions(options));
    if (entries === undefined) {
      return { kind: "unknown", reason: `${provenance.manifestDigest} is not on this machine` };
    }
    const report = await verifyWorkspace({ ...options, root, entries });
    return { kind: "compared", changes: changesOf(report) };
  } catch (error) {
    if (!(error instanceof ModelOpsError)) throw error;
    return { kind: "unknown", reason: error.message };
  }
}

/** The entries that are to be in the workspace, from the first store that has all of them. */
async function keptEntries(
  provenance: Provenance,
  stores: AsyncIterable<ContentStore>,
  options: OperationOptions,
): Promise<readonly BundleEntry[] | undefined> {
  const { manifestDigest: digest } = provenance;
  for await (const store of stores) {
    try {
      const read = await readBundle(store, await store.resolve(digest, options), options);
      const bundle = { ...read, ref: { kind: "digest", digest } } as const;
      return await Array.fromAsync(selectedEntries(bundle, provenance, options));
    } catch (error) {
      // A cache may have lost a part, and a damaged document is as good as none.
      if (!isMissing(error) && !(error instanceof IntegrityError)) throw error;
    }
  }
  return undefined;
}

function changesOf({ files, extra }: VerifyReport): readonly FileChange[] {
  const known = files.flatMap(({ path, state, reason }): FileChange[] => {
    if (state === "modified") return [{ path, change: "modified", reason }];
    return state === "missing" ? [{ path, change: "removed", reason }] : [];
  });
  const added = extra.map((path): FileChange => ({ path, change: "added" }));
  return [...known, ...added].sort((a, b) => compareText(a.path, b.path));
}
