/** Where Deno keeps what it has fetched. @module */
import { runOk } from "./command.ts";

/** Folders of Deno's cache. */
export interface DenoCache {
  /** The whole cache; what `DENO_DIR` names. */
  readonly denoDir: string;
  /** The npm packages in it. */
  readonly npmCache: string;
}

/** The cache of the Deno that runs the tests. */
export async function denoCache(): Promise<DenoCache> {
  const { stdout } = await runOk(Deno.execPath(), ["info", "--json"]);
  return JSON.parse(stdout);
}
