/**
 * Publishes the bundle of a working directory.
 *
 * Everything that can be wrong is looked for first: spec, files, places, tags. Then the external
 * objects are uploaded, then the files and documents for the registry. The tags are looked at once
 * more before an object is replaced, and together with the objects before the manifest is written,
 * which brings the first of them: a bundle that is refused by then has neither manifest nor tag.
 * They are looked at again when all are set. Last the version in the spec is raised, if that was
 * asked for.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { InvalidInputError, type TransferError } from "../../core/errors.ts";
import { roomFault } from "../../core/folders/room.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { bytesSource } from "../../core/content/source.ts";
import { quote } from "../../core/text.ts";
import { copyGraph, type CopyReport, roomIn } from "../../oci/copy_graph.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { isTag } from "../../oci/reference.ts";
import type { BumpKind } from "../spec/bump.ts";
import { type BumpedSpec, bumpSpec, writeBumpedSpec } from "../spec/bumped.ts";
import { bundleContents } from "./content.ts";
import { TITLE_ANNOTATION } from "../documents/media_types.ts";
import { placesOf, type PlanOptions, planStorage, type StoragePlan } from "./plan.ts";
import { checkExternals, type ExternalReport, publishExternals } from "./externals.ts";
import { findHome } from "./home.ts";
import { readSpecFile } from "../spec/read.ts";
import type { BundleProvider } from "../provider.ts";
import type { NameOptions } from "../workspace/path.ts";
import { scanWorkdir } from "./scan.ts";
import { guardTags } from "./tag_guard.ts";

/** How to publish. */
export interface PushOptions extends OperationOptions, NameOptions {
  /** Tags besides the version. */
  readonly tags?: readonly string[];
  /** Lets tags move that name another bundle. */
  readonly force?: boolean;
  /** Changes nothing anywhere. */
  readonly dryRun?: boolean;
  /** Publishes the next version, and writes it into the spec. */
  readonly bump?: BumpKind;
  /** Contents moved at once; 5 when absent or 0. */
  readonly concurrency?: number;
}

/** What publishing did, or would do. */
export interface PublishResult {
  /** `repository:version`. */
  readonly reference: string;
  /** Name of the repository, with its host. */
  readonly repository: string;
  /** Whether that is one of the local store, which nobody else sees. */
  readonly isLocal: boolean;
  /** Name of the bundle. */
  readonly name: string;
  /** Version that was published. */
  readonly version: string;
  /** Version in the spec before it was raised. */
  readonly previousVersion?: string;
  /** Digest of the manifest. */
  readonly digest: Digest;
  /** The tags. */
  readonly tags: readonly string[];
  /** Where each file went. */
  readonly plan: StoragePlan;
  /** What the registry was sent: contents written and skipped, and bytes. */
  readonly registry: CopyReport;
  /** What the object store was sent. */
  readonly external: ExternalReport;
  /** Whether all tags named this bundle before. */
  readonly upToDate: boolean;
  /** Whether nothing was changed because nothing was to be. */
  readonly dryRun: boolean;
  /** Why the files certainly do not fit into the local store; only a dry run has it. */
  readonly noRoom?: TransferError;
}

/**
 * Publishes the bundle of a working directory.
 * @throws {InvalidInputError} when the spec or the files cannot be published.
 * @throws {ConflictError} when a tag names another bundle and `force` is not given.
 */
export async function publishBundle(
  workdir: string,
  provider: BundleProvider,
  options: PushOptions = {},
): Promise<PublishResult> {
  const operation = operationOptions(options);
  const source = bumpSpec(await readSpecFile(workdir, operation), options.bump);
  const { name, version } = source.spec;
  const tags = tagsOf(version, options.tags);
  const plan = await planFor(workdir, source, {
    ...options,
    ...await placesOf(source.spec, provider),
  });
  const { written, store: contents } = await bundleContents(plan);
  const root = written.manifest.descriptor;
  const { repository, store, others } = await findHome(provider, source.spec, operation);
  const guard = { ...operation, tags, digest: root.digest, force: options.force };
  for (const other of others) await guardTags(other, guard);
  const result = {
    reference: `${repository}:${version}`,
    repository,
    isLocal: provider.isLocal?.(repository) ?? false,
    name,
    version,
    previousVersion: options.bump === undefined ? undefined : source.previousVersion,
    digest: root.digest,
    tags,
    plan,
    upToDate: await guardTags(store, guard),
    dryRun: options.dryRun ?? false,
  };
  if (options.dryRun) {
    const room = result.upToDate ? undefined : roomIn(store, contents, written.files);
    const noRoom = room && await roomFault(room.folder, room.needed);
    return { ...result, registry: NOTHING, external: NOTHING, noRoom };
  }
  // Another publisher may have moved the tags since the first check.
  const guardAgain = async () => void await guardTags(store, guard);
  const externals = { ...options, objects: provider.objects, beforeReplace: guardAgain };
  const external = await publishExternals(plan, externals);
  const [first, ...more] = tags;
  const registry = await copyGraph(contents, store, root, {
    ...operation,
    tag: first,
    async beforeRoot() {
      await guardAgain();
      await checkExternals(plan, externals);
    },
    concurrency: options.concurrency,
    phase: result.isLocal ? "copy" : "upload",
    describe: describer([root, ...written.documents.map((d) => d.descriptor), ...written.files]),
  });
  for (const tag of more) await store.tag(root, tag, operation);
  // Registries tag whatever comes last: of two publishers at once the first one is told.
  await guardTags(store, { ...guard, force: false });
  await provider.digestIndex?.note(root.digest, repository, operation);
  if (options.bump !== undefined) await writeBumpedSpec(source);
  return { ...result, registry, external };
}

const NOTHING = { copied: 0, skipped: 0, bytes: 0 } as const;

/** Scans and plans; a spec that is itself in the bundle is packed with its new version. */
async function planFor(
  workdir: string,
  source: BumpedSpec,
  options: PushOptions & PlanOptions,
): Promise<StoragePlan> {
  const text = new TextEncoder().encode(source.text);
  const inventory = await scanWorkdir(workdir, {
    ...operationOptions(options),
    concurrency: options.concurrency,
    spec: source.spec,
    portable: options.portable,
    platform: options.platform,
    ...(options.bump === undefined ? {} : { replace: new Map([[source.name, bytesSource(text)]]) }),
  });
  for (const warning of inventory.warnings) options.log?.("warning", warning);
  return planStorage(inventory, options);
}

function tagsOf(version: string, more: readonly string[] = []): readonly string[] {
  const wrong = more.find((tag) => !isTag(tag));
  if (wrong === undefined) return [...new Set([version, ...more])];
  throw new InvalidInputError(`Cannot use ${quote(wrong)} as a tag: it is not one`);
}

/** Names contents by their titles. */
function describer(contents: readonly Descriptor[]): (content: Descriptor) => string | undefined {
  const titles = new Map(
    contents.map(({ digest, annotations }) => [digest, annotations?.[TITLE_ANNOTATION]]),
  );
  return ({ digest }) => titles.get(digest);
}
