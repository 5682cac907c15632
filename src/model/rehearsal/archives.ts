/**
 * The files of a model while it is rehearsed to write them: their names, their bytes in all, and
 * what archives have, read as an extraction reads it.
 * @module
 */
import { Claims, contentClash } from "../../archive/claims.ts";
import { SKIPPED_SHOWN } from "../../archive/extract_tar.ts";
import { refuseHidden } from "../../archive/leftovers.ts";
import type { WantedFile } from "../../archive/places/verdicts.ts";
import { namedSystem, namesTarget, safeRelativePath } from "../../archive/safe_path.ts";
import { checkLimit } from "../../archive/staging.ts";
import { tarEntries, type TarEntryPlan } from "../../archive/tar_entries.ts";
import { type Digest, digestStream } from "../../core/digest.ts";
import { operationOptions } from "../../core/operation.ts";
import { streamOf } from "../../core/streams.ts";
import { type ContentStore, openVerified } from "../../oci/store.ts";
import { archiveOptions, type LeftOut, unpacked } from "../extraction/archive.ts";
import type { TarLayer } from "../extraction/layers.ts";
import { HIDDEN_PREFIX } from "../extraction/survey.ts";
import type { ExtractModelOptions } from "../operations/moving.ts";

type FoundFile = WantedFile & { readonly size: number };

/** Refuses what an extraction refuses. */
export class RehearsedFiles implements LeftOut {
  readonly skipped: { path: string; reason: string }[] = [];
  skippedCount = 0;
  readonly #options: ExtractModelOptions;
  readonly #claims: Claims;
  readonly #contents = new Map<string, Digest>();
  #bytes = 0;

  /** Starts without files. */
  constructor(options: ExtractModelOptions) {
    this.#options = options;
    this.#claims = new Claims(namedSystem(options));
  }

  /** Claims the name of a file of this content; `false` when it was there with it already. */
  add(name: string, digest: Digest): boolean {
    const path = this.#claim(name);
    const earlier = this.#contents.get(path);
    if (earlier !== undefined && earlier !== digest) throw contentClash(path, earlier, digest);
    this.#contents.set(path, digest);
    return earlier === undefined;
  }

  /** Counts bytes that are written, which must not be more than is allowed. */
  count(path: string, bytes: number): void {
    this.#bytes += bytes;
    checkLimit(path, this.#bytes, this.#options.maxSize);
  }

  /** The files in an archive, which is read to its end. */
  async read(store: ContentStore, { descriptor }: TarLayer): Promise<FoundFile[]> {
    const options = operationOptions(this.#options);
    const { onRepeated, ...reading } = archiveOptions(descriptor, this.#options);
    const packed = await openVerified(store, descriptor, options);
    const files = new Map<string, FoundFile>();
    const entries = tarEntries(unpacked(packed, descriptor, this.#options), {
      ...reading,
      signal: options.signal,
      isEarlier: (path) => files.has(path),
    });
    for await (const entry of entries) {
      const { name } = entry.member;
      if (entry.as === "left out") this.#leaveOut(name, entry.reason);
      else if (entry.as === "folder") this.#folder(name);
      else {
        const { digest, size } = await this.#content(entry, files);
        if (entry.as === "copy") onRepeated?.(size);
        const path = this.#claim(name);
        if (!this.add(name, digest)) continue;
        this.count(path, size);
        files.set(path, { path, digest, size });
      }
    }
    return [...files.values()];
  }

  async #content(
    entry: Exclude<TarEntryPlan, { readonly as: "left out" | "folder" }>,
    files: ReadonlyMap<string, FoundFile>,
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    if (entry.as === "copy") return files.get(entry.of)!;
    return await digestStream(streamOf(entry.member.chunks()), { signal: this.#options.signal });
  }

  #claim(name: string): string {
    const path = safeRelativePath(name, this.#options);
    refuseHidden(path, { hiddenPrefix: HIDDEN_PREFIX });
    this.#claims.file(path);
    return path;
  }

  #folder(name: string): void {
    if (!namesTarget(name)) this.#claims.folder(safeRelativePath(name, this.#options));
  }

  #leaveOut(path: string, reason: string): void {
    if (this.skippedCount++ < SKIPPED_SHOWN) this.skipped.push({ path, reason });
  }
}
