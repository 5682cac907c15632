/**
 * What the manifests of a store are, for as long as their files stay as they are: to be asked for
 * the media type of one is no reason to read, hash and parse it each time. Whoever sends one reads
 * and verifies its bytes all the same.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import type { FileStamp } from "../disk_blobs.ts";
import type { Descriptor } from "../descriptor.ts";
import type { ManifestDocument } from "../manifest.ts";

/** To read a larger manifest again would take long. */
const LARGE = 16 * 1024;

/**
 * Milliseconds since a file was changed for its times to tell of the next change: those of a system
 * may stay the same for as long. A small one is read again until then.
 */
const SETTLED = 2000;

/**
 * The most manifests that are remembered, which take three megabytes; what was asked for long ago
 * is forgotten first.
 */
const REMEMBERED = 8192;

interface Remembered {
  readonly stamp: FileStamp;
  readonly descriptor: Descriptor;
}

/** Descriptors of manifests that were read and verified. */
export class DescribedManifests {
  readonly #byDigest = new Map<Digest, Remembered>();
  /** What was written last: kept for as long as its writer has it, and no longer. */
  #last: { readonly digest: Digest; readonly document: WeakRef<ManifestDocument> } | undefined;

  /** Remembers what a manifest was parsed to that was just written, while its writer holds it. */
  hold(digest: Digest, document: ManifestDocument): void {
    this.#last = { digest, document: new WeakRef(document) };
  }

  /** What a manifest was parsed to; `undefined` when nobody holds it any more. */
  held(digest: Digest): ManifestDocument | undefined {
    return this.#last?.digest === digest ? this.#last.document.deref() : undefined;
  }

  /** The descriptor of a manifest whose file is in this state; `read` finds it out. */
  async of(
    digest: Digest,
    stamp: FileStamp,
    read: () => Promise<Descriptor>,
  ): Promise<Descriptor> {
    const known = this.#byDigest.get(digest);
    this.#byDigest.delete(digest);
    const isSame = known !== undefined && sameStamp(known.stamp, stamp);
    const descriptor = isSame ? known.descriptor : await read();
    const isTelling = stamp.size > LARGE || Date.now() - stamp.changed > SETTLED;
    if (isTelling) this.#byDigest.set(digest, { stamp, descriptor });
    const oldest = this.#byDigest.keys().next().value;
    if (this.#byDigest.size > REMEMBERED && oldest !== undefined) this.#byDigest.delete(oldest);
    return descriptor;
  }
}

function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtime === b.mtime && a.changed === b.changed && a.ino === b.ino;
}
