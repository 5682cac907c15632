/**
 * Looks at all tags of a repository: nothing leads from a manifest to those that name it.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { JoinedWork } from "../../core/waiting/joined_work.ts";

/** The tags that name manifests, by their digests. */
type Found = ReadonlyMap<Digest, readonly string[]>;

/**
 * One look at a time for each repository. Who asks while it goes on is answered by the next one,
 * together with all others: of eight that deleted manifests at once each looked at 31,000 tags.
 */
export class TagScans {
  readonly #scans = new JoinedWork<string, Found>();
  /** What the next look is for, by repository. */
  readonly #asked = new Map<string, Set<Digest>>();

  /** The tags that name a manifest; `scan` finds those of several at once. */
  async tagsOf(
    digest: Digest,
    repository: string,
    scan: (wanted: ReadonlySet<Digest>) => Promise<Found>,
  ): Promise<readonly string[]> {
    const asked = this.#asked.get(repository) ?? new Set<Digest>();
    this.#asked.set(repository, asked.add(digest));
    const found = await this.#scans.run(repository, async () => {
      const wanted = this.#asked.get(repository) ?? new Set();
      this.#asked.delete(repository);
      return await scan(wanted);
    });
    return found.get(digest) ?? [];
  }
}
