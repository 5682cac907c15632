/**
 * Somebody who puts links in place of folders while a test uses them.
 * @module
 */
import { join } from "node:path";

/**
 * Does something while a link to `../outside` and the folder `a` of a root take turns under the
 * name `a`, as fast as another thread can.
 */
export async function whileSwapped(root: string, work: () => Promise<void>): Promise<void> {
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
  swapper.postMessage(root);
  await ready;
  try {
    await work();
  } finally {
    await Deno.writeTextFile(join(root, "stop"), "");
    await done;
    swapper.terminate();
  }
}
