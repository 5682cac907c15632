/**
 * Where an object lies below the folder that the user named for objects.
 *
 * Addresses come from bundles of other people. One that leads elsewhere is refused by its text
 * alone, before anything is looked at, so that no answer tells what is there.
 * @module
 */
import { isAbsolute, relative, resolve, sep } from "../core/runtime/path.ts";
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { parseObjectUri, quoteUri } from "./object_uri.ts";

/** The folder of a file store that holds what is known about the objects beside it. */
export const FACTS_FOLDER = ".modelops";

/** Where an object lies. */
export interface ObjectPlace {
  /** The address as the caller wrote it. */
  readonly uri: string;
  /** Absolute path of the folder that the object must not leave. */
  readonly root: string;
  /** The names of the folders that lead from the root to the object. */
  readonly folders: readonly string[];
  /** The name of the object in the last of them. */
  readonly name: string;
  /** Absolute path of the object, for people. */
  readonly path: string;
}

/**
 * Where an object of a file store lies: `<root>/<container>/<key>` for an object in a container,
 * `<root>/<path>` for a relative path, and the path itself for an absolute one, which has to be
 * below the root.
 * @throws {InvalidInputError} when the address has no place here.
 */
export function placeOf(uri: string, root: string | undefined): ObjectPlace {
  const parsed = parseObjectUri(uri);
  const absolute = parsed.scheme === "file" && parsed.absolute;
  const path = parsed.scheme === "file" ? parsed.path : `${parsed.container}/${parsed.key}`;
  if (root === undefined) {
    const reason = "files are used only below the folder that is named for objects, and none is";
    throw new InvalidInputError(`Cannot use ${quoteUri(uri)} as a file: ${reason}`, {
      setting: "objectStore",
    });
  }
  refuseNames(uri, path);
  const base = resolve(root);
  const full = absolute ? resolve(path) : resolve(base, path);
  const inside = relative(base, full);
  if (inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw unplaced(uri, `it is not below ${quote(base)}, the folder for objects`);
  }
  const folders = inside.split(sep);
  const name = folders.pop() ?? "";
  return { uri, root: base, folders, name, path: full };
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

/** The error for an address that has no place in a file store. */
export function unplaced(uri: string, reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot use ${quoteUri(uri)} as a file: ${reason}`);
}
