/**
 * The only mover of content: push, pull, tag, attach and mirror are all this, between two stores.
 * @module
 */
import { mapConcurrent } from "../core/concurrency.ts";
import { type Digest, shortDigest } from "../core/digest.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { OperationOptions, ProgressPhase } from "../core/operation.ts";
import { type ProgressItem, reported, reportSkipped, watchedSource } from "../core/progress.ts";
import { type BlobSource, bytesSource } from "../core/source.ts";
import { capability } from "./capabilities.ts";
import type { Descriptor } from "./descriptor.ts";
import { children, parseManifest } from "./manifest.ts";
import { isManifestType } from "./media_types.ts";
import { type ContentStore, readContent, storeSource } from "./store.ts";

/** Indexes may list indexes, but no artifact in the field goes deeper than two. */
const DEPTH_LIMIT = 8;

/** How to copy. */
export interface CopyGraphOptions extends OperationOptions {
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
  /** Called once with each manifest and blob that was copied or mounted, children first. */
  readonly after?: (descriptor: Descriptor) => void | Promise<void>;
}

/** What to do with a manifest or a blob; `undefined` is to copy it. */
export type CopyDecision = "skip" | undefined | void;

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
  const copier = new GraphCopier(from, to, options);
  await copier.copy(root, 0);
  return copier.report;
}

class GraphCopier {
  readonly #from: ContentStore;
  readonly #to: ContentStore;
  readonly #options: CopyGraphOptions;
  readonly #seen = new Set<Digest>();
  readonly report = { copied: 0, skipped: 0, bytes: 0 };

  constructor(from: ContentStore, to: ContentStore, options: CopyGraphOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  /** Copies one node and what is below it, once. */
  async copy(descriptor: Descriptor, depth: number): Promise<void> {
    if (this.#seen.has(descriptor.digest)) return;
    this.#seen.add(descriptor.digest);
    this.#options.signal?.throwIfAborted();
    if (await this.#to.has(descriptor, this.#options)) return this.#skip(descriptor);
    if (await this.#options.before?.(descriptor) === "skip") return this.#skip(descriptor);
    if (isManifestType(descriptor.mediaType)) await this.#copyManifest(descriptor, depth);
    else await this.#copyBlob(descriptor);
    await this.#options.after?.(descriptor);
  }

  async #copyManifest(descriptor: Descriptor, depth: number): Promise<void> {
    if (depth > DEPTH_LIMIT) {
      throw new InvalidInputError(
        `Cannot copy ${descriptor.digest}: indexes are nested more than ${DEPTH_LIMIT} deep`,
      );
    }
    const bytes = await readContent(this.#from, descriptor, this.#options);
    const below = children(parseManifest(bytes, descriptor.mediaType));
    const { signal, concurrency } = this.#options;
    const blobs = below.filter((child) => !isManifestType(child.mediaType));
    await mapConcurrent(blobs, (blob) => this.copy(blob, depth + 1), { signal, concurrency });
    for (const child of below) await this.copy(child, depth + 1);
    await this.#write(descriptor, bytesSource(bytes));
  }

  async #copyBlob(descriptor: Descriptor): Promise<void> {
    if (await this.#mount(descriptor)) return this.#skip(descriptor);
    await this.#write(descriptor, storeSource(this.#from, descriptor));
  }

  async #mount(descriptor: Descriptor): Promise<boolean> {
    const mount = capability(this.#to, "mount");
    const origin = capability(this.#from, "origin")?.(descriptor);
    return mount !== undefined && origin !== undefined &&
      await mount(descriptor, origin, this.#options);
  }

  async #write(descriptor: Descriptor, source: BlobSource): Promise<void> {
    await reported(this.#item(descriptor), this.#options, async (onBytes) => {
      await this.#to.write(descriptor, watchedSource(source, onBytes), this.#options);
    });
    this.report.copied++;
    this.report.bytes += descriptor.size;
  }

  #skip(descriptor: Descriptor): void {
    this.report.skipped++;
    reportSkipped(this.#item(descriptor), this.#options);
  }

  #item(descriptor: Descriptor): Required<ProgressItem> {
    return {
      id: descriptor.digest,
      phase: this.#options.phase ?? "copy",
      name: this.#options.describe?.(descriptor) ?? shortDigest(descriptor.digest),
      size: descriptor.size,
    };
  }
}
