/**
 * What is in a workspace besides the files of its bundle.
 * @module
 */
import { join } from "../../core/runtime/path.ts";
import { anyPath, RESERVED_FOLDER } from "./path.ts";

/** Folder of the pointer files, which mirror the paths of external files. */
const POINTER_FOLDER = `${RESERVED_FOLDER}/ptr`;

/** Where a workspace says which bundle it was made from. */
export const PROVENANCE_PATH = `${RESERVED_FOLDER}/.mops-manifest.json`;

/** The file that is locked while a workspace is written to. */
export const LOCK_PATH = `${RESERVED_FOLDER}/.lock`;

/** Folder of unfinished downloads, each under the digest of its content, so that they can go on. */
export const DOWNLOAD_FOLDER = `${RESERVED_FOLDER}/.download`;

/** What the hidden names of unfinished files in a workspace start with. */
export const HIDDEN_PREFIX = ".mops-";

/**
 * The path of the pointer file of an external file.
 * @throws {InvalidInputError} when the name of the pointer would be too long.
 */
export function pointerPath(path: string): string {
  return anyPath(`${POINTER_FOLDER}/${path}.json`, "place the pointer");
}

/** Whether a path is a pointer file's. */
export function isPointerPath(path: string): boolean {
  return path.startsWith(`${POINTER_FOLDER}/`) && path.endsWith(".json");
}

/** Whether a path of a workspace is a trace of a running or killed command and no content. */
export function isTransient(path: string): boolean {
  return path === LOCK_PATH || path === DOWNLOAD_FOLDER ||
    path.startsWith(`${DOWNLOAD_FOLDER}/`) || isHiddenName(path.slice(path.lastIndexOf("/") + 1));
}

/** Whether a file name is one that unfinished files of a workspace have. */
export function isHiddenName(name: string): boolean {
  return /^\.mops-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.partial$/.test(name);
}

/** The place on the disk of a path in a workspace. */
export function placeOf(root: string, path: string): string {
  return join(root, ...path.split("/"));
}
