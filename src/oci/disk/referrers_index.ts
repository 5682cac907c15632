/**
 * Which manifests of a repository refer to which, kept in a file, so that a list of referrers does
 * not read every manifest. It has a line of JSON for each manifest, so that one more is one line
 * more.
 *
 * The repository's links say what is there, whoever wrote it: manifests that the file does not know
 * yet are read and added, those that are gone are left out. A file that is missing is made again,
 * and so is a line that is damaged.
 * @module
 */
import { dirname, join } from "../../core/runtime/path.ts";
import { type Digest, isDigest } from "../../core/digest.ts";
import { isRecord } from "../../core/json.ts";
import { readDocument } from "../../core/files.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { writeFileAtomic } from "../../core/staged_file.ts";
import type { Descriptor } from "../descriptor.ts";
import type { ManifestDocument } from "../manifest.ts";
import { referrerDescriptor } from "../referrer.ts";

/** What is known of a manifest; only that it was read, of one without a subject. */
interface Entry {
  readonly digest: Digest;
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
  for (const entry of index.values()) {
    if (entry.subject !== subject) continue;
    const { digest } = entry;
    const document = entry.referrer ? undefined : await repository.read(digest);
    const referrer = entry.referrer ?? (document && referrerDescriptor(document));
    if (referrer) yield { ...referrer, digest };
    await giveWay();
  }
}

/** Adds a manifest that was just written, so that the next list need not read it. */
export async function noteReferrer(
  repository: Pick<IndexedRepository, "folder" | "lock">,
  digest: Digest,
  document: ManifestDocument,
  options: OperationOptions = {},
): Promise<void> {
  await appendEntries(repository, [entryOf(digest, document)], options);
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
    await giveWay();
    // What cannot be read now may be whole again later.
    const document = await repository.read(digest);
    return document && entryOf(digest, document);
  }, { concurrency: READ_AT_ONCE, signal: options.signal });
  const current = new Map(
    found.filter((entry) => entry !== undefined).map((entry) => [entry.digest, entry]),
  );
  const added = [...current.values()].filter(({ digest }) => !known.has(digest));
  const gone = known.size + added.length - current.size;
  if (gone > 0) await writeIndex(repository, current, options);
  else if (added.length > 0) await appendEntries(repository, added, options);
  return current;
}

function entryOf(digest: Digest, document: ManifestDocument): Entry {
  if (!document.subject) return { digest };
  const { digest: subject } = document.subject;
  const referrer = referrerDescriptor(document);
  const isLong = JSON.stringify(referrer).length > KEPT_SIZE;
  return isLong ? { digest, subject } : { digest, subject, referrer };
}

function pathOf({ folder }: Pick<IndexedRepository, "folder">): string {
  return join(folder, "_referrers", "manifests.jsonl");
}

/** What the file says; nothing when there is none that can be read. */
async function readIndex(
  repository: IndexedRepository,
  { log }: OperationOptions,
): Promise<ReadonlyMap<Digest, Entry>> {
  const path = pathOf(repository);
  const known = new Map<Digest, Entry>();
  try {
    const text = new TextDecoder().decode(await readDocument(path, FILE_LIMIT));
    for (const line of text.split("\n")) {
      await giveWay();
      const entry = parseEntry(line);
      if (entry) known.set(entry.digest, entry);
      else if (line !== "") {
        log?.("warning", "A line of the index of referrers is damaged", { path });
      }
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return known;
    log?.("warning", "The index of referrers cannot be read, and is made again", { path, error });
  }
  return known;
}

/** The entry of a line; `undefined` when it is damaged, as by a power cut. */
function parseEntry(line: string): Entry | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return isEntry(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(entry: unknown): entry is Entry {
  if (!isRecord(entry) || !isDigest(String(entry["digest"]))) return false;
  const { subject, referrer } = entry;
  if (subject === undefined) return referrer === undefined;
  const isKnown = referrer === undefined || isRecord(referrer) &&
      typeof referrer["mediaType"] === "string" && Number.isSafeInteger(referrer["size"]) &&
      isDigest(String(referrer["digest"]));
  return isDigest(String(subject)) && isKnown;
}

/** Adds lines; where that is not possible the list is right all the same, only slow. */
async function appendEntries(
  repository: Pick<IndexedRepository, "folder" | "lock">,
  entries: readonly Entry[],
  { log }: OperationOptions,
): Promise<void> {
  const path = pathOf(repository);
  try {
    await using _lock = await repository.lock();
    await Deno.mkdir(dirname(path), { recursive: true });
    // What was cut off in the middle of a line spoils that line alone: each begins with its break.
    const lines = entries.map((entry) => `\n${JSON.stringify(entry)}`).join("");
    await Deno.writeTextFile(path, lines, { append: true });
  } catch (error) {
    log?.("debug", "The index of referrers cannot be written", { path, error });
  }
}

/** Writes the file anew, without what is gone. */
async function writeIndex(
  repository: IndexedRepository,
  index: ReadonlyMap<Digest, Entry>,
  { log }: OperationOptions,
): Promise<void> {
  const path = pathOf(repository);
  try {
    await using _lock = await repository.lock();
    const lines = [...index.values()].map((entry) => `\n${JSON.stringify(entry)}`).join("");
    await writeFileAtomic(path, new TextEncoder().encode(lines), { flush: false });
  } catch (error) {
    log?.("debug", "The index of referrers cannot be written", { path, error });
  }
}
