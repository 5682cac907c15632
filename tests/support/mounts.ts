/** File systems with a limit, or for reading only, for tests of what happens there. @module */
import { runCommand, runOk } from "./command.ts";

/** A mounted file system; disposing unmounts it. */
export type Mount = AsyncDisposable;

/** Whether this process may mount: only root in a full machine may. */
export async function mayMount(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const probe = await Deno.makeTempDir();
  const { code } = await runCommand("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", probe]);
  if (code === 0) await runOk("umount", [probe]);
  await Deno.remove(probe);
  return code === 0;
}

/** Mounts a file system in memory over a folder, with options such as `size=8m` or `ro`. */
export async function mountTmpfs(folder: string, options: string): Promise<Mount> {
  await Deno.mkdir(folder, { recursive: true });
  await runOk("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
  return { [Symbol.asyncDispose]: async () => void await runOk("umount", [folder]) };
}

/** Lets nobody write to a folder that is there, whoever they are. */
export async function mountForReading(folder: string): Promise<Mount> {
  await runOk("mount", ["--bind", folder, folder]);
  await runOk("mount", ["-o", "remount,bind,ro", folder]);
  return { [Symbol.asyncDispose]: async () => void await runOk("umount", [folder]) };
}
