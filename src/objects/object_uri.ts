/**
 * Addresses of objects: `az://container/key` (also `azure://`), `file:///absolute/path`, and
 * `file:relative/path` below the root of the file store. `s3://` and `gs://` have the same form and
 * are understood, so that a bundle that names them can be read; no store opens them.
 *
 * An address is a name, not a URL: every character means itself. A percent sign is a percent sign,
 * a question mark is a question mark, and a store escapes what its protocol wants escaped. What
 * carries a secret (a signature, user info) or could be read in two ways (`.` and `..`, empty
 * parts, backslashes, control characters, and of a file the percent forms of dots and slashes) is
 * refused.
 * @module
 */
import { InvalidInputError, UnsupportedError } from "../core/errors.ts";
import { quote } from "../core/text.ts";

/** An object in a container of a store in the cloud. */
export interface ContainerUri {
  /** The scheme as it was written; `az` and `azure` are the same store. */
  readonly scheme: "az" | "azure" | "s3" | "gs";
  /** Name of the container (or bucket). */
  readonly container: string;
  /** Name of the object in its container, not escaped. */
  readonly key: string;
}

/** An object in a folder. */
export interface FileUri {
  /** Tells it from an object in a container. */
  readonly scheme: "file";
  /** Whether `path` starts at the root of the file system, not of the store. */
  readonly absolute: boolean;
  /** Path with forward slashes; an absolute one starts with a slash or a drive. */
  readonly path: string;
}

/** A well-formed address of an object. */
export type ObjectUri = ContainerUri | FileUri;

/** Longest key, in characters: the limit of Azure Blob Storage. */
const MAX_KEY = 1024;

const SCHEMES = ["az", "azure", "s3", "gs", "file"] as const satisfies ObjectUri["scheme"][];

type Rule = readonly [broken: (text: string) => boolean, reason: string];

/** Rules on the whole address, those first that decide how much of it may be shown. */
const TEXT_RULES: readonly Rule[] = [
  [(text) => text === "", "it is empty"],
  [(text) => /[?&]sig=/i.test(text), "a signature is not part of a name"],
  [(text) => /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), "it has a control character"],
  [(text) => !text.isWellFormed(), "it is not valid Unicode"],
  [(text) => text.includes("\\"), "it has a backslash"],
  // The scheme is followed by a part as well: `file:..`.
  [(text) => text.split(/[/:]/).some(isDots), 'it has a "." or ".." part'],
];

/**
 * Reads the address of an object.
 * @throws {InvalidInputError} when it is malformed. The message shows neither a signature nor user
 * info.
 * @throws {UnsupportedError} when its scheme is none of the known ones.
 */
export function parseObjectUri(text: string): ObjectUri {
  refuse(text, text, TEXT_RULES);
  const [, scheme, rest = ""] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/.exec(text) ?? [];
  if (scheme === undefined) throw malformed(text, "it has no scheme, such as az:// or file://");
  const found = SCHEMES.find((known) => known === scheme.toLowerCase());
  if (found === scheme) {
    return found === "file" ? fileUri(rest, text) : containerUri(found, rest, text);
  }
  if (found !== undefined) throw malformed(text, "write the scheme in lower-case letters");
  const known = SCHEMES.join(", ");
  throw new UnsupportedError(
    `Cannot use ${quoteUri(text)} as an object: unknown scheme "${scheme}", known are ${known}`,
    { actual: scheme, expected: known },
  );
}

/** An address as text; `parseObjectUri` of it gives the same address. */
export function formatObjectUri(uri: ObjectUri): string {
  if (uri.scheme !== "file") return `${uri.scheme}://${uri.container}/${uri.key}`;
  if (!uri.absolute) return `file:${uri.path}`;
  return uri.path.startsWith("/") ? `file://${uri.path}` : `file:///${uri.path}`;
}

/** An address in quotes for a message: without signature and user info, and not too long. */
export function quoteUri(text: string): string {
  const query = text.indexOf("?");
  const isSigned = query >= 0 && text.includes("=", query);
  const open = isSigned ? `${text.slice(0, query)}?…` : text;
  return quote(open.replace(/^([^/]*\/\/)[^/]*@/, "$1…@"), 300);
}

/** Rules on what follows `scheme:` of an object in a container. */
const CONTAINER_RULES: readonly Rule[] = [
  [(rest) => !rest.startsWith("//"), "want //container/key after the scheme"],
  [(rest) => rest.startsWith("///"), "the container is missing"],
  [(rest) => !/^\/\/[^/]+\/./.test(rest), "the key is missing"],
  [(rest) => hasEmptyPart(rest.slice(2)), "it has an empty part between slashes"],
];

/** What a container may be called in any store; Azure is stricter and checks when it is asked. */
const CONTAINER_NAME = /^[a-z0-9$][a-z0-9_-]{0,62}$/;

function containerUri(
  scheme: ContainerUri["scheme"],
  rest: string,
  text: string,
): ContainerUri {
  refuse(text, rest, CONTAINER_RULES);
  const slash = rest.indexOf("/", 2);
  const container = rest.slice(2, slash);
  const key = rest.slice(slash + 1);
  if (!CONTAINER_NAME.test(container)) {
    throw malformed(text, "a container has up to 63 lower-case letters, digits, - and _");
  }
  if (key.length > MAX_KEY) throw malformed(text, `its key is longer than ${MAX_KEY} characters`);
  return { scheme, container, key };
}

/** Rules on what follows `file:`. */
const FILE_RULES: readonly Rule[] = [
  [(rest) => /^\/\/[^/]/.test(rest), "a file has no host: write file:///absolute or file:relative"],
  [(rest) => /^\/*$/.test(rest), "the path is missing"],
  [(rest) => hasEmptyPart(rest.replace(/^(\/\/)?\//, "")), "it has an empty part between slashes"],
  [(rest) => /%(?:2f|5c|00)/i.test(rest), "it has a slash, a backslash or a NUL in percent form"],
  [
    (rest) => rest.split("/").some((part) => isDots(part.replace(/%2e/gi, "."))),
    'it has a "." or ".." part in percent form',
  ],
];

function fileUri(rest: string, text: string): FileUri {
  refuse(text, rest, FILE_RULES);
  const path = rest.startsWith("//") ? rest.slice(2) : rest;
  const drive = /^\/[A-Za-z]:\//.test(path) && Deno.build.os === "windows";
  return { scheme: "file", absolute: path.startsWith("/"), path: drive ? path.slice(1) : path };
}

function isDots(part: string): boolean {
  return part === "." || part === "..";
}

function hasEmptyPart(path: string): boolean {
  return path.split("/").includes("");
}

function refuse(text: string, value: string, rules: readonly Rule[]): void {
  const reason = rules.find(([isBroken]) => isBroken(value))?.[1];
  if (reason !== undefined) throw malformed(text, reason);
}

function malformed(text: string, reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot use ${quoteUri(text)} as an object: ${reason}`);
}
