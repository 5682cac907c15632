/**
 * The files of a model, wherever they are.
 * @module
 */
import type { BlobSource } from "../../core/content/source.ts";

/** A file of a model: of a folder, of the local store, or of a repository in a registry. */
export interface FactFile {
  /** Path in the model, with forward slashes; it may come from outside. */
  readonly path: string;
  /** Its size, and its bytes from anywhere on. */
  readonly source: BlobSource;
}

/** The files of one model. */
export type FileTree = readonly FactFile[];
