/** Temporary folders that vanish with the test that made them. @module */
import { join } from "node:path";

/** A temporary folder; disposing removes it with everything in it. */
export interface TempFolder extends AsyncDisposable {
  /** Absolute path of the folder. */
  readonly path: string;
  /** Path of something in the folder. */
  join(...parts: string[]): string;
  /** Writes a file, making the folders it needs, and returns its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
}

/** Makes a temporary folder. */
export async function tempFolder(): Promise<TempFolder> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "modelops-test-" }));
  return {
    path,
    join: (...parts) => join(path, ...parts),
    async write(name, content) {
      const target = join(path, name);
      await Deno.mkdir(join(target, ".."), { recursive: true });
      await Deno.writeFile(
        target,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
      return target;
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
