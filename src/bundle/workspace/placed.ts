/**
 * Files of a bundle in their places in a workspace.
 * @module
 */
import { basename, join } from "../../core/runtime/path.ts";
import { parentOf } from "../../archive/safe_path.ts";
import { fileBelow } from "../../core/content/file_below.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { reportSkipped } from "../../core/progress.ts";
import { verified } from "../../core/streams.ts";
import type { ExpectedContent } from "../../core/content/expected_content.ts";
import type { BundleEntry } from "../documents/bundle.ts";
import { pinned } from "./open.ts";
import type { PlannedFile } from "./plan.ts";

/** Permission bits for a file: those of the bundle, readable and writable by the owner. */
export function modeOf({ mode }: BundleEntry): number {
  return mode === undefined ? 0o644 : (mode & 0o777) | 0o600;
}

/** Leaves the files that are here as they are, but for permission bits that the bundle knows. */
export async function keepFiles(
  root: string,
  files: readonly PlannedFile[],
  options: OperationOptions,
): Promise<void> {
  for (const { path, size, action, entry, verdict: { place } } of files) {
    if (action !== "keep") continue;
    reportSkipped({ id: path, phase: "extract", name: path, size }, options);
    if (entry.mode === undefined || place.kind !== "file" || place.mode === undefined) continue;
    const mode = modeOf(entry);
    if ((place.mode & 0o777) === mode) continue;
    using folder = pinned(root, parentOf(path));
    await Deno.chmod(join(folder.path, basename(path)), mode);
  }
}

/** Opens the content of a file that was placed before, verified. */
export async function openPlaced(
  root: string,
  path: string,
  options: OperationOptions & { readonly expected: ExpectedContent },
): Promise<AsyncIterable<Uint8Array>> {
  const source = await fileBelow(root, path);
  return verified(await source.open({ signal: options.signal }), options.expected);
}
