/**
 * Hashes files, several at once.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { type Digest, digestStream } from "../../core/digest.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { reported, watchedSource } from "../../core/progress.ts";
import { type BlobSource } from "../../core/source.ts";
import { fileSource } from "../../core/file_source.ts";
import type { FoundFile } from "../spec/files.ts";

/** How to hash. */
export interface HashOptions extends OperationOptions {
  /** Contents that stand for those on the disk, by path. */
  readonly replace?: ReadonlyMap<string, BlobSource>;
  /** Files hashed at once; 5 when absent or 0. */
  readonly concurrency?: number;
}

/** A file, its content, and the digest of that. */
export interface HashedFile extends FoundFile {
  /** The content, which fails when the file changes. */
  readonly source: BlobSource;
  /** Digest of the content. */
  readonly digest: Digest;
}

/** Hashes files, each once however many layers have it. */
export class Hasher {
  readonly #options: HashOptions;
  readonly #known = new Map<string, { source: BlobSource; digest: Digest }>();

  /** Makes a hasher that has seen nothing yet. */
  constructor(options: HashOptions) {
    this.#options = options;
  }

  /** Hashes files, in their order. */
  async files(files: readonly FoundFile[]): Promise<HashedFile[]> {
    return await mapConcurrent(
      files,
      async (file) => ({ ...file, ...await this.#content(file.path, file.absolute) }),
      this.#options,
    );
  }

  async #content(path: string, absolute: string): Promise<{ source: BlobSource; digest: Digest }> {
    const known = this.#known.get(absolute);
    if (known) return known;
    const source = this.#options.replace?.get(path) ?? await fileSource(absolute);
    const content = { source, digest: await this.#digest(path, source) };
    this.#known.set(absolute, content);
    return content;
  }

  async #digest(path: string, source: BlobSource): Promise<Digest> {
    const { signal } = this.#options;
    const item = { id: path, phase: "hash", name: path, size: source.size } as const;
    return await reported(item, this.#options, async (onBytes) => {
      const stream = await watchedSource(source, onBytes).open({ signal });
      return (await digestStream(stream, { signal })).digest;
    });
  }
}
