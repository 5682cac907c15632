/**
 * Somebody who puts links in place of folders while a test uses them.
 * @module
 */
import { join } from "node:path";
import type { TempFolder } from "./temp.ts";

/**
 * Does something while a link to `../outside` and the folder of a name in `root` take turns, as
 * fast as another thread can; the link leads to `outside` of the test's folder.
 * @returns the paths that were seen to change outside.
 */
export async function whileSwapped(
  temp: TempFolder,
  work: () => Promise<void>,
  name = "a",
): Promise<readonly string[]> {
  await Deno.mkdir(temp.join("outside"), { recursive: true });
  await Deno.mkdir(temp.join("root", name), { recursive: true });
  const watching = Deno.watchFs(temp.join("outside"));
  const seen: string[] = [];
  const watched = (async () => {
    for await (const { kind, paths } of watching) if (kind !== "access") seen.push(...paths);
  })();
  try {
    await swapping(temp.join("root"), name, work);
  } finally {
    watching.close();
    await watched;
  }
  return seen;
}

/**
 * Numbers of rounds for the work under swapped links: at least so many, then more until something
 * got through, for on a busy machine all of the first rounds may meet the link.
 */
export function* rounds(least: number, gotThrough: () => boolean): Generator<number> {
  for (let round = 0; round < least || !gotThrough() && round < 100 * least; round++) yield round;
}

async function swapping(root: string, name: string, work: () => Promise<void>): Promise<void> {
  const swapper = new Worker(new URL("link_swapper_worker.ts", import.meta.url), {
    type: "module",
  });
  const told = (word: string) =>
    new Promise((resolve) =>
      swapper.addEventListener("message", (message) => {
        if (message.data === word) resolve(undefined);
      })
    );
  const [ready, done] = [told("ready"), told("done")];
  swapper.postMessage({ root, name });
  await ready;
  try {
    await work();
  } finally {
    await Deno.writeTextFile(join(root, "stop"), "");
    await done;
    swapper.terminate();
  }
}
