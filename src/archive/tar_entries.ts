/**
 * What becomes of the entries of a tar archive: files, second names of files, folders, and what
 * cannot be written.
 * @module
 */
import { IntegrityError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { readTar, type ReadTarOptions, type TarMember } from "./tar_reader.ts";

/** An entry, and what becomes of it. */
export type TarEntryPlan =
  | { readonly as: "file"; readonly member: TarMember }
  | { readonly as: "folder"; readonly member: TarMember }
  /** A hard link: a file with the content of an earlier one, `of`. */
  | { readonly as: "copy"; readonly member: TarMember; readonly of: string }
  | { readonly as: "left out"; readonly member: TarMember; readonly reason: string };

/** How to read the entries. */
export interface TarEntriesOptions extends ReadTarOptions {
  /** Whether a normalised path is that of an earlier file. */
  readonly isEarlier: (path: string) => boolean;
  /** What the archive is said to have. */
  readonly promised?: PromisedEntries;
}

/** What somebody says of an archive. */
export interface PromisedEntries {
  /** Path that it has, or has something below. */
  readonly path?: string;
  /** Bytes of its files; where there are any, it has files. */
  readonly size?: number;
}

/**
 * The entries in their order.
 * @throws {IntegrityError} at the end, when the archive has not what was promised; besides, as
 * {@linkcode readTar}.
 */
export async function* tarEntries(
  stream: ReadableStream<Uint8Array>,
  { isEarlier, promised = {}, ...options }: TarEntriesOptions,
): AsyncGenerator<TarEntryPlan, void> {
  const { path = "", size = 0 } = promised;
  const wanted = normalised(path);
  let [isThere, hasFiles] = [wanted === "", size === 0];
  for await (const member of readTar(stream, options)) {
    isThere ||= isAtOrBelow(normalised(member.name), wanted);
    hasFiles ||= member.type !== "directory";
    yield planOf(member, isEarlier);
  }
  const what = !isThere ? quote(wanted) : !hasFiles ? `${size} bytes of files` : undefined;
  if (what === undefined) return;
  throw new IntegrityError(
    `Cannot read tar archive: it is said to have ${what}, and does not`,
    { expected: isThere ? size : wanted },
  );
}

function planOf(member: TarMember, isEarlier: TarEntriesOptions["isEarlier"]): TarEntryPlan {
  const { type, linkName = "" } = member;
  if (type === "file") return { as: "file", member };
  if (type === "directory") return { as: "folder", member };
  if (type !== "hard link") {
    return { as: "left out", member, reason: `${type} entries are not extracted` };
  }
  const of = normalised(linkName);
  if (!linkName.startsWith("/") && isEarlier(of)) return { as: "copy", member, of };
  const reason = `it is a hard link to ${quote(linkName)}, which no earlier entry is`;
  return { as: "left out", member, reason };
}

/** A name without `.` and empty parts. It need not be safe: it is only compared. */
function normalised(name: string): string {
  return name.split("/").filter((part) => part !== "" && part !== ".").join("/");
}

function isAtOrBelow(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
