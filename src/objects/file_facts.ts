/**
 * What a file store knows about an object besides its bytes: digest and tier, in
 * `.modelops/<name>.json` beside the object. The note counts only while the object has the size and
 * time that it names, so that a file that someone else wrote is not taken for what was there
 * before.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { ModelOpsError } from "../core/errors.ts";
import { fileSource } from "../core/content/file_source.ts";
import { type NoFolder, pinFolder, type PinnedFolder } from "../core/folders/pinned_folder.ts";
import { writeFileAtomic } from "../core/staged_file.ts";
import { readAll } from "../core/streams.ts";
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

/** Most bytes of a note. */
const NOTE_SIZE_LIMIT = 64 * 1024;

/**
 * The note about a file of a folder, or `undefined` when there is none that fits it.
 * @param folder A path of the folder that nothing can be put in place of.
 */
export async function readNote(
  folder: string,
  name: string,
  info: Deno.FileInfo,
): Promise<FileNote | undefined> {
  const notes = pinFolder(folder, [FACTS_FOLDER]);
  if (typeof notes === "string") return undefined;
  using pinned = notes;
  const note = parseNote(await readText(notePath(pinned, name)));
  return note?.size === info.size && note.mtime === timeOf(info) ? note : undefined;
}

/**
 * Writes the note about a file as it is now.
 * @returns why that is impossible, `undefined` when it was written.
 */
export async function writeNote(
  folder: string,
  name: string,
  { sha256, tier }: FileNote,
): Promise<NoFolder | undefined> {
  const notes = pinFolder(folder, [FACTS_FOLDER], { make: true });
  if (typeof notes === "string") return notes;
  using pinned = notes;
  const info = await Deno.lstat(join(folder, name));
  const text = JSON.stringify({ size: info.size, mtime: timeOf(info), sha256, tier });
  await writeFileAtomic(notePath(pinned, name), new TextEncoder().encode(`${text}\n`), {
    tidy: true,
  });
  return undefined;
}

function notePath({ path }: PinnedFolder, name: string): string {
  return join(path, `${name}.json`);
}

function timeOf(info: Deno.FileInfo): number {
  return info.mtime?.getTime() ?? 0;
}

/** The text of a note; what cannot be read is no note. */
async function readText(path: string): Promise<string> {
  try {
    const source = await fileSource(path, { refuseLinks: true });
    return new TextDecoder().decode(await readAll(await source.open(), NOTE_SIZE_LIMIT));
  } catch (error) {
    if (error instanceof ModelOpsError) return "";
    throw error;
  }
}

/** Reads a note; one that is damaged is none. */
function parseNote(text: string): z.infer<typeof noteSchema> | undefined {
  try {
    return noteSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
