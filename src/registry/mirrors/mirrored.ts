/**
 * A repository that is read from its mirrors, and written where it is.
 *
 * A digest names the same bytes wherever they lie, so whoever has them may send them. A tag is the
 * registry's own to move: it is asked first what the tag names, and mirrors are asked for that.
 * Only where it does not say it, the first mirror that has the tag decides.
 * @module
 */
import { isDigest } from "../../core/digest.ts";
import { isAbort, ModelOpsError } from "../../core/errors.ts";
import type { Log, OperationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import { capability } from "../../oci/capabilities.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ContentStore } from "../../oci/store.ts";
import { wrapped } from "../../oci/wrapped.ts";
import type { MirrorUse } from "./rules.ts";

/** A place that a repository is read from. */
export interface ReadPlace {
  /** Opens the repository there; nothing is sent. */
  open(): ContentStore;
  /** For which reads it is asked. */
  readonly use: MirrorUse;
}

/** The repository itself, and where it is read from. */
export interface MirroredParts {
  /** Where everything is written. */
  readonly home: ContentStore;
  /** Where it is read when no mirror has it: `home`, unless it is said to be elsewhere. */
  readonly origin: ContentStore;
  /** What is asked before that, in order. */
  readonly mirrors: readonly ReadPlace[];
}

/** Puts mirrors in front of a repository. */
export function mirrored(parts: MirroredParts): ContentStore {
  return new MirroredReads(parts).store();
}

class MirroredReads {
  readonly #parts: MirroredParts;
  /** Mirrors by their repository, opened once. */
  readonly #mirrors: readonly { readonly store: ContentStore; readonly use: MirrorUse }[];
  /** Mirrors that failed where another place may not: they are not asked again. */
  readonly #down = new Set<ContentStore>();
  /** Places that failed for one content. */
  readonly #failed = new Map<string, Set<ContentStore>>();
  /** The place that a content was last taken from. */
  readonly #last = new Map<string, ContentStore>();
  /** Where a tag was resolved: its manifest is known there. */
  readonly #pinned = new Map<string, ContentStore>();
  /** How the artifact was named: mirrors may be for digests or tags alone. */
  #named: MirrorUse = "digest-only";
  /** That of the operation that resolved a name here; what reads content has none. */
  #log: Log | undefined;

  constructor(parts: MirroredParts) {
    this.#parts = parts;
    this.#mirrors = parts.mirrors.map(({ open, use }) => ({ store: open(), use }));
  }

  store(): ContentStore {
    const { home } = this.#parts;
    const toFile = capability(this.#parts.origin, "toFile");
    return wrapped(home, {
      resolve: (target, options) => this.#resolve(target, options),
      open: async (descriptor, options) => {
        const pinned = this.#pinned.get(descriptor.digest);
        if (pinned) return await pinned.open(descriptor, options);
        return await this.#first(descriptor, options, (store) => store.open(descriptor, options));
      },
      capabilities: {
        ...home.capabilities,
        read: undefined,
        stat: async (digest, options) => {
          const blob = { mediaType: "application/octet-stream", digest, size: 0 };
          return await this.#first(
            blob,
            options,
            async (store) => await capability(store, "stat")!(digest, options),
          );
        },
        toFile: toFile && (async (descriptor, path, options) =>
          await this.#first(
            descriptor,
            options,
            async (store) => await capability(store, "toFile")!(descriptor, path, options),
          )),
        elsewhere: (descriptor, failure) => this.#elsewhere(descriptor, failure),
      },
    });
  }

  async #resolve(target: string, options: OperationOptions = {}): Promise<Descriptor> {
    this.#log = options.log;
    this.#named = isDigest(target) ? "digest-only" : "tag-only";
    const { origin } = this.#parts;
    if (isDigest(target)) {
      const named = { mediaType: "", digest: target, size: 0 };
      return await this.#first(named, options, (store) => store.resolve(target, options));
    }
    try {
      const found = await origin.resolve(target, options);
      this.#pinned.set(found.digest, origin);
      return found;
    } catch (error) {
      if (!mayBeElsewhere(error, options)) throw error;
      return await this.#resolveAtMirrors(target, error as ModelOpsError, options);
    }
  }

  /** What the mirrors say that a tag names, where the registry does not say it. */
  async #resolveAtMirrors(
    tag: string,
    reason: ModelOpsError,
    options: OperationOptions,
  ): Promise<Descriptor> {
    for (const mirror of this.#usable()) {
      try {
        const found = await mirror.resolve(tag, options);
        this.#pinned.set(found.digest, mirror);
        const name = quote(`${this.#parts.home.name}:${tag}`);
        options.log?.(
          "warning",
          `${name} is what the mirror ${mirror.name} says, since: ${reason.message}`,
        );
        return found;
      } catch (error) {
        if (!mayBeElsewhere(error, options)) throw error;
        this.#note(mirror, error as ModelOpsError, options.log);
      }
    }
    throw reason;
  }

  /** The result of the first place that has what is asked for; the registry is the last of them. */
  async #first<Result>(
    { digest }: Pick<Descriptor, "digest">,
    options: OperationOptions = {},
    work: (store: ContentStore) => Promise<Result>,
  ): Promise<Result> {
    const failed = this.#failed.get(digest);
    for (const mirror of this.#usable()) {
      if (failed?.has(mirror)) continue;
      try {
        this.#last.set(digest, mirror);
        return await work(mirror);
      } catch (error) {
        if (!mayBeElsewhere(error, options)) throw error;
        this.#note(mirror, error as ModelOpsError);
        this.#markFailed(digest, mirror);
      }
    }
    this.#last.set(digest, this.#parts.origin);
    return await work(this.#parts.origin);
  }

  /** The mirrors that are asked for an artifact of that name. */
  #usable(): ContentStore[] {
    return this.#mirrors
      .filter(({ store, use }) => (use === "all" || use === this.#named) && !this.#down.has(store))
      .map(({ store }) => store);
  }

  #note(mirror: ContentStore, error: ModelOpsError, log = this.#log): void {
    // One that does not have something is still there for the rest.
    const isNews = error.kind === "transfer" && !this.#down.has(mirror);
    log?.(isNews ? "warning" : "info", `Going past the mirror ${mirror.name}: ${error.message}`);
    if (isNews) this.#down.add(mirror);
  }

  #markFailed(digest: string, place: ContentStore): void {
    const failed = this.#failed.get(digest) ?? new Set();
    this.#failed.set(digest, failed.add(place));
  }

  async #elsewhere(descriptor: Descriptor, failure: unknown): Promise<boolean> {
    const { digest } = descriptor;
    const place = this.#last.get(digest);
    if (place === undefined) return false;
    // The place itself may have another way to what it has.
    if (await capability(place, "elsewhere")?.(descriptor, failure)) return true;
    const isFault = failure instanceof ModelOpsError &&
      (failure.kind === "transfer" || failure.kind === "integrity");
    if (!isFault || place === this.#parts.origin || this.#failed.get(digest)?.has(place)) {
      return false;
    }
    this.#note(place, failure);
    this.#markFailed(digest, place);
    return true;
  }
}

/** Whether a place failed for reasons of its own, so that another one may have what was asked. */
function mayBeElsewhere(error: unknown, { signal }: OperationOptions): boolean {
  return error instanceof ModelOpsError && !isAbort(error, signal);
}
