/**
 * The links of one repository of the local store: files that hold a digest.
 *
 * One link makes a blob or a manifest a member of the repository; another lets a tag name a
 * manifest. Prune goes by the age of links, so a link is renewed whenever its content is written
 * again.
 * @module
 */
import { dirname, join } from "../core/runtime/path.ts";
import { type Digest, isDigest } from "../core/digest.ts";
import { IntegrityError } from "../core/errors.ts";
import { explainRead, explainWrite, isMissing, systemCode } from "../core/file_errors.ts";
import { lstatIfExists, readDirIfExists, readTextIfExists, removeIfExists } from "../core/files.ts";
import { compareText } from "../core/text.ts";
import { placeFile, writeFileAtomic } from "../core/staged_file.ts";
import type { Descriptor } from "./descriptor.ts";
import { withFolders } from "./disk_blobs.ts";
import type { DiskLayout, MemberKind } from "./disk_layout.ts";
import { type FolderListings, foldersIn } from "./disk/folder_listings.ts";
import { isManifestType } from "./media_types.ts";
import { giveWay } from "../core/runtime/turn.ts";

/** Digest algorithms whose links are looked for when a repository is listed. */
const ALGORITHMS = ["sha256", "sha512"] as const;

/** The file beside a link whose time tells when somebody was told that the content is here. */
export const PROMISE_FILE = "promised";

/** Milliseconds for which a promise is not noted again. */
const PROMISE_RENEWAL = 10 * 60 * 1000;

/** Tags that are looked at before others have their turn. */
const TURN = 200;

/** What has a name in one repository: its members and its tags. */
export class DiskLinks {
  readonly #layout: DiskLayout;
  readonly #repository: string;
  readonly #listings: FolderListings;
  readonly #made: () => void;

  /**
   * Names the repository; nothing is made before the first link. `made` is told of links in new
   * folders, with which a repository begins.
   * @throws {InvalidInputError} when the name cannot be that of a repository.
   */
  constructor(
    layout: DiskLayout,
    repository: string,
    listings: FolderListings,
    made: () => void,
  ) {
    this.#listings = listings;
    this.#made = made;
    layout.repository(repository);
    this.#layout = layout;
    this.#repository = repository;
  }

  /** Whether content is a member. */
  async has(descriptor: Descriptor): Promise<boolean> {
    return await exists(this.#member(descriptor));
  }

  /** When content was last written as a member, in milliseconds; `undefined` when it is none. */
  async writtenAt(descriptor: Descriptor): Promise<number | undefined> {
    return (await lstatIfExists(this.#member(descriptor)))?.mtime?.getTime();
  }

  /** Whether a manifest is a member. */
  async hasManifest(digest: Digest): Promise<boolean> {
    return await exists(this.#manifest(digest));
  }

  /** Makes content a member, or a member again. */
  async add(descriptor: Descriptor): Promise<void> {
    const path = this.#member(descriptor);
    if (!await this.#write(path, descriptor.digest, false)) renew(path);
  }

  /**
   * Notes beside the link of a member that somebody counts on it; `false` when it is none. The link
   * itself keeps its time, which tells when the content was last written. This takes no lock: prune
   * first takes links away and then looks for promises, so a link that is here afterwards stays.
   */
  async promise(descriptor: Descriptor): Promise<boolean> {
    if (!await this.has(descriptor)) return false;
    const path = this.#promise(this.#member(descriptor));
    const before = (await lstatIfExists(path))?.mtime?.getTime() ?? 0;
    if (Date.now() - before >= PROMISE_RENEWAL && !await touch(path)) return false;
    return await this.has(descriptor);
  }

  /** When somebody was last told that a member is here, in milliseconds; 0 for never. */
  async promisedAt(kind: MemberKind, digest: Digest): Promise<number> {
    const path = this.#promise(this.#layout.memberLink(this.#repository, kind, digest));
    return (await lstatIfExists(path))?.mtime?.getTime() ?? 0;
  }

  #promise(link: string): string {
    return join(dirname(link), PROMISE_FILE);
  }

  /** The paths whose flush makes the link of a member survive a power cut. */
  durablePaths(descriptor: Descriptor): string[] {
    return withFolders(this.#member(descriptor));
  }

  /** Removes a member. Tags that name it have to be gone. */
  async remove(descriptor: Descriptor): Promise<void> {
    const folder = this.folderOf(descriptor);
    try {
      await removeIfExists(folder);
    } catch (error) {
      // Somebody has made it a member again since its link was removed.
      if (systemCode(error) !== "ENOTEMPTY") throw explainWrite(folder, error);
    }
  }

  /** The folder of a member's link. */
  folderOf(descriptor: Descriptor): string {
    return dirname(this.#member(descriptor));
  }

  /** The digests of the members of a kind. */
  async members(kind: MemberKind): Promise<Digest[]> {
    return await linksIn((algorithm) =>
      this.#layout.memberLinks(this.#repository, kind, algorithm)
    );
  }

  /** The digests that a tag names or named, whether or not their manifests are here. */
  async everTagged(tag: string): Promise<Digest[]> {
    return await linksIn((algorithm) => this.#layout.tagIndexes(this.#repository, tag, algorithm));
  }

  /**
   * Removes what leads to manifests from the tags that named them once: one look at each tag,
   * however many manifests those are.
   */
  async forgetTagged(gone: ReadonlySet<Digest>): Promise<void> {
    if (gone.size === 0) return;
    for await (const tag of this.tags()) {
      for (const digest of await this.everTagged(tag)) {
        if (!gone.has(digest)) continue;
        await remove(dirname(this.#layout.tagIndex(this.#repository, tag, digest)));
      }
    }
  }

  /** When a tag was last given to a manifest, in milliseconds; `undefined` for never. */
  async taggedAt(tag: string, digest: Digest): Promise<number | undefined> {
    const link = this.#layout.tagIndex(this.#repository, tag, digest);
    return (await lstatIfExists(link))?.mtime?.getTime();
  }

  /**
   * The tags in bytewise order; those behind one where that is given, perhaps from what is
   * remembered.
   */
  async *tags(after?: string): AsyncIterable<string> {
    const folder = this.#layout.tags(this.#repository);
    const names = after === undefined
      ? (await foldersIn(folder)).names
      : await this.#listings.names(folder);
    for (let at = after === undefined ? 0 : firstBehind(names, after); at < names.length; at++) {
      if (at % TURN === 0) await giveWay();
      // A folder without its link is a tag that is just being made or removed.
      if (await this.hasTag(names[at]!)) yield names[at]!;
    }
  }

  /** Whether there is such a tag, be it damaged or whole. */
  async hasTag(tag: string): Promise<boolean> {
    return await exists(this.#current(tag));
  }

  /**
   * The digest a tag names, whether or not its manifest can be read; `undefined` for no tag.
   * @throws {IntegrityError} when the tag is there and its link is damaged.
   */
  async tagged(tag: string): Promise<Digest | undefined> {
    const path = this.#current(tag);
    const digest = await linkedDigest(path);
    if (digest || !await exists(path)) return digest;
    const reference = `${this.#repository}:${tag}`;
    throw new IntegrityError(`Cannot read tag "${reference}": its link is damaged`, {
      reference,
      path,
      remedy: "write the tag again with push, pull or build, or remove it with rm",
    });
  }

  /** The digest a tag names; `undefined` for no tag, and for one whose link is damaged. */
  async named(tag: string): Promise<Digest | undefined> {
    return await linkedDigest(this.#current(tag));
  }

  /** Lets a tag name a manifest, wherever it pointed before. */
  async tag(tag: string, digest: Digest): Promise<void> {
    const before = await linkedDigest(this.#current(tag));
    const index = this.#layout.tagIndex(this.#repository, tag, digest);
    // A tag that comes back to a manifest was given to it now.
    if (!await this.#write(index, digest, true) && before !== digest) renew(index);
    await this.#write(this.#current(tag), digest, true);
    if (before && before !== digest) await this.#release(before);
  }

  /**
   * Notes that what a tag names was pulled, and when. The note holds for that digest, and goes with
   * the tag.
   */
  async notePulled(tag: string): Promise<void> {
    const digest = await linkedDigest(this.#current(tag));
    if (!digest) return;
    const path = this.#layout.tagPulled(this.#repository, tag);
    if (!await this.#write(path, digest, false)) renew(path);
  }

  /** Whether what a tag names was pulled. */
  async wasPulled(tag: string): Promise<boolean> {
    const noted = await linkedDigest(this.#layout.tagPulled(this.#repository, tag));
    return noted !== undefined && noted === await linkedDigest(this.#current(tag));
  }

  /** Removes a tag; what it named may then be pruned at once. */
  async untag(tag: string): Promise<void> {
    const before = await linkedDigest(this.#current(tag));
    await this.removeTag(tag);
    if (before) await this.#release(before);
  }

  /** Removes a tag of a manifest that is removed with it. */
  async removeTag(tag: string): Promise<void> {
    // The link goes first: whatever happens then, the tag names nothing.
    await remove(this.#current(tag));
    await remove(this.#layout.tag(this.#repository, tag));
  }

  /**
   * Lets prune take a manifest at once that a tag named: it was removed on purpose. One that never
   * had a tag may be part of a push that is still going on. Whether another tag names it is for
   * prune to see: looking at all tags for each that moves would make a thousand pushes a million
   * looks.
   */
  async #release(digest: Digest): Promise<void> {
    if (await this.hasManifest(digest)) await Deno.utime(this.#manifest(digest), 0, 0);
  }

  /** The tags that name a manifest. Nothing leads from it to them, so it looks at all. */
  async tagsOf(digest: Digest): Promise<string[]> {
    const found: string[] = [];
    for await (const tag of this.tags()) {
      if (await linkedDigest(this.#current(tag)) === digest) found.push(tag);
    }
    return found;
  }

  #member({ mediaType, digest }: Descriptor): string {
    return isManifestType(mediaType)
      ? this.#manifest(digest)
      : this.#layout.memberLink(this.#repository, "_layers", digest);
  }

  #manifest(digest: Digest): string {
    return this.#layout.memberLink(this.#repository, "_manifests/revisions", digest);
  }

  #current(tag: string): string {
    return this.#layout.tagCurrent(this.#repository, tag);
  }

  /** Writes a link; `false` when it is there already. */
  async #write(path: string, digest: Digest, flush: boolean): Promise<boolean> {
    // A link whose folder is new needs no look: most are, of a model that is new.
    const isNew = madeFolder(dirname(path));
    if (!isNew && await linkedDigest(path) === digest) return false;
    const bytes = new TextEncoder().encode(digest);
    if (isNew && !flush) await placeFile(path, bytes);
    else await writeFileAtomic(path, bytes, { flush });
    if (isNew) this.#made();
    return true;
  }
}

/** The digests whose links lie in the folders of all algorithms. */
async function linksIn(folderOf: (algorithm: string) => string): Promise<Digest[]> {
  const found: Digest[] = [];
  for (const algorithm of ALGORITHMS) {
    for (const entry of await readDirIfExists(folderOf(algorithm))) {
      const digest = `${algorithm}:${entry.name}`;
      if (isDigest(digest)) found.push(digest);
    }
  }
  return found;
}

/** Gives a link the time of now. */
function renew(path: string): void {
  const now = new Date();
  Deno.utimeSync(path, now, now);
}

/** Makes a folder; `false` when it is there, or the one above is not. */
function madeFolder(path: string): boolean {
  try {
    Deno.mkdirSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || isMissing(error)) return false;
    throw explainWrite(path, error);
  }
}

/** The digest in a link; `undefined` for none, or a damaged one. */
async function linkedDigest(path: string): Promise<Digest | undefined> {
  try {
    const text = (await readTextIfExists(path))?.trim();
    return text !== undefined && isDigest(text) ? text : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.IsADirectory) return undefined;
    throw explainRead(path, error);
  }
}

async function exists(path: string): Promise<boolean> {
  return await lstatIfExists(path) !== undefined;
}

/** Removes a file or a whole folder; one that is already gone is fine. */
export async function remove(path: string): Promise<void> {
  await removeIfExists(path).catch((error) => {
    throw explainWrite(path, error);
  });
}

/** Makes a file, or renews its time; `false` when its folder is gone. */
async function touch(path: string): Promise<boolean> {
  try {
    await Deno.writeFile(path, new Uint8Array());
    const now = new Date();
    await Deno.utime(path, now, now);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw explainWrite(path, error);
  }
}

/** Where the names begin that come behind one, in names in bytewise order. */
function firstBehind(names: readonly string[], name: string): number {
  let [start, end] = [0, names.length];
  while (start < end) {
    const middle = (start + end) >>> 1;
    if (compareText(names[middle]!, name) <= 0) start = middle + 1;
    else end = middle;
  }
  return start;
}
