/**
 * The difference between any two lists of files: directories, bundles, archives.
 * @module
 */
import { compareText } from "../../core/text.ts";

/** A file as it is compared. */
export interface ListedFile {
  /** Normalised relative path. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  /** SHA-256 of the content, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Permission bits, where they are known. */
  readonly mode?: number;
}

/** A list of files, and what it is called. */
export interface FileListing {
  /** What people call it: a path or a reference. */
  readonly label: string;
  /** The files by path. */
  readonly files: ReadonlyMap<string, ListedFile>;
  /** Paths of what is there and no file, as links and pipes are; none when absent. */
  readonly unread?: readonly string[];
  /** Whether names may have come through an archive, which has them in composed form. */
  readonly mayBeComposed?: boolean;
}

/** A file that both lists have, with another content or another executable bit. */
export interface ModifiedFile {
  /** Normalised relative path. */
  readonly path: string;
  /** The file in the first list. */
  readonly from: ListedFile;
  /** The file in the second list. */
  readonly to: ListedFile;
}

/** What makes the second list out of the first; all in bytewise order of paths. */
export interface BundleDiff {
  /** What the first list is called. */
  readonly from: string;
  /** What the second list is called. */
  readonly to: string;
  /** Files that only the second list has. */
  readonly added: readonly ListedFile[];
  /** Files that differ. */
  readonly modified: readonly ModifiedFile[];
  /** Files that only the first list has. */
  readonly removed: readonly ListedFile[];
  /** Files that are the same, as the second list has them. */
  readonly unchanged: readonly ListedFile[];
  /** Paths of what one list or the other has and was not compared, as links and pipes are. */
  readonly unread: readonly string[];
}

/** Compares two lists by content; permission bits count where both lists know them. */
export function diffListings(from: FileListing, to: FileListing): BundleDiff {
  const old = from.mayBeComposed || to.mayBeComposed ? inNamesOf(to, from) : from.files;
  const before = sorted(old);
  const after = sorted(to.files);
  const pairs = after.flatMap((file) => {
    const before = old.get(file.path);
    return before === undefined ? [] : [{ path: file.path, from: before, to: file }];
  });
  return {
    from: from.label,
    to: to.label,
    added: after.filter(({ path }) => !old.has(path)),
    modified: pairs.filter((pair) => differ(pair.from, pair.to)),
    removed: before.filter(({ path }) => !to.files.has(path)),
    unchanged: pairs.filter((pair) => !differ(pair.from, pair.to)).map((pair) => pair.to),
    unread: [...new Set([...from.unread ?? [], ...to.unread ?? []])].sort(compareText),
  };
}

/** The files of a list by the names of another that are the same in normal form. */
function inNamesOf(other: FileListing, { files }: FileListing): FileListing["files"] {
  const forms = new Map(
    [...other.files.keys()].filter((path) => !files.has(path))
      .map((path) => [path.normalize("NFC"), path]),
  );
  return new Map(Array.from(files, ([path, file]) => {
    const form = path.normalize("NFC");
    const name = other.files.has(path) ? path : forms.get(form) ?? path;
    // Of two names that are the same in normal form, one is the other list's.
    forms.delete(form);
    return [name, { ...file, path: name }];
  }));
}

function sorted(files: FileListing["files"]): ListedFile[] {
  return [...files.values()].sort((a, b) => compareText(a.path, b.path));
}

function differ(a: ListedFile, b: ListedFile): boolean {
  if (a.sha256 !== b.sha256) return true;
  return a.mode !== undefined && b.mode !== undefined && isExecutable(a) !== isExecutable(b);
}

function isExecutable({ mode = 0 }: ListedFile): boolean {
  return (mode & 0o100) !== 0;
}
