/**
 * A worker that puts a link to `../outside` in place of a folder of a root and the folder back,
 * as fast as it can, until there is a file `stop`. Between its turns it rests for as long as they
 * took, so that the work of the test gets through now and then, however slow the machine is.
 * @module
 */
import { join } from "node:path";

/** The names of a worker that are used here; the types are those of a page. */
const scope = globalThis as unknown as {
  onmessage: (message: MessageEvent<{ root: string; name: string }>) => void;
  postMessage(word: string): void;
};

/** Nobody wakes who waits for this. */
const never = new Int32Array(new SharedArrayBuffer(4));

scope.onmessage = ({ data: { root, name } }) => {
  const at = (name: string) => join(root, name);
  const link = (path: string) => Deno.symlinkSync("../outside", path);
  link(at("link"));
  scope.postMessage("ready");
  const swap = () => {
    move(at(name), at("folder"));
    move(at("link"), at(name));
    // Whoever takes the link for an empty folder removes it, which is no harm.
    if (!move(at(name), at("link"))) link(at("link"));
    move(at("folder"), at(name));
  };
  for (let turn = 0; !exists(at("stop")); turn++) {
    const lasts = 2 ** (turn % 9);
    const end = performance.now() + lasts;
    while (performance.now() < end) swap();
    Atomics.wait(never, 0, 0, lasts);
  }
  scope.postMessage("done");
};

/**
 * Renames something, as often as somebody else makes a folder under its new name.
 * @returns whether it was there.
 */
function move(from: string, to: string): boolean {
  for (;;) {
    try {
      Deno.renameSync(from, to);
      return true;
    } catch {
      if (!exists(from)) return false;
      // What is in the way may be gone again by now.
      if (exists(to)) removeIfPossible(to);
    }
  }
}

function removeIfPossible(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // Somebody writes into it at this moment: it is tried again.
  }
}

function exists(path: string): boolean {
  try {
    return Deno.lstatSync(path).size >= 0;
  } catch {
    return false;
  }
}
