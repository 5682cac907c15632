/**
 * Uploads the files of a bundle that go to an object store.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { digestHex } from "../../core/digest.ts";
import { ConflictError, ifFound, InvalidInputError } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { reportPlan, reportSkipped } from "../../core/progress.ts";
import { quote } from "../../core/text.ts";
import type { CopyReport } from "../../oci/copy_graph.ts";
import type { BundleProvider } from "../provider.ts";
import type { ObjectStore, PutObjectOptions } from "../../objects/object_store.ts";
import { type PlacedFile, placedFiles, type StoragePlan } from "./plan.ts";

/** What the object store was sent, counted by objects. */
export type ExternalReport = CopyReport;

/** Where to upload to. */
export interface ExternalOptions
  extends
    OperationOptions,
    Pick<BundleProvider, "objects">,
    Pick<PutObjectOptions, "beforeReplace"> {
  /** Objects moved at once; 5 when absent or 0. */
  readonly concurrency?: number;
}

type ExternalFile = PlacedFile & {
  readonly decision: Extract<PlacedFile["decision"], { kind: "external" }>;
};

/**
 * Uploads the external files of a plan; objects that have the same content already are left alone.
 * An object of other content is replaced, and that is logged as a warning, since earlier bundles
 * may name it. One that another command writes meanwhile is not.
 * @throws {InvalidInputError} when there are external files and no store to take them.
 * @throws {ConflictError} when another command has written other content under an address.
 */
export async function publishExternals(
  plan: StoragePlan,
  options: ExternalOptions,
): Promise<ExternalReport> {
  const files = externalFiles(plan);
  const [first] = files;
  if (first === undefined) return { copied: 0, skipped: 0, bytes: 0 };
  if (options.objects === undefined) {
    throw new InvalidInputError(
      `Cannot upload ${quote(first.path)} to ${quote(first.decision.uri)}: ` +
        "no object store is configured",
      { path: first.path, setting: "azureCredential" },
    );
  }
  const objects = await options.objects();
  reportPlan("upload", files, options);
  const sent = await mapConcurrent(files, (file) => publish(file, objects, options), options);
  return {
    copied: sent.filter((bytes) => bytes !== undefined).length,
    skipped: sent.filter((bytes) => bytes === undefined).length,
    bytes: sent.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0),
  };
}

/** The external files of a plan, one for each address. */
function externalFiles(plan: StoragePlan): readonly ExternalFile[] {
  const external = placedFiles(plan).filter((file): file is ExternalFile =>
    file.decision.kind === "external"
  );
  return [...new Map(external.map((file) => [file.decision.uri, file])).values()];
}

/**
 * Makes sure that the objects of a plan still are what its bundle is going to name.
 * @throws {ConflictError} when another command has replaced one.
 */
export async function checkExternals(plan: StoragePlan, options: ExternalOptions): Promise<void> {
  const { name, version } = plan.inventory.spec;
  const files = externalFiles(plan);
  const objects = files.length > 0 ? await options.objects?.() : undefined;
  await mapConcurrent(files, async ({ decision: { uri }, digest, size }) => {
    const there = await objects?.stat(uri, operationOptions(options));
    const sha256 = digestHex(digest);
    if (there?.size === size && (there.sha256 ?? sha256) === sha256) return;
    throw new ConflictError(
      `Cannot publish ${quote(`${name}:${version}`)}: another command has replaced ${uri}`,
      { remedy: "run the command again, one at a time" },
    );
  }, options);
}

/** Uploads a file and returns its size, or `undefined` when its object was there. */
async function publish(
  file: ExternalFile,
  objects: ObjectStore,
  options: ExternalOptions,
): Promise<number | undefined> {
  const { decision: { uri, tier }, path, size } = file;
  const sha256 = digestHex(file.digest);
  const item = { id: uri, phase: "upload", name: path, size } as const;
  const there = await ifFound(objects.stat(uri, { ...operationOptions(options), toWrite: true }));
  const { signal, log, beforeReplace } = options;
  if (there?.size === size && there.sha256 === sha256) {
    reportSkipped(item, options);
    // The store moves what it has to another tier without its bytes.
    const put = { signal, log, sha256, tier, there };
    if (there.tier !== tier) await objects.put(uri, file.source, put);
    return undefined;
  }
  if (there) options.log?.("warning", `Replacing ${uri}, which earlier bundles may name`, { uri });
  const put = { ...operationOptions(options), sha256, tier, shownName: path, beforeReplace };
  await objects.put(uri, file.source, { ...put, there: there ?? "nothing" });
  return size;
}
