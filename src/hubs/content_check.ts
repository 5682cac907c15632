/**
 * What a hub promises about the content of a file.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import type { ContentCheck, ContentHash } from "../transfer/content_check.ts";
import type { HubFile } from "./hub.ts";

/** The strongest promise that a hub makes about a file, `undefined` when it makes none. */
export function contentCheck({ sha256, gitSha1, size }: HubFile): ContentCheck | undefined {
  if (sha256 !== undefined) {
    return { name: "SHA-256", expected: sha256, start: () => inHex(createHash("sha256")) };
  }
  if (gitSha1 === undefined || size === undefined) return undefined;
  return {
    name: "git object id",
    expected: gitSha1,
    // Git hashes a header with the size before the content.
    start: () => inHex(createHash("sha1").update(`blob ${size}\0`)),
  };
}

function inHex(hash: Hash): ContentHash {
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.copy().digest("hex") };
}
