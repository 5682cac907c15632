/**
 * Paths of POSIX systems: what `node:path` has of them, to the letter, without loading it.
 * @module
 */

/** What separates the parts of a path. */
export const sep = "/";

/** What separates the paths of a list, as in `PATH`. */
export const delimiter = ":";

/** Whether a path begins at the root. */
export function isAbsolute(path: string): boolean {
  return path.startsWith("/");
}

/** An empty part, `.` or `..`, which few paths have in them. */
const IDLE_PART = /\/\/|(?:^|\/)\.\.?(?:\/|$)/;

/** A path without empty parts and `.`, and without `..` where what it leaves is known. */
export function normalize(path: string): string {
  if (path === "") return ".";
  if (!IDLE_PART.test(path)) return path;
  const plain = withoutDots(path);
  const end = path.endsWith("/") && plain !== "" ? "/" : "";
  if (isAbsolute(path)) return `/${plain}${end}`;
  return plain === "" && path.endsWith("/") ? "./" : `${plain || "."}${end}`;
}

/** The parts as one path, normalized. */
export function join(...parts: string[]): string {
  return normalize(parts.filter((part) => part !== "").join("/"));
}

/** The last absolute path and all that follows it, below the working directory where none is. */
export function resolve(...parts: string[]): string {
  let path = "";
  for (const part of parts.toReversed()) {
    if (isAbsolute(path)) break;
    if (part !== "") path = `${part}/${path}`;
  }
  if (!isAbsolute(path)) path = `${Deno.cwd()}/${path}`;
  return `/${withoutDots(path)}`;
}

/** The way from one path to another, both below the working directory where they are relative. */
export function relative(from: string, to: string): string {
  const [start, end] = [partsOf(resolve(from)), partsOf(resolve(to))];
  const same = start.findIndex((part, index) => part !== end[index]);
  const shared = same < 0 ? start.length : same;
  return [...start.slice(shared).fill(".."), ...end.slice(shared)].join("/");
}

/** The folder that a path is in. */
export function dirname(path: string): string {
  const end = withoutEnd(path).lastIndexOf("/");
  if (end <= 0) return isAbsolute(path) ? "/" : ".";
  // The one root that POSIX lets a system treat in its own way.
  return end === 1 && isAbsolute(path) ? "//" : path.slice(0, end);
}

/** The last part of a path. */
export function basename(path: string): string {
  const plain = withoutEnd(path);
  return plain.slice(plain.lastIndexOf("/") + 1);
}

/** A path without the separators at its end. */
function withoutEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end--;
  return path.slice(0, end);
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

/** The parts of a path in one line, without `.` and with as few `..` as can be. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  for (const part of partsOf(path)) {
    if (part === ".") continue;
    const leaves = part === ".." && kept.length > 0 && kept.at(-1) !== "..";
    if (leaves) kept.pop();
    else if (part !== ".." || !isAbsolute(path)) kept.push(part);
  }
  return kept.join("/");
}
