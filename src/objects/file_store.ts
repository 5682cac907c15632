/**
 * Objects in a folder: the embedded store.
 *
 * `az://container/key` lies at `<root>/container/key`, so that a bundle made for Azure works
 * without it.
 * @module
 */
import { parseDigest } from "../core/digest.ts";
import { IntegrityError, NotFoundError } from "../core/errors.ts";
import { writeFileAtomic } from "../core/staged_file.ts";
import type { OperationOptions } from "../core/operation.ts";
import { type BlobSource } from "../core/source.ts";
import { fileSource } from "../core/file_source.ts";
import { verified } from "../core/streams.ts";
import { readNote, writeNote } from "./file_facts.ts";
import { checkPlace, type ObjectPlace, placeOf } from "./file_path.ts";
import type {
  ObjectFacts,
  ObjectStore,
  OpenObjectOptions,
  PutObjectOptions,
} from "./object_store.ts";
import { quoteUri } from "./object_uri.ts";
import { reported, watchedSource } from "../core/progress.ts";

/** A store over a folder. Only regular files are objects; no link is followed below its root. */
export class FileStore implements ObjectStore {
  readonly #root: string | undefined;

  /**
   * Makes a store below an absolute path, which appears with the first object. Without one only
   * `file:///absolute/path` has a place.
   */
  constructor(options: { readonly root?: string } = {}) {
    this.#root = options.root;
  }

  /** Size, digest and tier of an object; the digest is unknown where something else wrote it. */
  async stat(uri: string, options: OperationOptions = {}): Promise<ObjectFacts> {
    options.signal?.throwIfAborted();
    const place = placeOf(uri, this.#root);
    const facts = await this.#facts(place);
    if (facts !== undefined) return facts;
    throw new NotFoundError(`Cannot read ${quoteUri(uri)}: there is no such object`, {
      path: place.path,
    });
  }

  async open(uri: string, options: OpenObjectOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const facts = await this.stat(uri, options);
    if (options.etag !== undefined && options.etag !== facts.etag) {
      throw new IntegrityError(`Cannot read ${quoteUri(uri)}: it was changed meanwhile`);
    }
    const source = await fileSource(placeOf(uri, this.#root).path);
    return await source.open({ range: options.range, signal: options.signal });
  }

  /** Writes an object under a temporary name and renames it when it is whole and right. */
  async put(uri: string, source: BlobSource, options: PutObjectOptions): Promise<ObjectFacts> {
    const digest = parseDigest(`sha256:${options.sha256}`);
    const place = placeOf(uri, this.#root);
    const { shownName: name = uri } = options;
    const report = { id: uri, name, size: source.size, phase: "upload" } as const;
    return await reported(report, options, async (onBytes, skip) => {
      const there = await this.#facts(place);
      const skipped = there?.size === source.size && there.sha256 === options.sha256;
      if (skipped) skip();
      else {
        const bytes = await watchedSource(source, onBytes).open({ signal: options.signal });
        const content = verified(bytes, { digest, size: source.size }, quoteUri(uri));
        await writeFileAtomic(place.path, content, { signal: options.signal });
      }
      const tier = options.tier ?? (skipped ? there.tier : undefined);
      if (!skipped || tier !== there.tier) {
        await writeNote(place.path, { sha256: options.sha256, tier });
      }
      return await this.stat(uri, options);
    });
  }

  async #facts(place: ObjectPlace): Promise<ObjectFacts | undefined> {
    const info = await checkPlace(place);
    if (info === undefined) return undefined;
    const note = await readNote(place.path, info);
    return {
      uri: place.uri,
      size: info.size,
      sha256: note?.sha256,
      tier: note?.tier,
      etag: `${info.ino ?? 0}-${info.size}-${info.mtime?.getTime() ?? 0}`,
    };
  }
}
