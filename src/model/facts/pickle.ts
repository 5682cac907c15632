/**
 * Files that are programs for Python's unpickler: loading them runs what is in them. This program
 * never does.
 * @module
 */
import { basename } from "../../core/runtime/posix_path.ts";
import { parseGlob } from "../../core/glob.ts";

/** Patterns of the names of files that hold pickles, whatever else. */
const PATTERNS = "*.pkl *.pickle *.joblib *.dill *.pt *.pth *.ckpt *.bin *.pt2 *.mar";

/** Those whose names say so already; of the others the first bytes decide. */
const CERTAIN = /\.(pkl|pickle|joblib|dill)$/i;

let globs: ReturnType<typeof parseGlob>[] | undefined;

/** Whether a file of this name may hold a pickle. */
export function mayBePickle(path: string): boolean {
  globs ??= PATTERNS.split(" ").map((pattern) => parseGlob(pattern, { ignoreCase: true }));
  const name = basename(path);
  return globs.some((glob) => glob.matches(name));
}

/** Bytes of the beginning of a file that {@linkcode isPickle} wants to see. */
export const PICKLE_START = 128;

/**
 * Whether a file is a pickle: by its name, by the opcode that protocols from 2 on begin with, or as
 * the archive of that form that PyTorch writes.
 */
export function isPickle(path: string, start: Uint8Array): boolean {
  if (CERTAIN.test(path)) return true;
  const [first, version = 0] = start;
  if (first === 0x80 && version >= 2 && version <= 5) return true;
  // The first member of an archive of PyTorch is `…/data.pkl`.
  const isArchive = start[0] === 0x50 && start[1] === 0x4b && start[2] === 0x03;
  return isArchive && /\/data\.pkl/.test(new TextDecoder("latin1").decode(start));
}
