/**
 * The files of a working directory that patterns bring in.
 *
 * Links are followed as long as they stay in the directory; what leaves it, and what is no regular
 * file, is a problem of the pattern that meets it. Paths keep the Unicode form that the disk gives
 * them; patterns match whatever the form.
 * @module
 */
import { collectInSeries } from "../../core/runtime/garbage.ts";
import { join, sep } from "../../core/runtime/path.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { InvalidInputError, ModelOpsError, type Problem } from "../../core/errors.ts";
import { fileFault } from "../../core/file_errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { compareText, quote } from "../../core/text.ts";
import {
  parseFilter,
  parsePathPattern,
  type PathPattern,
  type PatternState,
} from "./path_pattern.ts";
import type { SpecLayer } from "./description.ts";
import { workspacePath } from "../workspace/path.ts";

/** A file that a pattern brought in. */
export interface FoundFile {
  /** Normalised relative path. */
  readonly path: string;
  /** Path to read it from. */
  readonly absolute: string;
  /** Permission bits that a bundle carries: 0o755 for what its owner may execute, else 0o644. */
  readonly mode: number;
}

/** What patterns brought in, and what stands in the way. */
export interface FoundFiles {
  /** The files in bytewise order of their paths. */
  readonly files: readonly FoundFile[];
  /** Patterns that brought in nothing. */
  readonly unmatched: readonly string[];
  /** What cannot be in a bundle. */
  readonly problems: readonly Problem[];
}

type FileSelection = Pick<SpecLayer, "files" | "ignore">;

/** Finds the files of a directory, given by its real path, that a selection brings in. */
export async function findFiles(
  root: string,
  selection: FileSelection,
  options: OperationOptions = {},
): Promise<FoundFiles> {
  const walk = new Walk(root, selection, options);
  await walk.folder("", { states: walk.patterns.map(({ start }) => start), trail: [root] });
  return walk.result();
}

/** Where a walk is. */
interface Position {
  /** How far each pattern has come. */
  readonly states: readonly PatternState[];
  /** Real paths of the folders down to here; they show cycles of links. */
  readonly trail: readonly string[];
}

class Walk {
  readonly patterns: readonly PathPattern[];
  readonly #root: string;
  readonly #selection: FileSelection;
  readonly #options: OperationOptions;
  readonly #ignored: readonly ((path: string) => boolean)[];
  readonly #matched = new Set<number>();
  /** By the composed form of their paths. */
  readonly #files = new Map<string, FoundFile>();
  readonly #problems: Problem[] = [];
  #entries = 0;

  constructor(root: string, selection: FileSelection, options: OperationOptions) {
    this.#root = root;
    this.#selection = selection;
    this.#options = options;
    this.patterns = selection.files.map((pattern) => parsePathPattern(pattern));
    this.#ignored = selection.ignore.map(parseFilter);
  }

  result(): FoundFiles {
    return {
      files: [...this.#files.values()].sort((a, b) => compareText(a.path, b.path)),
      unmatched: this.#selection.files.filter((_, index) => !this.#matched.has(index)),
      problems: this.#problems,
    };
  }

  /** Looks into a folder that some pattern may match below. */
  async folder(path: string, position: Position): Promise<void> {
    this.#options.signal?.throwIfAborted();
    try {
      const names = Array.from(Deno.readDirSync(join(this.#root, path)), ({ name }) => name);
      for (const name of names.sort(compareText)) {
        collectInSeries(++this.#entries);
        await giveWay();
        await this.#entry(path === "" ? name : `${path}/${name}`, name, position);
      }
    } catch (error) {
      if (isOwn(error, this.#options.signal)) throw error;
      this.#refuse(path || ".", reasonOf(error));
    }
  }

  async #entry(path: string, name: string, { states, trail }: Position): Promise<void> {
    const next = this.patterns.map((pattern, index) =>
      pattern.step(states[index] ?? pattern.start, name.normalize("NFC"))
    );
    if (next.every((state) => state.size === 0) || this.#isIgnored(path)) return;
    const found = this.#look(path, join(trail.at(-1)!, name));
    if (found === undefined) return;
    const { real, info } = found;
    const matching = this.patterns.flatMap((pattern, index) =>
      pattern.accepts(next[index] ?? pattern.start) ? [index] : []
    );
    if (info.isDirectory) return await this.#enter(path, real, { states: next, trail });
    if (matching.length === 0) return;
    if (!info.isFile) return this.#refuse(path, "it is not a regular file");
    for (const index of matching) this.#matched.add(index);
    this.#add(path, real, info);
  }

  async #enter(path: string, real: string, { states, trail }: Position): Promise<void> {
    if (!trail.includes(real)) return await this.folder(path, { states, trail: [...trail, real] });
    this.#refuse(path, "it is a link that leads back to a folder above it");
  }

  /**
   * What an entry is, and where it really is; what leads nowhere, or out of the directory, is
   * refused. Only links are asked where they lead: of tens of thousands of files that takes as long
   * as all the rest.
   */
  #look(path: string, place: string): { real: string; info: Deno.FileInfo } | undefined {
    try {
      const info = Deno.lstatSync(place);
      if (!info.isSymlink) return { real: place, info };
      const real = Deno.realPathSync(place);
      const isInside = real === this.#root || real.startsWith(this.#root + sep);
      if (isInside) return { real, info: Deno.statSync(real) };
      this.#refuse(path, "it is a link that leaves the working directory");
    } catch (error) {
      // The system gives names that are no UTF-8 with replacement characters, which name nothing.
      this.#refuse(path, path.includes("\uFFFD") ? "its name is not valid UTF-8" : reasonOf(error));
    }
    return undefined;
  }

  #isIgnored(path: string): boolean {
    const normal = path.normalize("NFC");
    return this.#ignored.some((matches) => matches(normal));
  }

  #add(found: string, absolute: string, info: Deno.FileInfo): void {
    try {
      const path = workspacePath(found, "publish");
      const twin = this.#files.get(path.normalize("NFC"));
      const mode = ((info.mode ?? 0) & 0o100) === 0 ? 0o644 : 0o755;
      if (twin) this.#refuse(path, "another file differs only in the Unicode form of its name");
      else this.#files.set(path.normalize("NFC"), { path, absolute, mode });
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      this.#problems.push({ message: error.message });
    }
  }

  #refuse(path: string, reason: string): void {
    this.#problems.push({ message: `Cannot publish ${quote(path)}: ${reason}` });
  }
}

/** Whether an error comes from the run itself, and not from a file that is looked at. */
function isOwn(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted || error instanceof ModelOpsError;
}

/** Why something in a folder cannot be published, as a clause. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it is a link to nothing, or it is gone";
  return fileFault("read", error) ?? (error instanceof Error ? error.message : String(error));
}
