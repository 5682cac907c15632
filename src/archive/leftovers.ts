/**
 * What killed extractions have left below a folder.
 *
 * While an extraction goes on there is a hidden file in its folder, which it has locked, and in
 * which it says that it has begun and that it has finished. One that is there and that nobody has
 * locked tells of an extraction that was killed, or of one that left content to go on with: only
 * then the folder is searched. Several extractions may share a folder; none of them searches it
 * while another is at work.
 * @module
 */
import { basename, dirname, join } from "../core/runtime/path.ts";
import { InvalidInputError } from "../core/errors.ts";
import { explainWrite, isMissing } from "../core/file_errors.ts";
import { lockFile, whenAlone } from "../core/file_lock.ts";
import {
  lstatIfExists,
  openOwn,
  readTextIfExists,
  removeIfExists,
  writeFully,
} from "../core/files.ts";
import { removeBelow } from "../core/folders/remove_below.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import { quote } from "../core/text.ts";

/** Tells that files below a folder may be unfinished. */
const MARK = "unfinished";

/** What an extraction adds to the mark. */
const BEGUN = "+";
const FINISHED = "-";

/** How to look for what is left. */
export interface LeftoverOptions extends OperationOptions {
  /** What the names of hidden files start with. */
  readonly hiddenPrefix: string;
  /** Paths, without their endings, of what is to be gone on with. */
  readonly keep: ReadonlySet<string>;
}

/** A folder that is marked as one with unfinished files. */
export class MarkedFolder {
  readonly #mark: string;
  readonly #lock: AsyncDisposable;

  private constructor(mark: string, lock: AsyncDisposable) {
    this.#mark = mark;
    this.#lock = lock;
  }

  /** Marks a folder, after removing what killed extractions have left in it. */
  static async open(root: string, options: LeftoverOptions): Promise<MarkedFolder> {
    const mark = join(root, `${options.hiddenPrefix}${MARK}`);
    const common = operationOptions(options);
    if (await lstatIfExists(mark) !== undefined) {
      await whenAlone(mark, async () => {
        await sweep(root, options);
        await removeIfExists(mark);
      });
    }
    const waiting = `Waiting for another command that tidies ${quote(root)}`;
    const marked = new MarkedFolder(
      mark,
      await lockFile(mark, { ...common, exclusive: false, waiting }),
    );
    try {
      note(mark, BEGUN);
      return marked;
    } catch (error) {
      await marked.#unlock();
      throw error;
    }
  }

  /** Unlocks the folder, and takes the mark away when all is finished. */
  async close({ unfinished }: { readonly unfinished: boolean }): Promise<void> {
    try {
      if (!unfinished) note(this.#mark, FINISHED);
    } finally {
      await this.#unlock();
    }
  }

  async #unlock(): Promise<void> {
    await this.#lock[Symbol.asyncDispose]();
    await whenAlone(this.#mark, async () => {
      const notes = await readTextIfExists(this.#mark) ?? "";
      const count = (what: string) => notes.split(what).length;
      if (count(BEGUN) === count(FINISHED)) await removeIfExists(this.#mark);
    });
  }
}

function note(mark: string, what: string): void {
  try {
    using file = openOwn(mark, { append: true });
    writeFully(file, new TextEncoder().encode(what));
  } catch (error) {
    // Whoever removed the folder meanwhile has removed what was left in it.
    if (!isMissing(error)) throw explainWrite(mark, error);
  }
}

/** Removes unfinished files below a folder, and says what there was. */
async function sweep(root: string, options: LeftoverOptions): Promise<void> {
  const { signal } = options;
  const { files, bytes } = await removeBelow(root, {
    signal,
    isOurs: (path, { isFile }) => isFile && isUnfinished(path, options),
  });
  if (files === 0) return;
  options.log?.("info", `Removed what a stopped extraction left in ${quote(root)}`, {
    files,
    bytes,
  });
}

/** Whether a file is one that an extraction left, and that nobody goes on with. */
function isUnfinished(path: string, { hiddenPrefix, keep }: LeftoverOptions): boolean {
  const key = unfinishedKey(path, hiddenPrefix);
  return key !== undefined && !keep.has(join(dirname(path), hiddenPrefix + key));
}

/** What tells an unfinished file from others; none where the path is that of another file. */
function unfinishedKey(path: string, hiddenPrefix: string): string | undefined {
  if (!basename(path).startsWith(hiddenPrefix)) return undefined;
  const name = basename(path).slice(hiddenPrefix.length);
  return /^([0-9a-f-]{32,})\.(?:partial|journal)$/.exec(name)?.[1];
}

/**
 * Refuses a path from outside that only files of an extraction itself have: the next one would take
 * it for something left over.
 * @throws {InvalidInputError}
 */
export function refuseHidden(
  path: string,
  { hiddenPrefix }: { readonly hiddenPrefix?: string },
): void {
  if (hiddenPrefix === undefined) return;
  const isOurs = path === `${hiddenPrefix}${MARK}` || unfinishedKey(path, hiddenPrefix);
  if (!isOurs) return;
  throw new InvalidInputError(
    `Cannot extract ${quote(path)}: only unfinished files have such a name`,
    { path },
  );
}
