/**
 * Names of file owners, as tar headers carry them.
 *
 * They are read from the account files, not asked of the system's name service: a machine without
 * account files, such as a scratch container, simply has no names.
 * @module
 */
import { readTextIfExists } from "../core/files.ts";

/** Gives the names of a user and a group; empty text for one that has none. */
export interface OwnerNames {
  /** Name of the user with this id. */
  user(uid: number): string;
  /** Name of the group with this id. */
  group(gid: number): string;
}

/** The owners' names on this machine, from `passwd` and `group` below `folder`. */
export async function ownerNames(folder = "/etc"): Promise<OwnerNames> {
  const [users, groups] = await Promise.all([
    readNames(`${folder}/passwd`),
    readNames(`${folder}/group`),
  ]);
  return { user: (uid) => users.get(uid) ?? "", group: (gid) => groups.get(gid) ?? "" };
}

/** What everything belongs to in an artifact that must not depend on the machine. */
export const ROOT_OWNERS: OwnerNames = { user: () => "root", group: () => "root" };

/** Lines of both account files start with `name:password:id`. */
async function readNames(path: string): Promise<Map<number, string>> {
  const names = new Map<number, string>();
  let text: string | undefined;
  try {
    text = await readTextIfExists(path);
  } catch (error) {
    // Not being allowed to read the account files is the same as not having any.
    if (
      !(error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable)
    ) {
      throw error;
    }
  }
  for (const line of (text ?? "").split("\n")) {
    const [name, , id] = line.split(":");
    if (name && id && /^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
