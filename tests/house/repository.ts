/** Where this tree is. @module */
import { fileURLToPath } from "node:url";

/** The root folder of the tree, as a `file:` URL that ends in a slash. */
export const repositoryRoot: URL = new URL("../../", import.meta.url);

/** The path of something in the tree, for the operating system. */
export function repositoryPath(path = ""): string {
  return fileURLToPath(new URL(path, repositoryRoot));
}

/** The path of a `file:` URL relative to the root, or `undefined` when it is somewhere else. */
export function toRepositoryPath(url: string | undefined): string | undefined {
  const inside = url?.startsWith(repositoryRoot.href) ?? false;
  return inside ? decodeURIComponent(url?.slice(repositoryRoot.href.length) ?? "") : undefined;
}
