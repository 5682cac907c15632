/**
 * The kinds of files of a model.
 * @module
 */

/** What a file is in a model. */
export type LayerKind = "config" | "model" | "code" | "doc" | "dataset";
