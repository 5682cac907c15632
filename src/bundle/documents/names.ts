/**
 * The names of bundles, layers and roles.
 * @module
 */
import { isRepositoryName } from "../../oci/reference.ts";

const NAME = /^[a-z0-9/-]+$/;

/** What a name may consist of, for messages. */
export const NAME_RULE = 'lower-case letters, digits, "-" and "/"';

/** Most layers and most roles of a bundle: each layer is a document that has to be fetched. */
export const MOST_PARTS = 1000;

/** The role that counts when none is asked for. */
export const DEFAULT_ROLE = "default";

/** Whether `text` can be the name of a layer or a role. */
export function isPartName(text: string): boolean {
  return NAME.test(text);
}

/** Whether `text` can be the name of a bundle, which is part of a repository's name. */
export function isBundleName(text: string): boolean {
  return NAME.test(text) && isRepositoryName(text);
}
