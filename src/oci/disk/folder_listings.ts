/**
 * The folders within folders of the store, remembered for as long as they stay as they are.
 *
 * Looking for all repositories means reading every folder down to theirs. Whether one has changed
 * is told by its times for a fifth of what reading it takes.
 * @module
 */
import { explainRead } from "../../core/file_errors.ts";
import { readDirIfExists, statKind } from "../../core/files.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { join } from "../../core/runtime/path.ts";
import { JoinedWork } from "../../core/waiting/joined_work.ts";

/**
 * Names that are remembered at most, those that were asked for last: 75,000 repositories, which
 * take forty megabytes. Where not all have room, none is there when it is asked for in turn.
 */
const REMEMBERED = 300_000;

/**
 * Milliseconds between a change of a folder and its reading, for its times to tell of the next
 * change: those of a system may stay the same for as long.
 */
const SETTLED = 2000;

/** Folders that are looked at before others have their turn. */
const TURN = 200;

interface Listing {
  /** What the folder's times and its number were. */
  readonly state: string;
  readonly names: readonly string[];
}

/** Lists folders in bytewise order, and remembers what was in those that do not change. */
export class FolderListings {
  /** By folder; the one that was asked for last is the last. */
  readonly #known = new Map<string, Listing>();
  /** Of folders that many ask for at once: each reading takes memory for every name. */
  readonly #readings = new JoinedWork<string, readonly string[]>();
  readonly #most: number;
  #names = 0;
  #looks = 0;

  /** Makes room for so many folders and names in them. */
  constructor(most = REMEMBERED) {
    this.#most = most;
  }

  /** How many folders are remembered. */
  get size(): number {
    return this.#known.size;
  }

  /** Whether all that are remembered are as they were. */
  async areSame(): Promise<boolean> {
    for (const [folder, { state }] of this.#known) {
      if (stateOf(folder) !== state) return false;
      if (++this.#looks % TURN === 0) await giveWay();
    }
    return true;
  }

  /** The names of the folders in a folder; none when it is not there. */
  async names(folder: string): Promise<readonly string[]> {
    if (++this.#looks % TURN === 0) await giveWay();
    return this.#remembered(folder, stateOf(folder)) ??
      await this.#readings.run(folder, () => this.#read(folder));
  }

  /** What is remembered of a folder that is as it was. */
  #remembered(folder: string, state: string | undefined): readonly string[] | undefined {
    const known = this.#forget(folder);
    return known && known.state === state ? this.#remember(folder, known) : undefined;
  }

  async #read(folder: string): Promise<readonly string[]> {
    const state = stateOf(folder);
    // Whoever waited for another's reading may find it here.
    const known = this.#remembered(folder, state);
    if (known !== undefined) return known;
    const { names, hasLinks } = await foldersIn(folder);
    // What a link leads to can change without the folder.
    return state === undefined || hasLinks ? names : this.#remember(folder, { state, names });
  }

  /** Forgets folders that are not there any more. */
  keep(folders: ReadonlySet<string>): void {
    for (const folder of this.#known.keys()) if (!folders.has(folder)) this.#forget(folder);
  }

  #remember(folder: string, listing: Listing): readonly string[] {
    // Two may have read it at once.
    this.#forget(folder);
    this.#known.set(folder, listing);
    this.#names += listing.names.length + 1;
    for (const oldest of this.#known.keys()) {
      if (this.#names <= this.#most) break;
      this.#forget(oldest);
    }
    return listing.names;
  }

  #forget(folder: string): Listing | undefined {
    const known = this.#known.get(folder);
    if (known !== undefined) this.#names -= known.names.length + 1;
    this.#known.delete(folder);
    return known;
  }
}

/** Changes with every change of a folder; `undefined` when it may not do so, or there is none. */
function stateOf(folder: string): string | undefined {
  try {
    const { mtime, ctime, ino, dev } = Deno.statSync(folder);
    const changed = Math.max(mtime?.getTime() ?? Infinity, ctime?.getTime() ?? 0);
    if (!(Date.now() - changed > SETTLED)) return undefined;
    return `${mtime?.getTime()} ${ctime?.getTime()} ${ino} ${dev}`;
  } catch {
    // Whoever reads it says what is wrong.
    return undefined;
  }
}

/** The names of the folders in a folder, as they are now; none when it is not there. */
export async function foldersIn(
  folder: string,
): Promise<{ readonly names: readonly string[]; readonly hasLinks: boolean }> {
  const entries = await readDirIfExists(folder).catch((error) => {
    throw explainRead(folder, error);
  });
  const names: string[] = [];
  let hasLinks = false;
  for (const { name, isDirectory, isSymlink } of entries) {
    hasLinks ||= isSymlink;
    // What a link leads to counts as here: prune must see who needs a blob.
    if (isDirectory || isSymlink && await statKind(join(folder, name)) === "folder") {
      names.push(name);
    }
  }
  return { names, hasLinks };
}
