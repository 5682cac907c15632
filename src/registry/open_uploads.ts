/**
 * Uploads that were begun, noted so that another run can go on with them.
 *
 * A note is a small file that is the user's alone, since its URL may carry a signature; its name is
 * a hash of what is uploaded where. It says only where to ask: how far the upload is, the registry
 * tells. A note that cannot be read is as if it were not there. While a run sends, it holds a lock
 * beside the note: another that sends the same blob meanwhile begins an upload of its own.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { type Digest, digestDocument, digestHex } from "../core/digest.ts";
import { ConflictError } from "../core/errors.ts";
import { makePrivateFolder, readDirIfExists, removeIfExists } from "../core/files.ts";
import { lstatIfExists, readTextIfExists } from "../core/files.ts";
import type { Log } from "../core/operation.ts";

/** Uploads that are remembered at most; beyond that the oldest are forgotten. */
const MOST_NOTES = 200;

/** Milliseconds after which no registry is taken to know an upload any more. */
const FORGOTTEN_AFTER = 7 * 24 * 3600 * 1000;

/** The longest URL that is noted. */
const LONGEST_LOCATION = 8 * 1024;

/** What is uploaded where. */
export interface UploadKey {
  readonly registry: string;
  readonly repository: string;
  readonly digest: Digest;
}

/** Remembers uploads in a folder. */
export class OpenUploads {
  readonly #folder: string;
  readonly #now: () => number;

  /** Makes a memory in a folder; nothing is read or written yet. */
  constructor(folder: string, now: () => number = Date.now) {
    this.#folder = folder;
    this.#now = now;
  }

  /** Opens the note of an upload; `undefined` when another process has it. */
  async open(
    key: UploadKey,
    options: { readonly log?: Log } = {},
  ): Promise<UploadNote | undefined> {
    await makePrivateFolder(this.#folder);
    await this.#forget();
    const path = await this.#pathOf(key);
    const waiting = `Another command uploads ${key.digest}: this one begins its own upload`;
    const busy = () => new ConflictError(waiting);
    try {
      const { lockFile } = await import("../core/file_lock.ts");
      const lock = await lockFile(`${path}.lock`, {
        ...options,
        exclusive: true,
        removeFile: true,
        waiting,
        busy,
      });
      return new UploadNote(path, lock);
    } catch (error) {
      if (error instanceof ConflictError) return undefined;
      throw error;
    }
  }

  /** Forgets an upload that turned out to be finished, unless another process still has it. */
  async drop(key: UploadKey): Promise<void> {
    if (await lstatIfExists(await this.#pathOf(key)) === undefined) return;
    await using note = await this.open(key);
    await note?.forget();
  }

  async #pathOf({ registry, repository, digest }: UploadKey): Promise<string> {
    const text = new TextEncoder().encode([registry, repository, digest].join("\n"));
    return join(this.#folder, digestHex(await digestDocument(text)));
  }

  /** Removes what is too old, or too much. */
  async #forget(): Promise<void> {
    const names = (await readDirIfExists(this.#folder)).map(({ name }) => name);
    const notes = await Promise.all(names.map(async (name) => {
      const path = join(this.#folder, name);
      return { path, at: (await lstatIfExists(path))?.mtime?.getTime() ?? 0 };
    }));
    notes.sort((a, b) => b.at - a.at);
    const old = this.#now() - FORGOTTEN_AFTER;
    for (const [index, { path, at }] of notes.entries()) {
      if (index >= MOST_NOTES || at < old) await removeIfExists(path);
    }
  }
}

/** The note of one upload, which nobody else has meanwhile. */
export class UploadNote implements AsyncDisposable {
  readonly #path: string;
  readonly #lock: AsyncDisposable;

  constructor(path: string, lock: AsyncDisposable) {
    this.#path = path;
    this.#lock = lock;
  }

  /** The URL where an earlier run left the upload. */
  async location(): Promise<string | undefined> {
    const text = await readTextIfExists(this.#path) ?? "";
    // Without the end of its line it is the rest of a note that was being written.
    const isWhole = text.length <= LONGEST_LOCATION && text.endsWith("\n");
    return isWhole && URL.canParse(text.trim()) ? text.trim() : undefined;
  }

  /** Notes where the upload goes on. */
  async write(location: string): Promise<void> {
    if (location.length >= LONGEST_LOCATION) return await this.forget();
    await Deno.writeTextFile(this.#path, `${location}\n`, { mode: 0o600 });
  }

  /** Forgets the upload: it is finished, or lost. */
  async forget(): Promise<void> {
    await removeIfExists(this.#path);
  }

  /** Lets others have it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock[Symbol.asyncDispose]();
  }
}
