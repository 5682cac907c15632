/**
 * The only mover of content: push, pull, tag, attach and mirror are all this, between two stores.
 * @module
 */
import { mapConcurrent } from "../core/concurrency.ts";
import { type Digest, shortDigest } from "../core/digest.ts";
import { checkRoom, type RoomNeeded } from "../core/folders/room.ts";
import { collectInSeries } from "../core/runtime/garbage.ts";
import type { OperationOptions, ProgressPhase } from "../core/operation.ts";
import {
  reported,
  reportPlan,
  reportSkipped,
  type SizedItem,
  watchedSource,
} from "../core/progress.ts";
import { type BlobSource, bytesSource } from "../core/content/source.ts";
import { type HeldWorkers, holdWorkers } from "../work/pool.ts";
import { WORTH_A_WORKER } from "../work/task.ts";
import { capability } from "./capabilities.ts";
import { type CopyDecision, type CopyStep, GraphSurvey } from "./copy_plan.ts";
import type { Descriptor } from "./descriptor.ts";
import type { ManifestDocument } from "./manifest.ts";
import { type ContentStore, storeSource, takenFrom, writeTagged } from "./store.ts";

/** How to copy. */
export interface CopyGraphOptions extends OperationOptions {
  /** What the root is called in the target, from the moment that all of it is there. */
  readonly tag?: string;
  /** Blobs moved at once; 5 when absent or 0. */
  readonly concurrency?: number;
  /** What to call the movement in progress events; `copy` when absent. */
  readonly phase?: ProgressPhase;
  /** What a person calls a piece of content; a short digest when absent. */
  readonly describe?: (descriptor: Descriptor) => string | undefined;
  /**
   * Called once with each manifest and blob that the target does not have, before anything of it is
   * copied. `"skip"` leaves it out, with everything that only it refers to; what refers to it is
   * copied all the same. An error ends the copy.
   */
  readonly before?: (descriptor: Descriptor) => CopyDecision | Promise<CopyDecision>;
  /**
   * Called when all that the root refers to is in the target, and before the root is written or
   * tagged. An error ends the copy.
   */
  readonly beforeRoot?: () => void | Promise<void>;
  /** Called once with each manifest and blob that was copied or mounted, children first. */
  readonly after?: (descriptor: Descriptor) => void | Promise<void>;
}

/** What a copy did. */
export interface CopyReport {
  /** Blobs and manifests written. */
  readonly copied: number;
  /** Blobs and manifests that were there already, were mounted, or were to be left out. */
  readonly skipped: number;
  /** Bytes written. */
  readonly bytes: number;
}

/**
 * Copies `root` and everything it refers to, children first, so that a manifest never exists in the
 * target before its content does. What the target has is left alone; what it can mount is mounted.
 *
 * Content is verified by the target as it is written. After a failure the blobs that were finished
 * stay, so that another run moves only the rest.
 * @throws {NotFoundError} when the source lacks a part.
 * @throws {IntegrityError} when a part is not what its descriptor says.
 */
export async function copyGraph(
  from: ContentStore,
  to: ContentStore,
  root: Descriptor,
  options: CopyGraphOptions = {},
): Promise<CopyReport> {
  using workers = holdWorkers();
  const copier = new GraphCopier(from, to, options, workers);
  await copier.copyRoot(root);
  return copier.report;
}

/** The room that contents need in a target; `undefined` where that is no disk, or needs none. */
export function roomIn(
  to: ContentStore,
  from: ContentStore,
  blobs: readonly Descriptor[],
): { readonly folder: string; readonly needed: RoomNeeded } | undefined {
  const roomFor = capability(to, "roomFor");
  if (roomFor === undefined || blobs[0] === undefined) return undefined;
  const needed = {
    most: blobs.reduce((sum, { size }) => sum + size, 0),
    exact: () => blobs.reduce((sum, blob) => sum + roomFor(blob).bytes, 0),
    copies: capability(from, "filePath") !== undefined,
  };
  return { folder: roomFor(blobs[0]).folder, needed };
}

/** Takes the steps of a copy. */
class GraphCopier {
  readonly #from: ContentStore;
  readonly #to: ContentStore;
  readonly #options: CopyGraphOptions;
  readonly #workers: HeldWorkers;
  readonly #survey: GraphSurvey;
  #root: Digest | undefined;
  /** Whether the root has its tag, or was left out and gets none. */
  #named = false;
  readonly report = { copied: 0, skipped: 0, bytes: 0 };

  constructor(
    from: ContentStore,
    to: ContentStore,
    options: CopyGraphOptions,
    workers: HeldWorkers,
  ) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    this.#workers = workers;
    this.#survey = new GraphSurvey(from, to, options);
  }

  /** Copies everything, and tags the root: with the request that writes it, where there is one. */
  async copyRoot(root: Descriptor): Promise<void> {
    this.#root = root.digest;
    await this.#copy(root, 0);
    const { tag } = this.#options;
    if (tag === undefined || this.#named) return;
    await this.#options.beforeRoot?.();
    const source = storeSource(this.#from, root);
    await writeTagged(this.#to, { manifest: root, source, tag }, this.#options);
  }

  /** Copies one node and what is below it, once. */
  async #copy(root: Descriptor, depth: number): Promise<void> {
    const steps = await this.#survey.plan(root, depth);
    reportPlan(this.#phase, this.#planned(steps), this.#options);
    const blobs = steps.flatMap(({ kind, below }) => kind === "manifest" ? below : []);
    this.#expectWork(blobs);
    const room = roomIn(this.#to, this.#from, blobs);
    if (room !== undefined) await checkRoom(room.folder, room.needed);
    for (const step of steps) await this.#take(step);
  }

  /** What progress counts of some steps. */
  *#planned(steps: readonly CopyStep[]): Generator<SizedItem, void> {
    for (const { kind, descriptor, below } of steps) {
      if (kind === "later") continue;
      yield this.#item(descriptor);
      for (const each of below) yield this.#item(each);
    }
  }

  /** Has workers start for what they will receive, while this thread goes on with the rest. */
  #expectWork(blobs: readonly Descriptor[]): void {
    const roomFor = capability(this.#to, "roomFor");
    const isLocal = capability(this.#from, "filePath") !== undefined;
    if (roomFor === undefined || isLocal || !capability(this.#from, "toFile")) return;
    const large = blobs.filter(({ size }) => size >= WORTH_A_WORKER);
    this.#workers.expect(large.map((blob) => roomFor(blob).bytes));
  }

  async #take(step: CopyStep): Promise<void> {
    this.#options.signal?.throwIfAborted();
    if (step.kind === "later") return await this.#copy(step.descriptor, step.depth);
    if (step.kind === "blob") return await this.#copyBlob(step.descriptor);
    if (step.kind === "left out") this.#named ||= step.descriptor.digest === this.#root;
    if (step.kind !== "manifest") return this.#skip(step.descriptor, step.below);
    const { signal, concurrency } = this.#options;
    const total = step.below.reduce((sum, { size }) => sum + size, 0);
    await mapConcurrent(step.below, (blob) => this.#copyBlob(blob, total), {
      signal,
      concurrency,
    });
    await this.#writeManifest(step.descriptor);
    await this.#options.after?.(step.descriptor);
  }

  async #writeManifest(descriptor: Descriptor): Promise<void> {
    const document = this.#survey.takeDocument(descriptor);
    const isRoot = descriptor.digest === this.#root;
    if (isRoot) await this.#options.beforeRoot?.();
    const tag = isRoot ? this.#options.tag : undefined;
    await this.#write(descriptor, bytesSource(document.bytes), { tag, document });
  }

  /** Copies a blob; `total` is the size of all that are copied with it. */
  async #copyBlob(descriptor: Descriptor, total?: number): Promise<void> {
    const { before, after } = this.#options;
    const isAsked = capability(this.#to, "isWorthAsking")?.(descriptor) ?? true;
    if (isAsked && await this.#to.has(descriptor, this.#options)) return this.#skip(descriptor);
    if (await before?.(descriptor) === "skip") return this.#skip(descriptor);
    if (await this.#mount(descriptor)) this.#skip(descriptor);
    else await this.#write(descriptor, storeSource(this.#from, descriptor, total));
    await after?.(descriptor);
  }

  async #mount(descriptor: Descriptor): Promise<boolean> {
    const mount = capability(this.#to, "mount");
    const origin = capability(this.#from, "origin")?.(descriptor);
    return mount !== undefined && origin !== undefined &&
      await mount(descriptor, origin, this.#options);
  }

  async #write(
    descriptor: Descriptor,
    source: BlobSource,
    { tag, document }: { readonly tag?: string; readonly document?: ManifestDocument } = {},
  ): Promise<void> {
    // A target that has to know what a manifest lists does not parse it again.
    const options = { ...this.#options, document };
    let kept = 0;
    await reported(this.#item(descriptor), this.#options, async (onBytes) => {
      const watched = watchedSource(source, (bytes, before = 0) => onBytes(bytes, kept = before));
      if (tag === undefined) {
        return await takenFrom(
          this.#from,
          descriptor,
          () => this.#to.write(descriptor, watched, options),
        );
      }
      await writeTagged(this.#to, { manifest: descriptor, source: watched, tag }, options);
      this.#named = true;
    });
    // A target that has the content under another name, or all of it of an earlier run, says so.
    if (kept > 0 && kept === descriptor.size) {
      this.report.skipped++;
      return;
    }
    this.report.copied++;
    this.report.bytes += descriptor.size;
  }

  #skip(descriptor: Descriptor, below: readonly Descriptor[] = []): void {
    this.report.skipped++;
    for (const [index, each] of below.entries()) {
      collectInSeries(index);
      reportSkipped(this.#item(each), this.#options);
    }
    reportSkipped(this.#item(descriptor), this.#options);
  }

  get #phase(): ProgressPhase {
    return this.#options.phase ?? "copy";
  }

  #item(descriptor: Descriptor): SizedItem {
    return {
      id: descriptor.digest,
      ...(this.#survey.isDocument(descriptor) ? { document: true } : {}),
      phase: this.#phase,
      name: this.#options.describe?.(descriptor) ?? shortDigest(descriptor.digest),
      size: descriptor.size,
    };
  }
}
