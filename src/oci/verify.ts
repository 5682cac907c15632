/**
 * Reads content of the local store again and compares it with its digests.
 * @module
 */
import { mapConcurrent } from "../core/concurrency.ts";
import { type Digest, isDigest, shortDigest } from "../core/digest.ts";
import { ModelOpsError } from "../core/errors.ts";
import { isOfThisRun } from "../core/file_errors.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import { reported } from "../core/progress.ts";
import { collectInSeries } from "../core/runtime/garbage.ts";
import { DiskRepository } from "./disk_repository.ts";
import type { DiskStore } from "./disk_store.ts";
import { children } from "./manifest.ts";
import { isManifestType, MediaType } from "./media_types.ts";

/** A place in the store where verifying begins. */
export interface VerifyRoot {
  /** Name of the repository. */
  readonly repository: string;
  /** A tag or a digest. */
  readonly target: string;
}

/** An artifact whose content was looked at. */
export interface VerifiedArtifact extends VerifyRoot {
  /** Digest of its manifest. */
  readonly digest: Digest;
}

/** Content that is not what its digest says. */
export interface DamagedContent {
  /** Digest that it should have. */
  readonly digest: Digest;
  /** What is wrong with it, in one clause. */
  readonly reason: string;
  /** The artifacts that need it; none when no manifest lists it. */
  readonly artifacts: readonly VerifiedArtifact[];
}

/** What verifying found. */
export interface VerifyStoreReport {
  /** The artifacts whose content was read. */
  readonly artifacts: readonly VerifiedArtifact[];
  /** Pieces of content that were read or looked for. */
  readonly checked: number;
  /** Bytes that were read. */
  readonly bytes: number;
  /** What is not as its digest says. */
  readonly damaged: readonly DamagedContent[];
}

/** How to verify. */
export interface VerifyStoreOptions extends OperationOptions {
  /** Pieces of content that are read at once. */
  readonly concurrency?: number;
}

/** The artifacts of a repository that are one manifest: tags may name it by the thousand. */
type SameArtifacts = VerifiedArtifact[];

/** A piece of content, and who needs it. */
interface Needed {
  /** The size that a manifest says; absent where none does. */
  readonly size?: number;
  readonly artifacts: Set<SameArtifacts>;
}

/**
 * Verifies what artifacts are made of, or with `"all"` everything in the store. What is found
 * damaged counts as missing from then on, so that copying the artifact again brings it and nothing
 * else.
 * @throws {NotFoundError} when there is no such artifact.
 */
export async function verifyStore(
  store: DiskStore,
  roots: readonly VerifyRoot[] | "all",
  options: VerifyStoreOptions = {},
): Promise<VerifyStoreReport> {
  await using _lock = await store.lock.reading(options);
  const survey = new Survey(store, operationOptions(options));
  for (const root of roots === "all" ? await allRoots(store) : roots) await survey.add(root);
  if (roots === "all") await survey.addRest();
  const { needed } = survey;
  const found = await mapConcurrent(
    needed,
    ([digest, { size }]) => checkContent(store, digest, size, options),
    options,
  );
  return {
    artifacts: survey.artifacts,
    checked: found.length,
    bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
    damaged: found.flatMap(({ digest, reason }) =>
      reason === undefined
        ? []
        : [{ digest, reason, artifacts: [...needed.get(digest)?.artifacts ?? []].flat() }]
    ),
  };
}

/** A place to begin, and whether what its repository never had may be missing of it. */
interface Root extends VerifyRoot {
  readonly mayBePart?: boolean;
}

/**
 * Every tag, and every manifest that no tag names: of that there may be a part only, as of a bundle
 * of which a machine needs one role.
 */
async function allRoots(store: DiskStore): Promise<Root[]> {
  const roots: Root[] = [];
  for (const { name, parts } of await store.folders()) {
    if (!parts.includes("_manifests")) continue;
    const { members, tagLinks } = new DiskRepository(name, store);
    const untagged = new Set(await members.all("_manifests/revisions"));
    for await (const tag of tagLinks.all()) {
      roots.push({ repository: name, target: tag });
      const digest = await tagLinks.target(tag);
      if (digest !== undefined) untagged.delete(digest);
    }
    for (const digest of untagged) {
      // Pruning that was stopped leaves the folder of a link that it took.
      if (!await members.hasManifest(digest)) continue;
      roots.push({ repository: name, target: digest, mayBePart: true });
    }
  }
  return roots;
}

/** Finds out which content there has to be. */
class Survey {
  readonly needed = new Map<Digest, Needed>();
  readonly artifacts: VerifiedArtifact[] = [];
  /** The same artifacts by their repository and digest. */
  readonly #same = new Map<string, SameArtifacts>();
  readonly #store: DiskStore;
  readonly #options: OperationOptions;

  constructor(store: DiskStore, options: OperationOptions) {
    this.#store = store;
    this.#options = options;
  }

  async add({ mayBePart = false, ...root }: Root): Promise<void> {
    const repository = new DiskRepository(root.repository, this.#store);
    const named = isDigest(root.target)
      ? root.target
      : await repository.tagLinks.target(root.target);
    // Whoever asks for an artifact that is not here is told so in the usual words.
    const digest = named ?? (await repository.resolve(root.target, this.#options)).digest;
    const artifact = { ...root, digest };
    collectInSeries(this.artifacts.push(artifact));
    const place = `${root.repository}@${digest}`;
    const known = this.#same.get(place);
    if (known) {
      known.push(artifact);
      return;
    }
    const artifacts = [artifact];
    this.#same.set(place, artifacts);
    const manifest = { digest, mediaType: MediaType.imageManifest };
    await this.#need({ repository, artifacts, mayBePart }, manifest);
  }

  /** Adds the blobs that no manifest lists. */
  async addRest(): Promise<void> {
    for await (const digest of this.#store.blobs.digests()) {
      if (!this.needed.has(digest)) this.needed.set(digest, { artifacts: new Set() });
    }
  }

  async #need(
    whole: {
      readonly repository: DiskRepository;
      readonly artifacts: SameArtifacts;
      readonly mayBePart: boolean;
    },
    { digest, mediaType, size }: { digest: Digest; mediaType: string; size?: number },
  ): Promise<void> {
    const { repository, artifacts, mayBePart } = whole;
    this.#options.signal?.throwIfAborted();
    const known = this.needed.get(digest) ?? { size, artifacts: new Set() };
    this.needed.set(digest, { ...known, size: known.size ?? size });
    if (known.artifacts.has(artifacts)) return;
    known.artifacts.add(artifacts);
    if (!isManifestType(mediaType)) return;
    const document = await this.#manifest(repository, digest);
    if (document === undefined) return;
    for (const child of children(document)) {
      if (mayBePart && !await repository.members.has(child)) continue;
      await this.#need(whole, child);
    }
  }

  /** A manifest; `undefined` when it cannot be read, which reading its bytes will tell. */
  async #manifest(repository: DiskRepository, digest: Digest) {
    return await repository.manifests.readIfWhole(digest, { signal: this.#options.signal });
  }
}

interface CheckedContent {
  readonly digest: Digest;
  readonly bytes: number;
  readonly reason?: string;
}

async function checkContent(
  store: DiskStore,
  digest: Digest,
  size: number | undefined,
  options: VerifyStoreOptions,
): Promise<CheckedContent> {
  const actual = await store.blobs.size(digest);
  const reason = actual === undefined
    ? "it is missing"
    : size !== undefined && size !== actual
    ? `it has ${actual} bytes, not ${size}`
    : await contentFault(store, digest, actual, options);
  if (reason === undefined) return { digest, bytes: actual ?? 0 };
  store.blobs.distrust(digest);
  return { digest, bytes: 0, reason };
}

async function contentFault(
  store: DiskStore,
  digest: Digest,
  size: number,
  options: VerifyStoreOptions,
): Promise<string | undefined> {
  const item = { id: digest, name: shortDigest(digest), phase: "hash", size } as const;
  try {
    const isRight = await reported(
      item,
      options,
      (onBytes) => store.blobs.isRight({ digest, size }, { ...operationOptions(options), onBytes }),
    );
    return isRight ? undefined : "its bytes have another digest";
  } catch (error) {
    if (!(error instanceof ModelOpsError) || isOfThisRun(error)) throw error;
    return error.message;
  }
}
