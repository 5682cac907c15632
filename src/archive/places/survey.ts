/**
 * What is in the places of a folder, without following links and without changing anything.
 * @module
 */
import { type Digest, type DigestAlgorithm, digestStream } from "../../core/digest.ts";
import { lstatIfExists } from "../../core/files.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { fileSource } from "../../core/content/file_source.ts";
import { join } from "../../core/runtime/path.ts";

/** What can be in a place. */
export type PlaceKind = "missing" | "file" | "folder" | "link" | "special file";

/** What is in a place. */
export type Place =
  | { readonly kind: "file"; readonly size: number; readonly mode: number | undefined }
  | { readonly kind: "missing" }
  | { readonly kind: Exclude<PlaceKind, "file" | "missing"> }
  /** Something above it is no folder, so nothing can be there. */
  | { readonly kind: "blocked"; readonly by: string; readonly is: PlaceKind };

/** Looks at the places below one folder, each folder on the way once. */
export class Survey {
  readonly #root: string;
  readonly #folders = new Map<string, Promise<Place>>();

  /** Looks below `root`, which may be a link itself and need not exist. */
  constructor(root: string) {
    this.#root = root;
  }

  /** What is at a normalised path. */
  async look(path: string): Promise<Place> {
    const above = await this.#above(path);
    return above ?? describe(await lstatIfExists(join(this.#root, path)));
  }

  /** The digest of the regular file at a path, which is read to its end. */
  async digest(
    path: string,
    { signal, algorithm }: OperationOptions & { readonly algorithm?: DigestAlgorithm } = {},
  ): Promise<Digest> {
    const source = await fileSource(join(this.#root, path));
    return (await digestStream(await source.open({ signal }), { signal, algorithm })).digest;
  }

  /** What keeps a path from being there; `undefined` when all folders above it are. */
  async #above(path: string): Promise<Place | undefined> {
    for (let end = path.indexOf("/"); end > 0; end = path.indexOf("/", end + 1)) {
      const by = path.slice(0, end);
      const { kind } = await this.#folder(by);
      if (kind === "missing" || kind === "blocked") return { kind: "missing" };
      if (kind !== "folder") return { kind: "blocked", by, is: kind };
    }
    return undefined;
  }

  #folder(path: string): Promise<Place> {
    let place = this.#folders.get(path);
    if (!place) {
      place = lstatIfExists(join(this.#root, path)).then(describe);
      this.#folders.set(path, place);
    }
    return place;
  }
}

function describe(info: Deno.FileInfo | undefined): Place {
  if (info === undefined) return { kind: "missing" };
  if (info.isSymlink) return { kind: "link" };
  if (info.isDirectory) return { kind: "folder" };
  if (!info.isFile) return { kind: "special file" };
  return { kind: "file", size: info.size, mode: info.mode ?? undefined };
}

/** How whether the owner may execute a file differs from what `mode` says, as a clause. */
export function executableFault(
  mode: number | undefined,
  place: Place & { readonly kind: "file" },
): string | undefined {
  // Some systems have no such bit.
  if (mode === undefined || place.mode === undefined) return undefined;
  const [wanted, found] = [mode, place.mode].map((bits) => (bits & 0o100) !== 0);
  if (wanted === found) return undefined;
  return wanted ? "it is not executable any more" : "it has become executable";
}
