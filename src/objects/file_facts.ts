/**
 * What a file store knows about an object besides its bytes: digest and tier, in
 * `.modelops/<name>.json` beside the object. The note counts only while the object has the size and
 * time that it names, so that a file that someone else wrote is not taken for what was there
 * before.
 * @module
 */
import { basename, dirname, join } from "node:path";
import { isDigest } from "../core/digest.ts";
import { readTextIfExists } from "../core/files.ts";
import { writeFileAtomic } from "../core/staged_file.ts";
import { FACTS_FOLDER } from "./file_path.ts";
import { STORAGE_TIERS, type StorageTier } from "./object_store.ts";

/** What is known about a file. */
export interface FileNote {
  /** SHA-256 of the content, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** The tier that was asked for; a folder has no tiers, so it is only remembered. */
  readonly tier?: StorageTier;
}

/** The note about a file, or `undefined` when there is none that fits it. */
export async function readNote(path: string, info: Deno.FileInfo): Promise<FileNote | undefined> {
  const note = parseNote(await readTextIfExists(notePath(path)) ?? "");
  return note?.size === info.size && note.mtime === timeOf(info) ? note : undefined;
}

/** Writes the note about a file as it is now. */
export async function writeNote(path: string, info: Deno.FileInfo, note: FileNote): Promise<void> {
  const { sha256, tier } = note;
  const text = JSON.stringify({ size: info.size, mtime: timeOf(info), sha256, tier });
  await writeFileAtomic(notePath(path), new TextEncoder().encode(`${text}\n`));
}

function notePath(path: string): string {
  return join(dirname(path), FACTS_FOLDER, `${basename(path)}.json`);
}

function timeOf(info: Deno.FileInfo): number {
  return info.mtime?.getTime() ?? 0;
}

/** Reads a note; one that is damaged is none. */
function parseNote(text: string): (FileNote & { size: unknown; mtime: unknown }) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { sha256, tier, size, mtime } = value as Record<string, unknown>;
  if (typeof sha256 !== "string" || !isDigest(`sha256:${sha256}`)) return undefined;
  return { sha256, tier: STORAGE_TIERS.find((known) => known === tier), size, mtime };
}
