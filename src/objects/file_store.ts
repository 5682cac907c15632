/**
 * Objects in a folder: the embedded store.
 *
 * `az://container/key` lies at `<root>/container/key`, so that a bundle made for Azure works
 * without it.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { parseDigest } from "../core/digest.ts";
import { ConflictError, IntegrityError, ModelOpsError, NotFoundError } from "../core/errors.ts";
import { explainRead, explainWrite, systemCode } from "../core/file_errors.ts";
import { fileSource } from "../core/content/file_source.ts";
import { lstatIfExists, lstatIfExistsSync } from "../core/files.ts";
import type { OperationOptions } from "../core/operation.ts";
import {
  type NoFolder,
  pinFolder,
  type PinnedFolder,
  type PinOptions,
} from "../core/folders/pinned_folder.ts";
import { reported, watchedSource } from "../core/progress.ts";
import { type BlobSource } from "../core/content/source.ts";
import { writeFileAtomic } from "../core/staged_file.ts";
import { verified } from "../core/streams.ts";
import { quote } from "../core/text.ts";
import { readNote, writeNote } from "./file_facts.ts";
import { type ObjectPlace, placeOf, unplaced } from "./file_path.ts";
import type {
  ObjectFacts,
  ObjectStore,
  OpenObjectOptions,
  PutObjectOptions,
} from "./object_store.ts";
import { checkObjectSize } from "./object_size.ts";
import { objectTurn } from "./object_turn.ts";
import { ifContent, overtaken } from "./overtaken.ts";
import { quoteUri } from "./object_uri.ts";

/**
 * A store over a folder, and over nothing outside of it. Only regular files are objects; no link is
 * followed below its root, also when one appears between a look and a step.
 */
export class FileStore implements ObjectStore {
  readonly #root: string | undefined;

  /**
   * Makes a store below an absolute path, which appears with the first object. Without one no
   * address has a place.
   */
  constructor(options: { readonly root?: string } = {}) {
    this.#root = options.root;
  }

  /**
   * The absolute path of an object. A way through a link, and a place that something else than a
   * file has, are refused, as by reading and writing.
   */
  locate(uri: string): string {
    const place = placeOf(uri, this.#root);
    const found = pinned(place, {});
    if (found === "not a folder") throw throughLink(place);
    if (found === "missing") return place.path;
    using folder = found;
    refuseOther(place, lstatIfExistsSync(join(folder.path, place.name)));
    return place.path;
  }

  /** Size, digest and tier of an object; the digest is unknown where something else wrote it. */
  async stat(uri: string, options: OperationOptions = {}): Promise<ObjectFacts> {
    options.signal?.throwIfAborted();
    return await this.#read(uri, (_folder, _place, facts) => Promise.resolve(facts));
  }

  async open(uri: string, options: OpenObjectOptions = {}): Promise<ReadableStream<Uint8Array>> {
    options.signal?.throwIfAborted();
    return await this.#read(uri, async (folder, { name, path: shownPath }, facts) => {
      if (options.etag !== undefined && options.etag !== facts.etag) {
        throw new IntegrityError(`Cannot read ${quoteUri(uri)}: it was changed meanwhile`);
      }
      checkObjectSize(uri, facts.size, options.size);
      const source = await fileSource(join(folder, name), { refuseLinks: true, shownPath });
      return await source.open({ range: options.range, signal: options.signal });
    });
  }

  /** Writes an object under a temporary name and renames it when it is whole and right. */
  async put(uri: string, source: BlobSource, options: PutObjectOptions): Promise<ObjectFacts> {
    const digest = parseDigest(`sha256:${options.sha256}`);
    const place = placeOf(uri, this.#root);
    const { shownName: name = uri } = options;
    const report = { id: uri, name, size: source.size, phase: "upload" } as const;
    return await reported(report, options, async (onBytes, endAs) => {
      const found = await withFolder(place, { make: true }, async (folder) => {
        await using turn = await objectTurn(place, options);
        const there = await factsOf(folder, place);
        const skipped = ifContent(there, source.size, options);
        if (skipped) endAs("skip");
        else {
          checkUnchanged(uri, there, options);
          const bytes = await watchedSource(source, onBytes).open({ signal: options.signal });
          const content = verified(bytes, { digest, size: source.size }, quoteUri(uri));
          const whole = there ? followedBy(content, options.beforeReplace) : content;
          await writeFileAtomic(join(folder, place.name), whole, {
            signal: options.signal,
            hiddenId: turn.hiddenId,
            tidy: true,
          });
        }
        const tier = options.tier ?? skipped?.tier;
        if (!skipped || tier !== skipped.tier) {
          const fault = await writeNote(folder, place.name, { sha256: options.sha256, tier });
          if (fault !== undefined) throw unplaced(uri, "the folder of its facts is none");
        }
        return await factsOf(folder, place);
      });
      return found ?? missing(place);
    });
  }

  /** Reads an object, of which the facts are known, in its folder. */
  async #read<Result>(
    uri: string,
    use: (folder: string, place: ObjectPlace, facts: ObjectFacts) => Promise<Result>,
  ): Promise<Result> {
    const place = placeOf(uri, this.#root);
    const result = await withFolder(place, {}, async (folder) => {
      const facts = await factsOf(folder, place);
      return facts && { value: await use(folder, place, facts) };
    });
    return (result ?? missing(place)).value;
  }
}

/**
 * Does something in the folder of an object, by a path that nothing can be put in place of;
 * `undefined` when the folder is not there.
 */
async function withFolder<Result>(
  place: ObjectPlace,
  options: PinOptions,
  use: (folder: string) => Promise<Result>,
): Promise<Result | undefined> {
  const explain = options.make ? explainWrite : explainRead;
  const opened = pinned(place, options);
  if (opened === "missing") return undefined;
  if (opened === "not a folder") throw throughLink(place);
  using folder = opened;
  try {
    const result = await use(folder.path);
    if (folder.isSame()) return result;
  } catch (error) {
    throw explain(place.path, isAbout(folder, error) ? error.cause : error);
  }
  throw new ConflictError(`Cannot use ${quoteUri(place.uri)}: its folder was replaced meanwhile`);
}

function throughLink({ uri, path }: ObjectPlace): ModelOpsError {
  return unplaced(uri, `something on the way to ${quote(path)} is not a folder`);
}

function pinned(place: ObjectPlace, options: PinOptions): PinnedFolder | NoFolder {
  try {
    return pinFolder(place.root, place.folders, options);
  } catch (error) {
    throw (options.make ? explainWrite : explainRead)(place.path, error);
  }
}

/** Whether an error is the system's, about a path that nobody knows but this program. */
function isAbout(folder: PinnedFolder, error: unknown): error is ModelOpsError {
  return error instanceof ModelOpsError && systemCode(error.cause) !== undefined &&
    (error.facts.path?.startsWith(folder.path) ?? false);
}

/** The facts of the file of an object, `undefined` when nothing is there. */
async function factsOf(folder: string, place: ObjectPlace): Promise<ObjectFacts | undefined> {
  const info = await lstatIfExists(join(folder, place.name));
  if (info === undefined) return undefined;
  refuseOther(place, info);
  const note = await readNote(folder, place.name, info);
  return {
    uri: place.uri,
    size: info.size,
    sha256: note?.sha256,
    tier: note?.tier,
    etag: `${info.ino ?? 0}-${info.size}-${info.mtime?.getTime() ?? 0}`,
  };
}

/** Makes sure that an object is still what the caller has found, where it says what that was. */
function checkUnchanged(
  uri: string,
  now: ObjectFacts | undefined,
  { there }: PutObjectOptions,
): void {
  if (there === undefined) return;
  const seen = there === "nothing" ? undefined : there.etag;
  if (now?.etag !== seen) throw overtaken(uri);
}

/** All bytes, and then a last step before who writes them gets to their end. */
async function* followedBy(
  bytes: AsyncIterable<Uint8Array>,
  step?: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield* bytes;
  await step?.();
}

function refuseOther({ uri, path }: ObjectPlace, info: Deno.FileInfo | undefined): void {
  if (info && !info.isFile) throw unplaced(uri, `${quote(path)} is not a regular file`);
}

function missing({ uri, path }: ObjectPlace): never {
  throw new NotFoundError(`Cannot read ${quoteUri(uri)}: there is no such object`, { path });
}
