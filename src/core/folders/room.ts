/**
 * The room on the disks of this machine: asked for before bytes are written that would not fit.
 * @module
 */
import { TransferError } from "../errors.ts";
import { lstatIfExistsSync } from "../files.ts";
import { dirname, resolve } from "../runtime/path.ts";
import { nodeFs } from "../runtime/builtins.ts";
import { formatBytes, quote } from "../text.ts";

/** The disk that a path is on, or will be. */
export interface Disk {
  /** The same for all paths of one disk; absent where the system does not say. */
  readonly device?: number;
  /** Bytes that may still be written; absent where the system does not say. */
  readonly free?: number;
  /**
   * Whether a copy of a file of this machine takes as much as the file: some disks share blocks.
   */
  readonly copiesTakeRoom: boolean;
}

/**
 * File systems (`statfs(2)`) on which every copy takes room: ext, tmpfs, ramfs, FAT, exFAT. What an
 * overlay or a network lies on is not known.
 */
const WITHOUT_SHARING = new Set([0xef53, 0x01021994, 0x858458f6, 0x4d44, 0x2011bab0]);

/** The disk of a path, or of the nearest folder above it that exists. */
export function diskOf(path: string): Disk {
  let device: number | undefined;
  try {
    const folder = nearestFolder(path);
    device = Deno.statSync(folder).dev;
    // Where it is not allowed the runtime would ask, and nobody was told why.
    const wanted = { name: "sys", kind: "statfs" } as Deno.SysPermissionDescriptor;
    const { state } = Deno.permissions.querySync(wanted);
    if (state !== "granted") return { device, copiesTakeRoom: false };
    const { bavail, bsize, type } = nodeFs().statfsSync(folder);
    return { device, free: bavail * bsize, copiesTakeRoom: WITHOUT_SHARING.has(type) };
  } catch {
    // Not every system answers, and not every run may ask: then the room is unknown.
    return { device, copiesTakeRoom: false };
  }
}

/** The nearest folder above a path, or at it, that exists. */
function nearestFolder(path: string): string {
  for (let folder = resolve(path);; folder = dirname(folder)) {
    try {
      if (Deno.statSync(folder).isDirectory || folder === dirname(folder)) return folder;
    } catch (error) {
      if (folder === dirname(folder)) throw error;
    }
  }
}

/** Bytes that a file takes of its disk: less than its size where not all of it is written. */
export function bytesOnDisk(path: string): number {
  const info = lstatIfExistsSync(path);
  if (info === undefined) return 0;
  // Not every system counts blocks, which have 512 bytes wherever they are counted.
  return Math.min(info.size, (info.blocks ?? 0) * 512);
}

/** The failure of what is to be written to a disk that has less room. */
export function noRoom(path: string, needed: number, free: number): TransferError {
  return new TransferError(
    `Cannot write to ${quote(path)}: ${formatBytes(needed)} are needed, and ` +
      `${formatBytes(free)} are free on its disk`,
    {
      path,
      expected: needed,
      actual: free,
      remedy: `free ${formatBytes(needed - free)} there, or choose a folder on another disk`,
    },
  );
}

/** What is to be written below a folder. */
export interface RoomNeeded {
  /** Most bytes that can be needed. */
  readonly most: number;
  /** Bytes that are certainly needed; asked where those at most do not fit. */
  readonly exact: () => number | Promise<number>;
  /** Whether the bytes are copies of files of this machine. */
  readonly copies?: boolean;
}

/**
 * Makes sure that what is to be written fits, as far as the system says.
 * @throws {TransferError} when it does not, before the first byte is written.
 */
export async function checkRoom(path: string, room: RoomNeeded): Promise<void> {
  const fault = await roomFault(path, room);
  if (fault !== undefined) throw fault;
}

/** The failure of what certainly does not fit; `undefined` for everything else. */
export async function roomFault(
  path: string,
  { most, exact, copies }: RoomNeeded,
): Promise<TransferError | undefined> {
  if (most < WORTH_ASKING) return undefined;
  const { free, copiesTakeRoom } = diskOf(path);
  if (free === undefined || most <= free || copies && !copiesTakeRoom) return undefined;
  const needed = await exact();
  return needed > free ? noRoom(path, needed, free) : undefined;
}

/** Bytes that take longer to move than it takes to ask. */
const WORTH_ASKING = 1024 * 1024;
