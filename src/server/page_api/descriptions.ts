/**
 * What a server can tell of artifacts beyond the protocol of registries, by the help of a part that
 * knows what they are. All of it is for JSON.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import type { ContentStore } from "../../oci/store.ts";

/** Describes one artifact, which a tag or a digest of a repository names. */
export type Describe<Description> = (
  store: ContentStore,
  target: string,
  options: OperationOptions,
) => Promise<Description>;

/** A document of a model as a page can show it. */
export interface ShownDocument {
  /** Path of the file in the model. It comes from outside. */
  readonly path: string;
  /** Its text as HTML that runs nothing and fetches nothing. */
  readonly html: string;
  /** Whether the rest of it is left out. */
  readonly truncated: boolean;
}

/**
 * Describes artifacts.
 *
 * All throw a `NotFoundError` for what is not there, and an `UnsupportedError` for what is no model
 * where one is wanted.
 */
export interface Descriptions {
  /** The tags of a repository and what they name, `limit` of them at most. */
  tags(
    store: ContentStore,
    options: OperationOptions & { readonly limit: number },
  ): Promise<object>;
  /** What an artifact is: the card of a model, or the kind and the parts of something else. */
  readonly model: Describe<object>;
  /** The tensors of a model; `unread` are files whose tensors are not among them. */
  readonly tensors: Describe<{ readonly unread?: readonly string[] }>;
  /** The README of a model; `undefined` when it has none. */
  readonly readme: Describe<ShownDocument | undefined>;
}
