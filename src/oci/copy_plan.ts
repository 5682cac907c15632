/**
 * What there is to copy: a graph of manifests is read from its root down, within limits, and
 * becomes steps that are taken one after the other.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { collectGarbage } from "../core/runtime/garbage.ts";
import { capability } from "./capabilities.ts";
import type { Descriptor } from "./descriptor.ts";
import { children, type ManifestDocument, parseManifest } from "./manifest.ts";
import { isManifestType } from "./media_types.ts";
import { type ContentStore, readContent } from "./store.ts";

/** Indexes may list indexes, but no artifact in the field goes deeper than two. */
const DEPTH_LIMIT = 8;

/** Bytes of manifests that are read ahead to know what there is to do. */
const PLANNED_BYTES = 16 * 1024 * 1024;

/** The most nodes of a graph: an index may list as many manifests as fit, and each of them more. */
const NODE_LIMIT = 200_000;

/** What to do with a manifest or a blob; `undefined` is to copy it. */
export type CopyDecision = "skip" | undefined | void;

/** A node of the graph, and what is to be done with it. */
export type CopyStep =
  /** A manifest and the blobs that it lists and nothing before it did. */
  | { readonly kind: "manifest"; readonly descriptor: Descriptor; readonly below: Descriptor[] }
  | { readonly kind: "blob"; readonly descriptor: Descriptor; readonly below: [] }
  /** What is there already, with the blobs that this settles. */
  | { readonly kind: "there"; readonly descriptor: Descriptor; readonly below: Descriptor[] }
  /** What somebody wants left out. */
  | { readonly kind: "left out"; readonly descriptor: Descriptor; readonly below: [] }
  /** A manifest that is looked at when it is its turn: plans are bounded in memory. */
  | {
    readonly kind: "later";
    readonly descriptor: Descriptor;
    readonly below: [];
    readonly depth: number;
  };

/** How a graph is looked through. */
interface SurveyOptions extends OperationOptions {
  /** Decides about each manifest that the target does not have. */
  readonly before?: (descriptor: Descriptor) => CopyDecision | Promise<CopyDecision>;
}

/** Looks through a graph between two stores, at each node once. */
export class GraphSurvey {
  readonly #from: ContentStore;
  readonly #to: ContentStore;
  readonly #options: SurveyOptions;
  readonly #seen = new Set<Digest>();
  /** Manifests that were read and are not written yet. */
  readonly #documents = new Map<Digest, ManifestDocument>();
  readonly #configs = new Set<Digest>();

  /** Looks for what `from` has and `to` does not; nothing is read yet. */
  constructor(from: ContentStore, to: ContentStore, options: SurveyOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  /**
   * What is to be done with a node and those below it, children first.
   * @throws {InvalidInputError} when the graph is too deep or too large.
   */
  async plan(root: Descriptor, depth: number): Promise<CopyStep[]> {
    const steps: CopyStep[] = [];
    await this.#survey(root, depth, { steps, bytes: 0 });
    return steps;
  }

  /** The document of a manifest that is to be copied; it is not kept any longer. */
  takeDocument({ digest }: Descriptor): ManifestDocument {
    const document = this.#documents.get(digest)!;
    this.#documents.delete(digest);
    return document;
  }

  /** Whether a node is a manifest, or the configuration of one that was read. */
  isDocument({ mediaType, digest }: Descriptor): boolean {
    return isManifestType(mediaType) || this.#configs.has(digest);
  }

  async #survey(
    descriptor: Descriptor,
    depth: number,
    plan: { readonly steps: CopyStep[]; bytes: number },
  ): Promise<void> {
    if (this.#seen.has(descriptor.digest)) return;
    if (plan.bytes > PLANNED_BYTES) {
      plan.steps.push({ kind: "later", descriptor, below: [], depth });
      return;
    }
    this.#seen.add(descriptor.digest);
    if (this.#seen.size > NODE_LIMIT) {
      throw new InvalidInputError(
        `Cannot copy ${descriptor.digest}: there are more than ${NODE_LIMIT} contents in all`,
      );
    }
    this.#options.signal?.throwIfAborted();
    if (!isManifestType(descriptor.mediaType)) {
      plan.steps.push({ kind: "blob", descriptor, below: [] });
    } else if (await this.#to.has(descriptor, this.#options)) {
      const below = await this.#settledBy(descriptor);
      plan.steps.push({ kind: "there", descriptor, below });
    } else if (await this.#options.before?.(descriptor) === "skip") {
      plan.steps.push({ kind: "left out", descriptor, below: [] });
    } else await this.#surveyManifest(descriptor, depth, plan);
  }

  async #surveyManifest(
    descriptor: Descriptor,
    depth: number,
    plan: { readonly steps: CopyStep[]; bytes: number },
  ): Promise<void> {
    if (depth > DEPTH_LIMIT) {
      throw new InvalidInputError(
        `Cannot copy ${descriptor.digest}: indexes are nested more than ${DEPTH_LIMIT} deep`,
      );
    }
    const bytes = await readContent(this.#from, descriptor, this.#options);
    const document = this.#parse(bytes, descriptor);
    this.#documents.set(descriptor.digest, document);
    plan.bytes += bytes.byteLength;
    const below = children(document);
    for (const child of below) {
      if (isManifestType(child.mediaType)) await this.#survey(child, depth + 1, plan);
    }
    const blobs = below.filter(({ mediaType, digest }) => {
      const first = !isManifestType(mediaType) && !this.#seen.has(digest);
      if (first) this.#seen.add(digest);
      return first;
    });
    plan.steps.push({ kind: "manifest", descriptor, below: blobs });
  }

  /**
   * The blobs that need no look because their manifest is in the target: for progress, so nothing
   * is asked of a registry for their names.
   */
  async #settledBy(descriptor: Descriptor): Promise<Descriptor[]> {
    if (this.#options.progress === undefined) return [];
    const isLocal = (store: ContentStore) => capability(store, "filePath") !== undefined;
    const local = [this.#to, this.#from].find(isLocal);
    // A manifest that cannot be read is counted alone: nothing of it is to be copied.
    const bytes = local && await readContent(local, descriptor).catch(() => undefined);
    if (bytes === undefined) return [];
    return children(this.#parse(bytes, descriptor))
      .filter(({ mediaType }) => !isManifestType(mediaType));
  }

  #parse(bytes: Uint8Array<ArrayBuffer>, { mediaType }: Descriptor): ManifestDocument {
    const document = parseManifest(bytes, mediaType);
    // What the text was parsed to before it was checked is as large as what stays.
    collectGarbage();
    if (document.kind === "manifest" && document.config) {
      this.#configs.add(document.config.digest);
    }
    return document;
  }
}
