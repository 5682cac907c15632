/**
 * Re-hashes the content of a bundle in its registry and its object store.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { digestStream } from "../../core/digest.ts";
import { IntegrityError } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { streamOf, verified } from "../../core/streams.ts";
import { quote } from "../../core/text.ts";
import type { ObjectStore } from "../../objects/object_store.ts";
import type { Bundle, BundleEntry, ExternalEntry, RegistryEntry } from "../documents/bundle.ts";
import { isMissing } from "../resolve/missing_part.ts";
import { Blobs } from "./blobs.ts";
import { pointerOnly, reportOf, type VerifiedFile, type VerifyReport } from "./verify_report.ts";

/** What to verify of a bundle. */
export interface VerifyBundleOptions extends OperationOptions {
  readonly bundle: Bundle;
  readonly entries: Iterable<BundleEntry> | AsyncIterable<BundleEntry>;
  /** Opens the store of external files; they are not looked at when absent. */
  readonly objects?: () => ObjectStore | Promise<ObjectStore>;
  /** Whether external files are read and hashed too, and not only asked for. */
  readonly readExternal?: boolean;
  /** Whether external files are read and hashed whose SHA-256 their store has not recorded. */
  readonly readUnrecorded?: boolean;
}

/** Reads and hashes the content of a bundle where it is stored. Nothing is written. */
export async function verifyBundle(options: VerifyBundleOptions): Promise<VerifyReport> {
  const entries = await Array.fromAsync(options.entries);
  const common = operationOptions(options);
  const blobs = new Blobs(options.bundle.store, undefined, common);
  const objects = entries.some(({ kind }) => kind === "external")
    ? await options.objects?.()
    : undefined;
  const files = await mapConcurrent(entries, async (entry) => {
    if (entry.kind === "registry") return await verifyBlob(blobs, entry, common);
    return objects ? await verifyObject(objects, entry, options) : pointerOnly(entry.path);
  }, options);
  return reportOf(files, []);
}

async function verifyBlob(
  blobs: Blobs,
  { path, blob }: RegistryEntry,
  options: OperationOptions,
): Promise<VerifiedFile> {
  return await outcome(path, async () => {
    const sized = await blobs.sized(blob, path);
    return (await digestStream(await blobs.openDirectly(sized, path), options)).size;
  });
}

async function verifyObject(
  objects: ObjectStore,
  { path, uri, sha256, size }: ExternalEntry,
  options: VerifyBundleOptions,
): Promise<VerifiedFile> {
  const common = operationOptions(options);
  return await outcome(path, async () => {
    const facts = await objects.stat(uri, common);
    const differs = facts.size !== size || (facts.sha256 ?? sha256) !== sha256;
    if (differs) {
      throw new IntegrityError(
        `Cannot verify ${quote(path)}: got ${facts.size} bytes` +
          `${facts.sha256 ? ` of sha256:${facts.sha256}` : ""}, want ${size} of sha256:${sha256}`,
        { path, expected: `sha256:${sha256}`, actual: facts.sha256 ?? facts.size },
      );
    }
    const unrecorded = facts.sha256 === undefined && options.readUnrecorded;
    if (!options.readExternal && !unrecorded) return 0;
    const expected = { digest: `sha256:${sha256}` as const, size };
    const stream = await objects.open(uri, { ...common, etag: facts.etag });
    return (await digestStream(streamOf(verified(stream, expected, uri)), common)).size;
  });
}

/** Turns the errors that speak of the content into findings; others end the verification. */
async function outcome(path: string, read: () => Promise<number>): Promise<VerifiedFile> {
  try {
    return { path, state: "ok", bytes: await read() };
  } catch (error) {
    if (isMissing(error)) return { path, state: "missing", bytes: 0, reason: error.message };
    if (!(error instanceof IntegrityError)) throw error;
    return { path, state: "modified", bytes: 0, reason: error.message };
  }
}
