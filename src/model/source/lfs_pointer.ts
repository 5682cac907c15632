/**
 * The pointers that Git LFS leaves in place of files that it did not fetch.
 * See https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { decodeText, quote } from "../../core/text.ts";

/** Longer files are no pointers. Bytes. */
const LONGEST_POINTER = 1024;

/** Bytes that tell a pointer from other files: reading random ones as text takes long. */
const TELLING = 128;

/** What pointers begin with: of today's form, and of the two before it, which git-lfs reads too. */
const VERSION =
  /^version (https:\/\/(git-lfs|hawser)\.github\.com\/spec|http:\/\/git-media\.io)\/v/;

/** What makes a file a pointer, as a clause that names it; `undefined` for every other file. */
export async function pointerFault(
  { path, absolute, size }: {
    readonly path: string;
    readonly absolute: string;
    readonly size: number;
  },
): Promise<string | undefined> {
  if (!mayBePointer({ size })) return undefined;
  const text = decodeText(firstBytes(absolute));
  if (!VERSION.test(text)) return undefined;
  return `${quote(path)} is a Git LFS pointer, not the file: fetch it with git lfs pull`;
}

/** Whether a file can be a pointer, by its size in bytes. */
export function mayBePointer({ size }: { readonly size: number }): boolean {
  return size <= LONGEST_POINTER;
}

function firstBytes(path: string): Uint8Array {
  const file = Deno.openSync(path);
  try {
    const bytes = new Uint8Array(TELLING);
    return bytes.subarray(0, file.readSync(bytes) ?? 0);
  } finally {
    file.close();
  }
}

/** Refuses a file that is a pointer. */
export async function refusePointer(
  file: { readonly path: string; readonly absolute: string; readonly size: number },
): Promise<void> {
  const fault = await pointerFault(file);
  if (fault !== undefined) {
    throw new InvalidInputError(`Cannot package: ${fault}`, { path: file.path });
  }
}
