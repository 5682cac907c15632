/**
 * Which repositories have a bundle, by the digest of its manifest: what makes a bare digest a
 * reference.
 *
 * One small file a digest, in a folder that may be removed at any time.
 * @module
 */
import { join } from "../../core/runtime/path.ts";
import { type Digest, digestAlgorithm, digestHex } from "../../core/digest.ts";
import { ModelOpsError } from "../../core/errors.ts";
import { readTextIfExists } from "../../core/files.ts";
import { writeFileAtomic } from "../../core/staged_file.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { explainRead } from "../../core/file_errors.ts";
import { isRepositoryName, startsWithHost } from "../../oci/reference.ts";

/** Most repositories kept for one digest, the latest ones. */
const MOST_REPOSITORIES = 16;

/** Remembers repositories by digest. */
export class DigestIndex {
  readonly #folder: string;

  /** Opens the index in a folder, which need not exist yet. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The repositories that were seen with a manifest of that digest, the latest first. */
  async find(digest: Digest): Promise<readonly string[]> {
    const path = this.#pathOf(digest);
    try {
      const text = await readTextIfExists(path) ?? "";
      return text.split("\n").filter(isPlausible);
    } catch (error) {
      throw explainRead(path, error);
    }
  }

  /**
   * Notes that a repository has a manifest. Where the folder cannot be written to, that is logged
   * as a warning: what is noted here is a convenience.
   */
  async note(digest: Digest, repository: string, options: OperationOptions = {}): Promise<void> {
    try {
      await this.#note(digest, repository);
    } catch (error) {
      if (!(error instanceof ModelOpsError)) throw error;
      options.log?.("warning", `Cannot remember where ${digest} is: ${error.message}`, { digest });
    }
  }

  async #note(digest: Digest, repository: string): Promise<void> {
    const known = await this.find(digest);
    if (known[0] === repository) return;
    const others = known.filter((name) => name !== repository);
    const lines = [repository, ...others].slice(0, MOST_REPOSITORIES);
    const text = lines.map((line) => `${line}\n`).join("");
    await writeFileAtomic(this.#pathOf(digest), new TextEncoder().encode(text), { tidy: true });
  }

  #pathOf(digest: Digest): string {
    const hex = digestHex(digest);
    return join(this.#folder, digestAlgorithm(digest), hex.slice(0, 2), hex);
  }
}

/** Whether a line can be the name of a repository: a file of a cache may be damaged. */
function isPlausible(line: string): boolean {
  return isRepositoryName(startsWithHost(line) ? line.slice(line.indexOf("/") + 1) : line);
}
