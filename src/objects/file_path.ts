/**
 * Where an object lies in a folder, and the check that no link leads out of that folder.
 * @module
 */
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { InvalidInputError } from "../core/errors.ts";
import { lstatIfExists } from "../core/files.ts";
import { quote } from "../core/text.ts";
import { parseObjectUri, quoteUri } from "./object_uri.ts";

/** The folder of a file store that holds what is known about the objects beside it. */
export const FACTS_FOLDER = ".modelops";

/** Where an object lies. */
export interface ObjectPlace {
  /** The address as the caller wrote it. */
  readonly uri: string;
  /** Absolute path of the object. */
  readonly path: string;
  /** Absolute path of the folder that it must not leave; absent where the user chose no root. */
  readonly root?: string;
}

/**
 * Where an object of a file store lies: `<root>/<container>/<key>` for an object in a container,
 * `<root>/<path>` for a relative path, and the path itself for an absolute one, which has to be
 * below the root when there is one.
 * @throws {InvalidInputError} when the address has no place here.
 */
export function placeOf(uri: string, root: string | undefined): ObjectPlace {
  const parsed = parseObjectUri(uri);
  const absolute = parsed.scheme === "file" && parsed.absolute;
  const path = parsed.scheme === "file" ? parsed.path : `${parsed.container}/${parsed.key}`;
  refuseNames(uri, path);
  if (absolute && root === undefined) return { uri, path: resolve(path) };
  if (root === undefined) {
    const remedy = "set OBJECT_STORE=file:///folder";
    throw unplaced(uri, "the object store has no root folder", remedy);
  }
  const base = resolve(root);
  const full = absolute ? resolve(path) : join(base, ...path.split("/"));
  const inside = relative(base, full);
  if (inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw unplaced(uri, `it is not below ${quote(base)}, the root of the object store`);
  }
  return { uri, path: full, root: base };
}

/**
 * The facts of the file at a place, or `undefined` when nothing is there.
 * @throws {InvalidInputError} when it is no regular file, or a link is on the way from the root to
 * it.
 */
export async function checkPlace(place: ObjectPlace): Promise<Deno.FileInfo | undefined> {
  for (const folder of foldersTo(place)) {
    const info = await lstatIfExists(folder);
    if (info === undefined) return undefined;
    if (!info.isDirectory) throw unplaced(place.uri, `${quote(folder)} is not a folder`);
  }
  const info = await lstatIfExists(place.path);
  if (info === undefined || info.isFile) return info;
  throw unplaced(place.uri, `${quote(place.path)} is not a regular file`);
}

/** The folders below the root that lead to an object, outermost first. */
function foldersTo({ path, root }: ObjectPlace): string[] {
  if (root === undefined) return [];
  const parts = relative(root, path).split(sep).slice(0, -1);
  return parts.map((_, index) => join(root, ...parts.slice(0, index + 1)));
}

type Rule = readonly [broken: (part: string) => boolean, reason: string];

const NAME_RULES: readonly Rule[] = [
  [(part) => part.toLowerCase() === FACTS_FOLDER, `the name "${FACTS_FOLDER}" is the store's own`],
  [(part) => new TextEncoder().encode(part).length > 255, "a part is longer than 255 bytes"],
];

/** Names that Windows reads as something else. */
const WINDOWS_RULES: readonly Rule[] = [
  [(part) => /[<>:"|?*]/.test(part), "a part has a character that Windows does not allow"],
  [(part) => /[. ]$/.test(part), "a part ends with a dot or a space, which Windows drops"],
  [
    (part) => /^(con|prn|aux|nul|(com|lpt)[0-9¹²³])\s*(\.|$)/i.test(part),
    "a part is a device name of Windows",
  ],
];

function refuseNames(uri: string, path: string): void {
  const rules = Deno.build.os === "windows" ? [...NAME_RULES, ...WINDOWS_RULES] : NAME_RULES;
  // A drive is the one part of an absolute path that may have a colon.
  for (const part of path.replace(/^[A-Za-z]:\//, "").split("/")) {
    const reason = rules.find(([isBroken]) => isBroken(part))?.[1];
    if (reason !== undefined) throw unplaced(uri, reason);
  }
}

function unplaced(uri: string, reason: string, remedy?: string): InvalidInputError {
  return new InvalidInputError(`Cannot use ${quoteUri(uri)} as a file: ${reason}`, { remedy });
}
