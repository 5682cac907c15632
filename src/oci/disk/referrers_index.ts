/**
 * Which manifests of a repository refer to which, kept in a file, so that a list of referrers does
 * not read every manifest. It has a line of JSON for each manifest, so that one more is one line
 * more.
 *
 * The repository's links say what is there, whoever wrote it: manifests that the file does not know
 * yet are read and added, those that are gone are left out. A file that is missing is made again,
 * and so is a line that is damaged. Of tens of thousands only places in the file are kept in
 * memory: annotations may be long.
 * @module
 */
import { dirname, join } from "../../core/runtime/path.ts";
import { type Digest, digestBytes, isDigest } from "../../core/digest.ts";
import { isRecord } from "../../core/json.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { writeFileAtomic } from "../../core/staged_file.ts";
import type { Descriptor } from "../descriptor.ts";
import type { ManifestDocument } from "../manifest.ts";
import { referrerDescriptor } from "../referrer.ts";
import { type Line, LineFile, type Place } from "./line_file.ts";

/** What a line says of a manifest; only that it was read, of one without a subject. */
interface Entry {
  readonly digest: Digest;
  /** The manifest that it refers to. */
  readonly subject?: Digest;
  /** How it appears in a list; absent where that is long, and has to be made from the manifest. */
  readonly referrer?: Descriptor;
}

/** What is kept of an entry: what it says, or only where its line is. */
interface Known extends Omit<Entry, "digest"> {
  readonly place?: Place;
}

/** What is known of the members of a repository, in their order. */
type Index = ReadonlyMap<Digest, Known>;

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

/** Manifests that are added to the file at once. */
const ADDED_AT_ONCE = 500;

/** Members that are looked for before others have their turn. */
const LOOKS = 1000;

/** Bytes of JSON of a referrer that is kept; annotations may have megabytes. */
const KEPT_SIZE = 4096;

/** The longest line: that, and two digests. */
const LINE_SIZE = 2 * KEPT_SIZE;

/** Lines that say nothing new are left where they are up to so many. */
const SPARE_LINES = 1000;

/** The referrers of a manifest, in the order in which the members are; those behind `after`. */
export async function* indexedReferrers(
  repository: IndexedRepository,
  subject: Digest,
  { after = "", ...options }: OperationOptions & { readonly after?: string } = {},
): AsyncGenerator<Descriptor, void> {
  const index = await currentIndex(repository, options);
  using file = LineFile.open(pathOf(repository), LINE_SIZE);
  for (const [digest, known] of index) {
    if (known.subject !== subject || digest <= after) continue;
    const referrer = known.referrer ?? lineOf(file, digest, known)?.referrer ??
      await madeReferrer(repository, digest);
    if (referrer) yield { ...referrer, digest };
    await giveWay();
  }
}

/** The line of a manifest; `undefined` when it is not where it was, or says nothing. */
function lineOf(
  file: LineFile | undefined,
  digest: Digest,
  { place }: Known,
): Entry | undefined {
  const entry = file && place && parseEntry(file.read(place));
  return entry?.digest === digest ? entry : undefined;
}

async function madeReferrer(
  repository: IndexedRepository,
  digest: Digest,
): Promise<Descriptor | undefined> {
  const document = await repository.read(digest);
  return document && referrerDescriptor(document);
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
const underWay = new Map<string, Promise<Index>>();

/** The index of what is in the repository now; the file is brought up to date. */
async function currentIndex(
  repository: IndexedRepository,
  options: OperationOptions,
): Promise<Index> {
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
): Promise<Index> {
  const { known, lines } = await readIndex(repository, options);
  const members = await repository.members();
  const added = await addUnknown(
    repository,
    members.filter((digest) => !known.has(digest)),
    options,
  );
  const current = new Map<Digest, Known>();
  for (const [index, digest] of members.entries()) {
    if (index % LOOKS === 0) await giveWay();
    const entry = known.get(digest) ?? added.get(digest);
    if (entry) current.set(digest, entry);
  }
  const isSpacious = lines > 2 * known.size + SPARE_LINES;
  const hasGone = known.size + added.size > current.size;
  return hasGone || isSpacious ? await rewritten(repository, current, options) : current;
}

/** Reads manifests that the file does not know, and adds those that can be read to it. */
async function addUnknown(
  repository: IndexedRepository,
  unknown: readonly Digest[],
  options: OperationOptions,
): Promise<Index> {
  const added = new Map<Digest, Known>();
  for (let at = 0; at < unknown.length; at += ADDED_AT_ONCE) {
    const found = await mapConcurrent(
      unknown.slice(at, at + ADDED_AT_ONCE),
      async (digest) => {
        await giveWay();
        // What cannot be read now may be whole again later.
        const document = await repository.read(digest);
        return document && entryOf(digest, document);
      },
      { concurrency: READ_AT_ONCE, signal: options.signal },
    );
    const entries = found.filter((entry) => entry !== undefined);
    if (entries.length > 0) await appendEntries(repository, entries, options);
    for (const { digest, subject, referrer } of entries) {
      // Of a few all is kept; of many it is made again, once, until their lines are read.
      added.set(digest, { subject, referrer: at === 0 ? referrer : undefined });
    }
  }
  return added;
}

function entryOf(digest: Digest, document: ManifestDocument): Entry {
  if (!document.subject) return { digest };
  const { digest: subject } = document.subject;
  const referrer = referrerDescriptor(document);
  const isLong = encode(JSON.stringify(referrer)).byteLength > KEPT_SIZE;
  return isLong ? { digest, subject } : { digest, subject, referrer };
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function pathOf({ folder }: Pick<IndexedRepository, "folder">): string {
  return join(folder, "_referrers", "manifests.jsonl");
}

/** What was read of a file. */
interface ReadFile {
  readonly known: Map<Digest, Known>;
  /** Lines that it has. */
  lines: number;
  /** Bytes that were read, and when the file was written to then, in milliseconds. */
  size: number;
  mtime: number;
  readonly ino: number | null;
}

/** What was read of files, by their paths; the one that was asked for last is the last. */
const files = new Map<string, ReadFile>();

/** Entries of all files that are remembered, which take twenty megabytes. */
const REMEMBERED = 100_000;

/** What the file says: lines that were added are read, and all of one that is another. */
async function readIndex(
  repository: IndexedRepository,
  { log }: OperationOptions,
): Promise<ReadFile> {
  const path = pathOf(repository);
  const before = files.get(path);
  files.delete(path);
  try {
    using file = LineFile.open(path, LINE_SIZE);
    const { size, mtime: time, ino } = file?.facts() ?? { size: 0, mtime: null, ino: null };
    const mtime = time?.getTime() ?? 0;
    const isSame = before !== undefined && before.ino === ino &&
      (before.size < size || before.size === size && before.mtime === mtime);
    const read = isSame
      ? before
      : { known: new Map<Digest, Known>(), lines: 0, size: 0, mtime, ino };
    const damaged = await readLines(file?.lines(read.size, size) ?? [], read);
    if (damaged > 0) {
      log?.("warning", "Lines of the index of referrers are damaged", { path, lines: damaged });
    }
    Object.assign(read, { size, mtime });
    remember(path, read);
    return read;
  } catch (error) {
    log?.("warning", "The index of referrers cannot be read, and is made again", { path, error });
    return { known: new Map(), lines: 0, size: 0, mtime: 0, ino: null };
  }
}

function remember(path: string, read: ReadFile): void {
  files.set(path, read);
  let entries = 0;
  for (const { known } of files.values()) entries += known.size;
  for (const [oldest, { known }] of files) {
    if (entries <= REMEMBERED) return;
    files.delete(oldest);
    entries -= known.size;
  }
}

/** Reads lines, and counts those that are damaged. */
async function readLines(lines: Iterable<Line>, read: ReadFile): Promise<number> {
  let damaged = 0;
  // A subject has thousands of referrers: one text of it is enough.
  const subjects = new Map<Digest, Digest>();
  for (const line of lines) {
    await giveWay();
    read.lines++;
    const entry = parseEntry(line.text);
    if (!entry) {
      damaged++;
      continue;
    }
    const { digest, subject, referrer } = entry;
    if (subject && !subjects.has(subject)) subjects.set(subject, subject);
    const place = referrer && { at: line.at, size: line.size };
    read.known.set(digest, { subject: subject && subjects.get(subject), place });
  }
  return damaged;
}

/** An entry as a line: with a check, since a flipped bit can make one digest of another. */
function written(entry: Entry): string {
  return JSON.stringify({ ...entry, check: checkOf(entry) });
}

function checkOf({ digest, subject, referrer }: Entry): string {
  return digestBytes(encode(JSON.stringify([digest, subject, referrer]))).slice(-16);
}

/** The entry of a line; `undefined` when it is damaged, as by a power cut, or has no check. */
function parseEntry(line = ""): Entry | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return isEntry(entry) && entry.check === checkOf(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(entry: unknown): entry is Entry & { readonly check?: unknown } {
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
    const lines = entries.map((entry) => `\n${written(entry)}`).join("");
    await Deno.writeTextFile(path, lines, { append: true });
  } catch (error) {
    log?.("debug", "The index of referrers cannot be written", { path, error });
  }
}

/** Writes the file anew, a line for each entry that it has, and tells where those are then. */
async function rewritten(
  repository: IndexedRepository,
  index: Index,
  { log }: OperationOptions,
): Promise<Index> {
  const path = pathOf(repository);
  const moved = new Map(index);
  try {
    await using _lock = await repository.lock();
    using file = LineFile.open(path, LINE_SIZE);
    if (file) await writeFileAtomic(path, keptLines(file, moved), { flush: false });
    files.delete(path);
    return moved;
  } catch (error) {
    log?.("debug", "The index of referrers cannot be written", { path, error });
    return index;
  }
}

/** The lines of a file that have entries, each once. */
async function* keptLines(
  file: LineFile,
  index: Map<Digest, Known>,
): AsyncGenerator<Uint8Array, void> {
  const waiting = new Set(index.keys());
  let at = 0;
  for (const { text } of file.lines(0, Infinity)) {
    await giveWay();
    const entry = parseEntry(text);
    if (!entry || !waiting.delete(entry.digest)) continue;
    const bytes = encode(`\n${text}`);
    const place = entry.referrer && { at: at + 1, size: bytes.byteLength - 1 };
    index.set(entry.digest, { ...index.get(entry.digest), place });
    at += bytes.byteLength;
    yield bytes;
  }
}
