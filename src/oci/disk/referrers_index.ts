/**
 * Which manifests of a repository refer to which, kept in a file, so that a list of referrers does
 * not read every manifest.
 *
 * The repository's links say what is there, whoever wrote it: manifests that the file does not know
 * yet are read and added, those that are gone are left out. A file that is missing or damaged is
 * written again.
 * @module
 */
import { join } from "../../core/runtime/path.ts";
import { type Digest, isDigest } from "../../core/digest.ts";
import { readDocument } from "../../core/files.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { writeFileAtomic } from "../../core/staged_file.ts";
import type { Descriptor } from "../descriptor.ts";
import type { ManifestDocument } from "../manifest.ts";
import { referrerDescriptor } from "../referrer.ts";

/** What is known of a manifest; nothing but that it was read, of one without a subject. */
interface Entry {
  /** The manifest that it refers to. */
  readonly subject?: Digest;
  /** How it appears in a list; absent where that is long, and has to be made from the manifest. */
  readonly referrer?: Descriptor;
}

/** The repository as the index sees it. */
export interface IndexedRepository {
  /** Its folder. */
  readonly folder: string;
  /** The manifests that are members now. */
  members(): Promise<readonly Digest[]>;
  /** A manifest; `undefined` when it cannot be read. */
  read(digest: Digest): Promise<ManifestDocument | undefined>;
  /** Keeps the folder from being removed until disposed. */
  lock(): Promise<AsyncDisposable>;
}

/** Manifests that are read at once. */
const READ_AT_ONCE = 8;

/** Bytes of JSON of a referrer that is kept; annotations may have megabytes. */
const KEPT_SIZE = 4096;

/** The largest file that is read: a million manifests. */
const FILE_LIMIT = 512 * 1024 * 1024;

/** The referrers of a manifest, in the order in which the members are. */
export async function* indexedReferrers(
  repository: IndexedRepository,
  subject: Digest,
  options: OperationOptions = {},
): AsyncGenerator<Descriptor, void> {
  const index = await currentIndex(repository, options);
  for (const [digest, entry] of index) {
    if (entry.subject !== subject) continue;
    const document = entry.referrer ? undefined : await repository.read(digest);
    const referrer = entry.referrer ?? (document && referrerDescriptor(document));
    if (referrer) yield { ...referrer, digest };
  }
}

/** Indexes that are being brought up to date: who asks meanwhile waits for the same. */
const underWay = new Map<string, Promise<ReadonlyMap<Digest, Entry>>>();

/** The index of what is in the repository now; the file is brought up to date. */
async function currentIndex(
  repository: IndexedRepository,
  options: OperationOptions,
): Promise<ReadonlyMap<Digest, Entry>> {
  const { folder } = repository;
  // What began before this question may not know what was written since: the next one does.
  await underWay.get(folder)?.catch(() => undefined);
  const index = underWay.get(folder) ??
    updatedIndex(repository, options).finally(() => underWay.delete(folder));
  underWay.set(folder, index);
  return await index;
}

async function updatedIndex(
  repository: IndexedRepository,
  options: OperationOptions,
): Promise<ReadonlyMap<Digest, Entry>> {
  const known = await readIndex(repository, options);
  const members = await repository.members();
  const found = await mapConcurrent(members, async (digest) => {
    const entry = known.get(digest);
    if (entry) return entry;
    // What cannot be read now may be whole again later.
    const document = await repository.read(digest);
    return document && entryOf(document);
  }, { concurrency: READ_AT_ONCE, signal: options.signal });
  const current = new Map<Digest, Entry>();
  for (const [index, digest] of members.entries()) {
    const entry = found[index];
    if (entry) current.set(digest, entry);
  }
  const changed = current.size < known.size || members.some((digest) => !known.has(digest));
  if (changed) await writeIndex(repository, current, options);
  return current;
}

function entryOf(document: ManifestDocument): Entry {
  if (!document.subject) return {};
  const { digest: subject } = document.subject;
  const referrer = referrerDescriptor(document);
  return JSON.stringify(referrer).length > KEPT_SIZE ? { subject } : { subject, referrer };
}

function pathOf({ folder }: IndexedRepository): string {
  return join(folder, "_referrers", "index.json");
}

/** What the file says; nothing when there is none that can be used. */
async function readIndex(
  repository: IndexedRepository,
  { log }: OperationOptions,
): Promise<ReadonlyMap<Digest, Entry>> {
  const path = pathOf(repository);
  try {
    const text = new TextDecoder().decode(await readDocument(path, FILE_LIMIT));
    const entries = Object.entries(JSON.parse(text) as Record<string, Entry>);
    if (entries.every(isEntry)) return new Map(entries as [Digest, Entry][]);
    log?.("warning", "The index of referrers is damaged, and made again", { path });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Map();
    log?.("warning", "The index of referrers cannot be read, and is made again", { path, error });
  }
  return new Map();
}

function isEntry([digest, entry]: [string, Entry]): boolean {
  if (!isDigest(digest) || typeof entry !== "object" || entry === null) return false;
  const { subject, referrer } = entry;
  if (subject === undefined) return referrer === undefined;
  const isKnown = referrer === undefined || typeof referrer.mediaType === "string" &&
      Number.isSafeInteger(referrer.size) && isDigest(referrer.digest);
  return isDigest(subject) && isKnown;
}

/** Writes the file; where that is not possible the list is right all the same, only slow. */
async function writeIndex(
  repository: IndexedRepository,
  index: ReadonlyMap<Digest, Entry>,
  { log }: OperationOptions,
): Promise<void> {
  const path = pathOf(repository);
  try {
    await using _lock = await repository.lock();
    const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(index)));
    await writeFileAtomic(path, bytes, { flush: false });
  } catch (error) {
    log?.("debug", "The index of referrers cannot be written", { path, error });
  }
}
