/**
 * What is transferred to files, and how.
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import type { OnBytes } from "../core/progress.ts";
import type { BlobSource } from "../core/content/source.ts";
import type { ContentCheck } from "./content_check.ts";

/** What is transferred: any `BlobSource`, and content whose size only its end tells. */
export type TransferSource = Pick<BlobSource, "open"> & Partial<BlobSource>;

/** How to transfer. */
export interface TransferOptions extends OperationOptions {
  /** What the content is in errors, quoted where that is due. */
  readonly what: string;
  /** What the content has to be; only its size is compared when absent. */
  readonly check?: ContentCheck;
  /**
   * Path without its ending of two files, `.partial` and `.journal`, on the file system of the
   * target. They keep what was transferred when the transfer fails, for the next one of the same
   * content. Nothing is kept without it, nor of content of unknown size or without a check.
   */
  readonly partialBase?: string;
  /**
   * Whether to ask for several ranges at once. When absent so it is from 32 MiB on; a source that
   * writes itself has to be most of what is moved, since several of them are on several cores, and
   * there have to be more than two cores.
   */
  readonly parallel?: boolean;
  /** Ranges that are under way at once; when absent 4, but no more than cores where they matter. */
  readonly concurrency?: number;
  /** Permissions that the file is to have, which `onWhole` gives it; the system's when absent. */
  readonly mode?: number;
  /** Whether the file is flushed to the disk before it has its name; so it is when absent. */
  readonly flush?: boolean;
  /** Called with the path of the verified file before it gets its name. */
  readonly onWhole?: (path: string) => void;
  /**
   * A path of the target's folder that nothing can be put in place of. The folder has to be there;
   * it is reached by its name, and made, when absent.
   */
  readonly folder?: string;
  /** Gives the verified file its name, in place of what has it; it is renamed when absent. */
  readonly place?: (file: string) => Promise<void>;
  /** Told how many bytes of the content are in the file, and how many an earlier run has left. */
  readonly onBytes?: OnBytes;
}
