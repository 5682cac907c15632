/**
 * The digest of a file while somebody else writes it: the bytes are read from the memory of the
 * system, where they have just come, and need not come through this program's once more.
 * @module
 */
import { type DigestAlgorithm, Digester } from "../core/digest.ts";
import { CHUNKS_PER_PAUSE, HASHED_AT_ONCE, type HashedFile } from "./hash_file.ts";
import { otherWork, type TaskControl } from "./task.ts";
import { WrittenMark } from "./written_mark.ts";

/** What to hash. */
export interface HashBehindInput {
  /** Path of a file that is there. */
  readonly path: string;
  readonly algorithm: DigestAlgorithm;
  /** Memory of the {@linkcode WrittenMark} that says how far the file is. */
  readonly mark: SharedArrayBuffer;
}

/** Milliseconds between two looks at a mark that has not moved: fewer at first than later. */
const LOOK_EVERY = { least: 2, most: 32 } as const;

/**
 * Hashes a file up to its mark, until that has ended. What is written once more is hashed once
 * more, from the beginning: the digest is that of the bytes which are in the file at the end.
 */
export async function hashBehind(
  { path, algorithm, mark }: HashBehindInput,
  control: TaskControl,
): Promise<HashedFile> {
  using file = Deno.openSync(path, { read: true });
  const written = new WrittenMark(mark);
  for (;;) {
    const hashed = await hashWriting(file, algorithm, { written, control });
    if (hashed !== undefined) return hashed;
  }
}

/** Hashes what one writing brings; `undefined` when it was begun anew. */
async function hashWriting(
  file: Deno.FsFile,
  algorithm: DigestAlgorithm,
  { written, control }: { readonly written: WrittenMark; readonly control: TaskControl },
): Promise<HashedFile | undefined> {
  const { writing } = written.state;
  const digester = new Digester(algorithm);
  const buffer = new Uint8Array(HASHED_AT_ONCE);
  file.seekSync(0, Deno.SeekMode.Start);
  let rest: number = LOOK_EVERY.least;
  for (let chunks = 1;; chunks++) {
    control.throwIfStopped();
    const now = written.state;
    if (now.writing !== writing) return undefined;
    const left = now.position - digester.size;
    if (left <= 0) {
      if (now.ended) return { digest: digester.digest(), size: digester.size };
      await otherWork(rest);
      rest = Math.min(2 * rest, LOOK_EVERY.most);
      continue;
    }
    rest = LOOK_EVERY.least;
    const count = file.readSync(buffer.subarray(0, Math.min(left, HASHED_AT_ONCE)));
    if (count === null) return { digest: digester.digest(), size: digester.size };
    digester.update(buffer.subarray(0, count));
    if (chunks % CHUNKS_PER_PAUSE === 0) await otherWork();
  }
}
