/**
 * What goes into the archive of a folder, chosen and checked before anything is written.
 * @module
 */
import { basename, dirname, join } from "../../core/runtime/path.ts";
import type { UstarFile } from "../../archive/tar_writer.ts";
import { ustarHeader } from "../../archive/ustar_header.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import { InvalidInputError, type Problem } from "../../core/errors.ts";
import { fileBelow } from "../../core/content/file_below.ts";
import type { RegularFile } from "../../core/content/file_source.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { messagesError } from "../../core/problems.ts";
import { bytesSource } from "../../core/content/source.ts";
import { compareText, listed, quote } from "../../core/text.ts";
import { isTransient, placeOf } from "../workspace/layout.ts";
import { anyPath, type NameOptions, pathClashes, unfitNames } from "../workspace/path.ts";
import { readPointers } from "../workspace/pointers.ts";
import { listTree, type TreeNode } from "../workspace/tree.ts";

/** What goes into the archive; links, special files and the archive itself are still among it. */
export async function chooseNodes(
  folder: string,
  output: string,
  options: OperationOptions & { readonly includeExternal?: boolean },
): Promise<{ nodes: TreeNode[]; pointersOnly: string[] }> {
  const root = await Deno.realPath(folder);
  const archive = join(await Deno.realPath(dirname(output)), basename(output));
  const all = (await listTree(folder, options))
    .filter(({ path }) => !isTransient(path) && placeOf(root, path) !== archive);
  const { pointers } = await readPointers(folder, all, options);
  const external = new Set(Array.from(pointers.values(), ({ path }) => path));
  const there = new Set(all.map(({ path }) => path));
  const left = (path: string) => !options.includeExternal || !there.has(path);
  return {
    nodes: all.filter(({ path, kind }) => kind !== "file" || !external.has(path) || !left(path)),
    pointersOnly: [...external].filter(left).sort(compareText),
  };
}

/**
 * The files of the archive in its order, each checked.
 * @throws {InvalidInputError} with all the problems.
 */
export async function archiveMembers(
  folder: string,
  nodes: readonly TreeNode[],
  options: OperationOptions & NameOptions,
): Promise<UstarFile[]> {
  const unreadable: Problem[] = [];
  const members = await mapConcurrent(nodes, async (node) => {
    try {
      return await archiveMember(folder, node);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      unreadable.push({ message: error.message });
      return undefined;
    }
  }, options);
  const sound = members.filter((member) => member !== undefined)
    .sort((a, b) => compareText(a.entry.name, b.entry.name));
  const problems = [...unreadable, ...nameProblems(sound, options)];
  if (problems.length === 0) {
    tellComposed(nodes, options);
    return sound;
  }
  problems.sort((a, b) => compareText(a.message, b.message));
  throw messagesError(`export ${quote(folder)}`, problems, { path: folder });
}

/** Says which names the archive does not have as they are: its format has them in normal form. */
function tellComposed(nodes: readonly TreeNode[], { log }: OperationOptions): void {
  const names = nodes.filter(({ path, kind }) => kind === "file" && path !== path.normalize("NFC"))
    .map(({ path }) => quote(path, 200));
  if (names.length === 0) return;
  log?.("warning", `The archive has names in composed form (NFC): those of ${listed(names, 5)}`);
}

/** Names that become one in normal form, and those that are not for the systems that are meant. */
function nameProblems(members: readonly UstarFile[], options: NameOptions): Problem[] {
  const names = members.map(({ entry }) => entry.name);
  const twice = names.filter((name, index) => name === names[index + 1])
    .map((path) => ({ path, reason: "two names are the same in normal form" }));
  const files = members.filter(({ entry }) => entry.type === "file")
    .map(({ entry }) => entry.name);
  return [...twice, ...unfitNames(names, options), ...pathClashes(files, options)]
    .map(({ path, reason }) => ({ message: `Cannot export ${quote(path)}: ${reason}` }));
}

async function archiveMember(root: string, { path, kind }: TreeNode): Promise<UstarFile> {
  if (kind === "symbolic link" || kind === "special file") {
    throw new InvalidInputError(`Cannot export ${quote(path)}: it is a ${kind}`, { path });
  }
  const name = anyPath(path, "export").normalize("NFC");
  const member = kind === "folder"
    ? folderMember(name)
    : fileMember(name, await fileBelow(root, path));
  ustarHeader(member.entry);
  return member;
}

/** The content of folders, of which there may be as many as files. */
const NOTHING = bytesSource(new Uint8Array(0));

function folderMember(name: string): UstarFile {
  return { entry: { name, type: "directory", size: 0, mode: 0o755 }, content: NOTHING };
}

function fileMember(name: string, content: RegularFile): UstarFile {
  const runs = (content.mode ?? 0) & 0o100;
  return { entry: { name, type: "file", size: content.size, mode: runs ? 0o755 : 0o644 }, content };
}
