/**
 * How many connections the system has file descriptors for.
 * @module
 */
import { readKernelFile } from "../core/runtime/kernel_file.ts";

/** Descriptors that the program itself needs: the runtime, logs, locks and listeners. */
const RESERVED = 64;

/** A connection, the file that it reads or writes, and a lock. */
const PER_CONNECTION = 3;

/** What is taken for the limit where the system does not tell. */
const USUAL_LIMIT = 1024;

/** More than this many connections are of no use to anybody. */
const MOST_CONNECTIONS = 4096;

/**
 * The most connections that leave every one of them the files that it may need, by the limits of
 * this process as Linux tells them.
 */
export function connectionLimit(limitsFile: string = "/proc/self/limits"): number {
  const limit = descriptorLimit(readKernelFile(limitsFile) ?? "");
  const fitting = Math.floor((limit - RESERVED) / PER_CONNECTION);
  return Math.max(4, Math.min(fitting, MOST_CONNECTIONS));
}

/** The soft limit of open files. */
export function descriptorLimit(limits: string): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? USUAL_LIMIT : Number(soft);
}
