/**
 * What a file store knows about an object besides its bytes: digest and tier, in
 * `.modelops/<name>.json` beside the object. The note counts only while the object has the size and
 * time that it names, so that a file that someone else wrote is not taken for what was there
 * before.
 * @module
 */
import { basename, dirname, join } from "node:path";
import { readTextIfExists } from "../core/files.ts";
import { writeFileAtomic } from "../core/staged_file.ts";
import * as z from "../deps/zod.ts";
import { FACTS_FOLDER } from "./file_path.ts";
import { STORAGE_TIERS } from "./object_store.ts";

const noteSchema = z.object({
  /** SHA-256 of the content. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The tier that was asked for; a folder has no tiers, so it is only remembered. */
  tier: z.enum(STORAGE_TIERS).optional().catch(undefined),
  size: z.number(),
  /** Modification time, in milliseconds since the epoch. */
  mtime: z.number(),
});

/** What is known about a file. */
export type FileNote = Pick<z.infer<typeof noteSchema>, "sha256" | "tier">;

/** The note about a file, or `undefined` when there is none that fits it. */
export async function readNote(path: string, info: Deno.FileInfo): Promise<FileNote | undefined> {
  const note = parseNote(await readTextIfExists(notePath(path)) ?? "");
  return note?.size === info.size && note.mtime === timeOf(info) ? note : undefined;
}

/** Writes the note about a file as it is now. */
export async function writeNote(path: string, { sha256, tier }: FileNote): Promise<void> {
  const info = await Deno.lstat(path);
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
function parseNote(text: string): z.infer<typeof noteSchema> | undefined {
  try {
    return noteSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
