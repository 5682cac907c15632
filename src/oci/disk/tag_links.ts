/**
 * The tags of one repository of the local store: a link lets a tag name a manifest, and another
 * remembers each that it named.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { IntegrityError } from "../../core/errors.ts";
import { explainWrite } from "../../core/file_errors.ts";
import { removeIfExists, statKind, syncPath } from "../../core/files.ts";
import { dirname, join } from "../../core/runtime/path.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { compareText } from "../../core/text.ts";
import { currentLink, indexLink } from "../disk_layout.ts";
import type { DiskStore } from "../disk_store.ts";
import { foldersIn } from "./folder_listings.ts";
import { linkedDigest, linkExists, linksIn, linkTime, renewLink, writeLink } from "./link_file.ts";
import type { MemberLinks } from "./member_links.ts";
import { remove } from "./remove.ts";

/** What names the manifests of a repository, and named them. */
export class TagLinks {
  readonly #members: MemberLinks;
  readonly #repository: string;
  readonly #store: DiskStore;

  /** Looks at the tags of the repository whose members these are; nothing is made before a tag. */
  constructor(members: MemberLinks, store: DiskStore) {
    this.#members = members;
    this.#repository = members.repository;
    this.#store = store;
  }

  /**
   * The tags in bytewise order; those behind one where that is given, perhaps from what is
   * remembered.
   */
  async *all(after?: string): AsyncIterable<string> {
    const folder = this.#store.layout.tags(this.#repository);
    const names = after === undefined
      ? (await foldersIn(folder)).names
      : await this.#store.listings.names(folder);
    for (let at = after === undefined ? 0 : firstBehind(names, after); at < names.length; at++) {
      // Before each look: of many who look at once each would else look at a number of its own.
      await giveWay();
      // A folder without its link is a tag that is just being made or removed.
      if (await this.has(names[at]!)) yield names[at]!;
    }
  }

  /** The tags that name a manifest: all are looked at. */
  async of(digest: Digest): Promise<readonly string[]> {
    return await this.#store.tagScans.tagsOf(
      digest,
      this.#repository,
      (wanted) => this.#scan(wanted),
    );
  }

  async #scan(wanted: ReadonlySet<Digest>): Promise<ReadonlyMap<Digest, readonly string[]>> {
    const found = new Map<Digest, string[]>();
    const { names } = await foldersIn(this.#store.layout.tags(this.#repository));
    for (const tag of names) {
      await giveWay();
      const digest = await this.named(tag);
      if (digest === undefined || !wanted.has(digest)) continue;
      const tags = found.get(digest) ?? [];
      found.set(digest, tags);
      tags.push(tag);
    }
    return found;
  }

  /** Whether there is such a tag, be it damaged or whole. */
  async has(tag: string): Promise<boolean> {
    return await linkExists(this.#current(tag));
  }

  /**
   * The digest a tag names, whether or not its manifest can be read; `undefined` for no tag.
   * @throws {IntegrityError} when the tag is there and its link is damaged.
   */
  async target(tag: string): Promise<Digest | undefined> {
    const path = this.#current(tag);
    const digest = await linkedDigest(path);
    if (digest || !await linkExists(path)) return digest;
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

  /** When a tag last named something else, in milliseconds; `undefined` for no tag. */
  async changedAt(tag: string): Promise<number | undefined> {
    return await linkTime(this.#current(tag));
  }

  /** Lets a tag name what it names from now on. */
  renew(tag: string): void {
    renewLink(this.#current(tag));
  }

  /** Lets a tag name a manifest, wherever it pointed before. */
  async give(tag: string, digest: Digest): Promise<void> {
    const before = await this.named(tag);
    if (before === undefined && await this.#giveFirst(tag, digest)) return;
    const index = this.#store.layout.tagIndex(this.#repository, tag, digest);
    // A tag that comes back to a manifest was given to it now.
    if (!await this.#write(index, digest, { flush: true }) && before !== digest) renewLink(index);
    await this.#write(this.#current(tag), digest, { flush: true });
    if (before && before !== digest) await this.#members.release(before);
  }

  /** Removes a tag; what it named may then be pruned at once. */
  async remove(tag: string): Promise<void> {
    const before = await this.named(tag);
    await this.drop(tag);
    if (before) await this.#members.release(before);
  }

  /** Removes a tag of a manifest that is removed with it. */
  async drop(tag: string): Promise<void> {
    const folder = this.#store.layout.tag(this.#repository, tag);
    const gone = this.#aside();
    try {
      Deno.mkdirSync(dirname(gone), { recursive: true });
      Deno.renameSync(folder, gone);
    } catch {
      // As on a full disk. The link goes first: whatever happens then, the tag names nothing.
      await remove(this.#current(tag));
      await remove(folder);
    }
    await remove(gone);
  }

  /**
   * Notes that what a tag names was pulled, and when. The note holds for that digest, and goes with
   * the tag.
   */
  async notePulled(tag: string): Promise<void> {
    const digest = await this.named(tag);
    if (!digest) return;
    const path = this.#store.layout.tagPulled(this.#repository, tag);
    if (!await this.#write(path, digest, { flush: false })) renewLink(path);
  }

  /** Whether what a tag names was pulled. */
  async wasPulled(tag: string): Promise<boolean> {
    const noted = await linkedDigest(this.#store.layout.tagPulled(this.#repository, tag));
    return noted !== undefined && noted === await this.named(tag);
  }

  /** The digests that a tag names or named, whether or not their manifests are here. */
  async everNamed(tag: string): Promise<Digest[]> {
    const { layout } = this.#store;
    return await linksIn((algorithm) => layout.tagIndexes(this.#repository, tag, algorithm));
  }

  /** When a tag was last given to a manifest, in milliseconds; `undefined` for never. */
  async givenAt(tag: string, digest: Digest): Promise<number | undefined> {
    return await linkTime(this.#store.layout.tagIndex(this.#repository, tag, digest));
  }

  /**
   * Removes what leads to manifests from the tags that named them once: one look at each tag,
   * however many manifests those are.
   */
  async forget(gone: ReadonlySet<Digest>): Promise<void> {
    if (gone.size === 0) return;
    for await (const tag of this.all()) {
      for (const digest of await this.everNamed(tag)) {
        if (!gone.has(digest)) continue;
        await remove(dirname(this.#store.layout.tagIndex(this.#repository, tag, digest)));
      }
    }
  }

  /**
   * Lets a new tag name a manifest; `false` when its folder is there. It appears whole, as it goes:
   * a folder without its link ends the listing of modctl.
   */
  async #giveFirst(tag: string, digest: Digest): Promise<boolean> {
    const folder = this.#store.layout.tag(this.#repository, tag);
    if (await statKind(folder) !== undefined) return false;
    const made = this.#aside();
    try {
      await this.#write(indexLink(made, digest), digest, { flush: true });
      await this.#write(currentLink(made), digest, { flush: true });
      Deno.mkdirSync(dirname(folder), { recursive: true });
      Deno.renameSync(made, folder);
    } catch (error) {
      if (await statKind(folder) === "folder") return false;
      throw explainWrite(folder, error);
    } finally {
      await removeIfExists(made);
    }
    await syncPath(dirname(folder));
    this.#store.repositoryMade();
    return true;
  }

  /** A folder beside the tags, which nobody lists. */
  #aside(): string {
    return join(this.#store.layout.uploads(this.#repository), crypto.randomUUID());
  }

  #current(tag: string): string {
    return this.#store.layout.tagCurrent(this.#repository, tag);
  }

  #write(path: string, digest: Digest, { flush }: { readonly flush: boolean }): Promise<boolean> {
    return writeLink(path, digest, { flush, made: this.#store.repositoryMade });
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
