/**
 * Digests of files of this machine, remembered so that files which did not change are not hashed
 * again.
 *
 * A file is known by device, inode, size, and the times of its last write and of its last change of
 * any kind. The runtime tells the one in milliseconds and the other in whole seconds, so a file
 * that changed less than two seconds before it was hashed is not remembered: a second write might
 * not be seen (git calls such entries racy). Only what was hashed from the file itself is
 * remembered, never what a server or a manifest said.
 *
 * The cache is one text file, a line an entry, that is only ever appended to or replaced as a
 * whole, so processes may share it. A line that cannot be read is passed over: losing an entry
 * costs one hash.
 * @module
 */
import { dirname } from "../core/runtime/path.ts";
import { type Digest, isDigest } from "../core/digest.ts";
import { readTextIfExists } from "../core/files.ts";
import { writeFileAtomic } from "../core/staged_file.ts";

/** The facts by which a file is recognized. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  /** Last write, in milliseconds since the epoch. */
  readonly mtime: number;
  /** Last change of content or attributes, in milliseconds since the epoch. */
  readonly ctime: number;
}

/**
 * Entries that are kept; the oldest go first. At about 150 bytes each the file stays below 8 MiB.
 */
const MOST_ENTRIES = 50_000;

/** A longer file is not ours. Bytes. */
const LARGEST_CACHE = 32 * 1024 * 1024;

/** Milliseconds that a file has to be left alone before its times are trusted. */
const RACY_TIME = 2_000;

/** The identity of a file; `undefined` on systems that do not tell all of it. */
function fileIdentity(info: Deno.FileInfo): FileIdentity | undefined {
  const { dev, ino, size } = info;
  const [mtime, ctime] = [info.mtime?.getTime(), info.ctime?.getTime()];
  if (!dev || !ino || mtime === undefined || ctime === undefined) return undefined;
  return { dev, ino, size, mtime, ctime };
}

/** What a file becomes when it is packed. */
export interface PackedContent {
  readonly digest: Digest;
  readonly size: number;
  /** Digest before compression. */
  readonly diffId: Digest;
}

/** A file that was looked up. */
export interface CachedFile {
  /** Its digest, where that is known. */
  readonly digest?: Digest;
  /** Takes note of what it hashed to, unless it has changed since it was looked up. */
  remember(digest: Digest): Promise<void>;
  /** What it becomes when it is packed in a form, where that is known; `form` is a SHA-256. */
  packed(form: string): PackedContent | undefined;
  /** Takes note of what it became, as `remember` does. */
  rememberPacked(form: string, content: PackedContent): Promise<void>;
}

/** Remembers digests of files. */
export class DigestCache {
  readonly #path: string;
  readonly #now: () => number;
  /** The end of each line by its beginning: what is known of a file, or of a file in a form. */
  readonly #digests: Map<string, string>;
  readonly #added = new Map<string, string>();

  private constructor(path: string, digests: Map<string, string>, now: () => number) {
    this.#path = path;
    this.#digests = digests;
    this.#now = now;
  }

  /** Reads the cache in a file; one that is missing or damaged is an empty one. */
  static async open(path: string, now: () => number = Date.now): Promise<DigestCache> {
    const text = await readTextIfExists(path, LARGEST_CACHE) ?? "";
    return new DigestCache(path, new Map(text.split("\n").flatMap(parseLine)), now);
  }

  /** The digest of a file that is still the same; `undefined` when it has to be hashed. */
  find(identity: FileIdentity): Digest | undefined {
    const known = this.#find(keyOf(identity));
    return known !== undefined && isDigest(known) ? known : undefined;
  }

  #find(key: string): string | undefined {
    return this.#added.get(key) ?? this.#digests.get(key);
  }

  /**
   * Remembers what a file hashed to. `hashedAt` is when hashing began, and `identity` what the file
   * was then; whoever calls makes sure that it is the same at the end.
   */
  add(identity: FileIdentity, digest: Digest, hashedAt: number = this.#now()): void {
    this.#add(identity, { hashedAt, key: keyOf(identity), known: digest });
  }

  #add(
    { mtime, ctime }: FileIdentity,
    { hashedAt, key, known }: { hashedAt: number; key: string; known: string },
  ): void {
    if (!isRacy({ mtime, ctime }, hashedAt)) this.#added.set(key, known);
  }

  /** Looks a file up before it is hashed; `info` is what it was a moment ago. */
  look(path: string, info: Deno.FileInfo = Deno.statSync(path)): CachedFile {
    const lookedAt = this.#now();
    const before = fileIdentity(info);
    const packedKey = (form: string) => before && `${keyOf(before)} ${form}`;
    const remember = async (key: string | undefined, known: string) => {
      if (!before || !key || isRacy(before, lookedAt)) return;
      const after = fileIdentity(Deno.statSync(path));
      if (!after || keyOf(before) !== keyOf(after)) return;
      this.#add(before, { hashedAt: lookedAt, key, known });
    };
    return {
      digest: before && this.find(before),
      remember: (digest) => remember(before && keyOf(before), digest),
      packed: (form) => parsePacked(this.#find(packedKey(form) ?? "")),
      rememberPacked: (form, { digest, size, diffId }) =>
        remember(packedKey(form), `${digest} ${size} ${diffId}`),
    };
  }

  /** Writes what was added; the file and its folder are the user's alone. */
  async save(): Promise<void> {
    if (this.#added.size === 0) return;
    await Deno.mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const lines = linesOf(this.#added);
    const size = this.#digests.size + this.#added.size;
    for (const [key, digest] of this.#added) this.#digests.set(key, digest);
    this.#added.clear();
    if (size > MOST_ENTRIES) return await this.#replace();
    // One write at the end of the file: what another process appends meanwhile stays whole.
    await Deno.writeTextFile(this.#path, lines, { append: true, mode: 0o600 });
  }

  async #replace(): Promise<void> {
    const kept = [...this.#digests].slice(-MOST_ENTRIES / 2);
    const bytes = new TextEncoder().encode(linesOf(kept));
    await writeFileAtomic(this.#path, bytes, { mode: 0o600, tidy: true });
  }
}

/** Whether a file changed so shortly before a time that another change might not be seen. */
function isRacy({ mtime, ctime }: Pick<FileIdentity, "mtime" | "ctime">, time: number): boolean {
  return Math.max(mtime, ctime) > time - RACY_TIME;
}

function keyOf({ dev, ino, size, mtime, ctime }: FileIdentity): string {
  return [dev, ino, size, mtime, ctime].join(" ");
}

function linesOf(entries: Iterable<readonly [string, string]>): string {
  return Array.from(entries, ([key, known]) => `${key} ${known}\n`).join("");
}

/** A file, and its digest; or a file, the form that it is packed in, and what it becomes then. */
const LINE =
  /^(\d+ \d+ \d+ -?\d+ -?\d+) (\S+)$|^(\d+ \d+ \d+ -?\d+ -?\d+ [0-9a-f]{64}) (\S+ \d+ \S+)$/;

function parseLine(line: string): [string, string][] {
  const [, file, digest, packed, content] = LINE.exec(line) ?? [];
  if (packed !== undefined) return parsePacked(content) ? [[packed, content!]] : [];
  return file !== undefined && isDigest(digest!) ? [[file, digest!]] : [];
}

function parsePacked(text: string | undefined): PackedContent | undefined {
  const [digest = "", count = "", diffId = ""] = text?.split(" ") ?? [];
  const size = Number(count);
  const isWhole = isDigest(digest) && isDigest(diffId) && Number.isSafeInteger(size);
  return isWhole ? { digest, size, diffId } : undefined;
}
