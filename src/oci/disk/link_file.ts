/**
 * A link of the local store: a file that holds a digest, in a folder of its own. The time of the
 * file says when it was last given, so a link is renewed whenever it is given again.
 * @module
 */
import { type Digest, isDigest } from "../../core/digest.ts";
import { explainRead, explainWrite, isMissing } from "../../core/file_errors.ts";
import { lstatIfExists, readDirIfExists, readTextIfExists } from "../../core/files.ts";
import { dirname } from "../../core/runtime/path.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { placeFile, writeFileAtomic } from "../../core/staged_file.ts";

/** Digest algorithms whose links are looked for when a folder is listed. */
const ALGORITHMS = ["sha256", "sha512"] as const;

/** Names of links that are read before others have their turn. */
const TURN = 1000;

/** How a link is written. */
interface WriteLinkOptions {
  /** Whether it has to survive a power cut. */
  readonly flush: boolean;
  /** Told of a link in a new folder, with which a repository begins. */
  readonly made: () => void;
}

/** The digest in a link; `undefined` for none, or a damaged one. */
export async function linkedDigest(path: string): Promise<Digest | undefined> {
  try {
    const text = (await readTextIfExists(path))?.trim();
    return text !== undefined && isDigest(text) ? text : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.IsADirectory) return undefined;
    throw explainRead(path, error);
  }
}

/** Writes a link; `false` when it is there already. */
export async function writeLink(
  path: string,
  digest: Digest,
  { flush, made }: WriteLinkOptions,
): Promise<boolean> {
  // A link whose folder is new needs no look: most are, of a model that is new.
  const isNew = madeFolder(dirname(path));
  if (!isNew && await linkedDigest(path) === digest) return false;
  const bytes = new TextEncoder().encode(digest);
  if (isNew && !flush) await placeFile(path, bytes);
  else await writeFileAtomic(path, bytes, { flush });
  if (isNew) made();
  return true;
}

/** Gives a link the time of now. */
export function renewLink(path: string): void {
  const now = new Date();
  Deno.utimeSync(path, now, now);
}

/** Whether there is a link, be it damaged or whole. */
export async function linkExists(path: string): Promise<boolean> {
  return await linkTime(path) !== undefined;
}

/** When a link was last given, in milliseconds since the epoch; `undefined` when there is none. */
export async function linkTime(path: string): Promise<number | undefined> {
  const info = await lstatIfExists(path);
  return info && (info.mtime?.getTime() ?? 0);
}

/** The digests whose links lie in the folders of all algorithms; `namesIn` reads one. */
export async function linksIn(
  folderOf: (algorithm: string) => string,
  namesIn: (folder: string) => Promise<readonly string[]> = namesNow,
): Promise<Digest[]> {
  const found: Digest[] = [];
  for (const algorithm of ALGORITHMS) {
    for (const [index, name] of (await namesIn(folderOf(algorithm))).entries()) {
      if (index % TURN === 0) await giveWay();
      const digest = `${algorithm}:${name}`;
      if (isDigest(digest)) found.push(digest);
    }
  }
  return found;
}

async function namesNow(folder: string): Promise<readonly string[]> {
  return (await readDirIfExists(folder)).map(({ name }) => name);
}

/** Makes a folder; `false` when it is there, or the one above is not. */
function madeFolder(path: string): boolean {
  try {
    Deno.mkdirSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || isMissing(error)) return false;
    throw explainWrite(path, error);
  }
}
