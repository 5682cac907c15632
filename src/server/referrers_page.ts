/**
 * One page of a list of referrers, filled from a store that gives them in any order.
 *
 * A page is an index, which must not be larger than a manifest may be. Pages follow the order of
 * digests; what belongs to later pages is dropped while reading, so that memory is bounded by two
 * pages however many referrers there are.
 * @module
 */
import { compareText } from "../core/text.ts";
import type { Descriptor } from "../oci/descriptor.ts";

/** The referrers after `last`, by digest, as many as fit into a number of bytes of JSON. */
export class ReferrersPage {
  readonly #last: string;
  readonly #limit: number;
  #items: Descriptor[] = [];
  #bytes = 0;
  /** Digest of the first referrer that did not fit: it and all after it are for later pages. */
  #end: string | undefined;

  /** Starts a page of at most `limit` bytes after the digest `last`; empty for the first page. */
  constructor(last: string, limit: number) {
    this.#last = last;
    this.#limit = limit;
  }

  /** Offers a referrer. */
  add(referrer: Descriptor): void {
    const { digest } = referrer;
    if (compareText(digest, this.#last) <= 0) return;
    if (this.#end !== undefined && compareText(digest, this.#end) >= 0) return;
    this.#items.push(referrer);
    this.#bytes += jsonSize(referrer);
    if (this.#bytes > 2 * this.#limit) this.#trim();
  }

  /** The referrers in the order of their digests, and what the next page starts after, if any. */
  finish(): { items: readonly Descriptor[]; next?: string } {
    this.#trim();
    return { items: this.#items, next: this.#end && this.#items.at(-1)?.digest };
  }

  /** Drops what does not fit, but never the first: a page must get the reader further. */
  #trim(): void {
    const sorted = this.#items.sort((a, b) => compareText(a.digest, b.digest));
    this.#items = [];
    this.#bytes = 0;
    for (const referrer of sorted) {
      const size = jsonSize(referrer);
      if (this.#items.length > 0 && this.#bytes + size > this.#limit) {
        this.#end = referrer.digest;
        return;
      }
      this.#items.push(referrer);
      this.#bytes += size;
    }
  }
}

/** Bytes of a descriptor in a list: its JSON and a comma. */
function jsonSize(referrer: Descriptor): number {
  return new TextEncoder().encode(JSON.stringify(referrer)).byteLength + 1;
}
