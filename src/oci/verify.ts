/**
 * Reads content of the local store again and compares it with its digests.
 * @module
 */
import { mapConcurrent } from "../core/concurrency.ts";
import { type Digest, isDigest, shortDigest } from "../core/digest.ts";
import { ModelOpsError } from "../core/errors.ts";
import { isOfThisRun } from "../core/file_errors.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import { reported, reportPlan } from "../core/progress.ts";
import { collectInSeries } from "../core/runtime/garbage.ts";
import { sortByText } from "../core/text.ts";
import type { DiskBlobs, FileStamp } from "./disk_blobs.ts";
import { MemberLinks } from "./disk/member_links.ts";
import { PartedRepository, type StoreParts } from "./parts/repository.ts";
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
  /** The parts of the store in which it is a member; each has to have its file. */
  readonly holders: Set<DiskBlobs>;
}

/**
 * Verifies what artifacts are made of, or with `"all"` everything in the store. What is found
 * damaged counts as missing from then on, so that copying the artifact again brings it and nothing
 * else.
 * @throws {NotFoundError} when there is no such artifact.
 */
export async function verifyStore(
  parts: StoreParts,
  roots: readonly VerifyRoot[] | "all",
  options: VerifyStoreOptions = {},
): Promise<VerifyStoreReport> {
  await using _lock = await parts.shared.lock.reading(options);
  const survey = new Survey(parts, operationOptions(options));
  for (const root of roots === "all" ? await allRoots(parts) : roots) await survey.add(root);
  if (roots === "all") await survey.addRest();
  const { needed } = survey;
  const contents = await mapConcurrent(needed, (content) => look(content, blobsOf(parts)));
  reportPlan("hash", contents.flatMap(readFiles).map(([copy]) => copy!.stamp), options);
  const found = await mapConcurrent(contents, (content) => checkContent(content, options), options);
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
async function allRoots(parts: StoreParts): Promise<Root[]> {
  const names = new Set<string>();
  for (const store of [parts.shared, parts.apart]) {
    for (const { name, parts } of await store.folders()) {
      if (parts.includes("_manifests")) names.add(name);
    }
  }
  const roots: Root[] = [];
  for (const name of sortByText([...names], (name) => name)) {
    const repository = new PartedRepository(name, parts);
    const untagged = new Set(await repository.allManifests());
    for await (const tag of repository.tags()) {
      roots.push({ repository: name, target: tag });
      const digest = await repository.named(tag);
      if (digest !== undefined) untagged.delete(digest);
    }
    for (const digest of untagged) {
      roots.push({ repository: name, target: digest, mayBePart: true });
    }
  }
  return roots;
}

/** The blobs of both parts, as far as they are there. */
function blobsOf({ shared, apart }: StoreParts): readonly DiskBlobs[] {
  return [shared.blobs, apart.blobs];
}

/** Finds out which content there has to be. */
class Survey {
  readonly needed = new Map<Digest, Needed>();
  readonly artifacts: VerifiedArtifact[] = [];
  /** The same artifacts by their repository and digest. */
  readonly #same = new Map<string, SameArtifacts>();
  readonly #parts: StoreParts;
  readonly #options: OperationOptions;

  constructor(parts: StoreParts, options: OperationOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async add({ mayBePart = false, ...root }: Root): Promise<void> {
    const repository = new PartedRepository(root.repository, this.#parts);
    const named = isDigest(root.target) ? root.target : await repository.named(root.target);
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
    for (const blobs of blobsOf(this.#parts)) {
      for await (const digest of blobs.digests()) {
        if (this.needed.has(digest)) continue;
        this.needed.set(digest, { artifacts: new Set(), holders: new Set() });
      }
    }
  }

  async #need(
    whole: {
      readonly repository: PartedRepository;
      readonly artifacts: SameArtifacts;
      readonly mayBePart: boolean;
    },
    { digest, mediaType, size }: { digest: Digest; mediaType: string; size?: number },
  ): Promise<void> {
    const { repository, artifacts, mayBePart } = whole;
    this.#options.signal?.throwIfAborted();
    const known = this.needed.get(digest) ?? { size, artifacts: new Set(), holders: new Set() };
    this.needed.set(digest, { ...known, size: known.size ?? size });
    if (known.artifacts.has(artifacts)) return;
    known.artifacts.add(artifacts);
    for (const store of [this.#parts.shared, this.#parts.apart]) {
      const members = new MemberLinks(repository.name, store);
      if (await members.has({ digest, mediaType })) known.holders.add(store.blobs);
    }
    if (!isManifestType(mediaType)) return;
    const document = await this.#manifest(repository, digest);
    if (document === undefined) return;
    for (const child of children(document)) {
      if (mayBePart && !await repository.isMember(child)) continue;
      await this.#need(whole, child);
    }
  }

  /** A manifest; `undefined` when it cannot be read, which reading its bytes will tell. */
  async #manifest(repository: PartedRepository, digest: Digest) {
    return await repository.readIfWhole(digest, { signal: this.#options.signal });
  }
}

/** A file of a content, in one part. */
interface Copy {
  readonly blobs: DiskBlobs;
  readonly stamp: FileStamp;
}

/** One file, in each part that has it. */
type SameFile = readonly Copy[];

/** A content, wherever it is. */
interface FoundContent {
  readonly digest: Digest;
  /** The size that a manifest says; absent where none does. */
  readonly size: number | undefined;
  /** Each part has a file of its own, or both have the same one. */
  readonly files: readonly SameFile[];
  /** Whether a part that has to have it does not. */
  readonly isMissing: boolean;
}

interface CheckedContent {
  readonly digest: Digest;
  /** Bytes that were read. */
  readonly bytes: number;
  readonly reason?: string;
}

/**
 * Looks for a content wherever it is. Where it is a member of one part only, what another has left
 * of it is for prune.
 */
async function look(
  [digest, { size, holders }]: readonly [Digest, Needed],
  all: readonly DiskBlobs[],
): Promise<FoundContent> {
  const copies: Copy[] = [];
  for (const blobs of holders.size > 0 ? holders : all) {
    const stamp = await blobs.stamp(digest);
    if (stamp !== undefined) copies.push({ blobs, stamp });
  }
  const isMissing = copies.length < Math.max(1, holders.size);
  const files = Map.groupBy(copies, ({ stamp }) => stamp.ino ?? stamp);
  return { digest, size, isMissing, files: [...files.values()] };
}

/** The files of a content that are worth reading: those of another size are damaged anyway. */
function readFiles({ size, files }: FoundContent): readonly SameFile[] {
  return files.filter(([copy]) => size === undefined || size === copy?.stamp.size);
}

async function checkContent(
  content: FoundContent,
  options: VerifyStoreOptions,
): Promise<CheckedContent> {
  const { digest, size, isMissing, files } = content;
  let reason = isMissing ? "it is missing" : undefined;
  let bytes = 0;
  for (const file of files) {
    const { blobs, stamp } = file[0]!;
    const isRead = size === undefined || size === stamp.size;
    const fault = isRead
      ? await contentFault(blobs, digest, stamp.size, options)
      : `it has ${stamp.size} bytes, not ${size}`;
    if (isRead) bytes += stamp.size;
    if (fault !== undefined) { for (const { blobs } of file) blobs.distrust(digest); }
    reason ??= fault;
  }
  return { digest, bytes, reason };
}

async function contentFault(
  blobs: DiskBlobs,
  digest: Digest,
  size: number,
  options: VerifyStoreOptions,
): Promise<string | undefined> {
  const item = { id: digest, name: shortDigest(digest), phase: "hash", size } as const;
  try {
    const isRight = await reported(
      item,
      options,
      (onBytes) => blobs.isRight({ digest, size }, { ...operationOptions(options), onBytes }),
    );
    return isRight ? undefined : "its bytes have another digest";
  } catch (error) {
    if (!(error instanceof ModelOpsError) || isOfThisRun(error)) throw error;
    return error.message;
  }
}
