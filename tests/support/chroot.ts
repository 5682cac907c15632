/** Programs run in a system of their own: another root folder, with its own mounts. @module */
import { findProgram } from "../../scripts/services.ts";
import { type CommandResult, runCommand } from "./command.ts";

/** How a program is run in a system. */
export interface ChrootOptions {
  /** `UID:GID`; root when absent. */
  readonly user?: string;
  /** All its variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folders of this machine by the folder of the system that they are put in place of. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** A folder of the system that gets a disk of 8 MiB. */
  readonly small?: string;
  /** Whether nothing of the system can be written to, apart from `/tmp` and mounts. */
  readonly readOnly?: boolean;
}

/** Mounts and then runs; what is mounted is gone with the program. */
const SCRIPT = `set -e
root=$1 read_only=$2 small=$3; shift 3
mkdir -p "$root/proc"
if [ "$read_only" = true ]; then mount --bind "$root" "$root"; fi
mount -t proc proc "$root/proc"
while [ "$1" != -- ]; do mount --bind "$1" "$root$2"; shift 2; done; shift
if [ -n "$small" ]; then mount -t tmpfs -o size=8m tmpfs "$root$small"; fi
if [ "$read_only" = true ]; then
  mount -o remount,bind,ro "$root"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
fi
exec env -i "$@"
`;

/** Runs a program in the system that lies in a folder. */
export async function runInChroot(
  root: string,
  args: readonly string[],
  { user = "0:0", env = {}, mounts = {}, small = "", readOnly = false }: ChrootOptions = {},
): Promise<CommandResult> {
  const pairs = Object.entries(mounts).flatMap(([inside, folder]) => [folder, inside]);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const path = `${Deno.env.get("PATH")}:/usr/sbin:/sbin`;
  const chroot = findProgram("chroot", path) ?? "chroot";
  return await runCommand("unshare", [
    ...["--mount", "sh", "-c", SCRIPT, "sh", root, String(readOnly), small, ...pairs, "--"],
    ...[...variables, chroot, `--userspec=${user}`, root, ...args],
  ], { env: { PATH: path } });
}

/** Why programs cannot be run so on this machine; `undefined` when they can. */
export async function whyNoChroot(): Promise<string | undefined> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "only root of a Linux system may";
  if (findProgram("unshare") === undefined) return "unshare is not installed";
  const { code } = await runCommand("unshare", ["--mount", "true"]);
  return code === 0 ? undefined : "this system lets nobody mount";
}
