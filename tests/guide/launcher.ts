/** The program under the name it is called by. @module */
import { CLI_PATH } from "../support/program.ts";
import type { TempFolder } from "../support/temp.ts";

/**
 * Puts the program into `bin` of a home as it is installed where there is no compiled binary: a
 * script that starts a process of that name.
 */
export async function addLauncher(home: TempFolder, name: string): Promise<void> {
  const runtime = home.join("lib", name);
  await Deno.mkdir(home.join("lib"), { recursive: true });
  await Deno.symlink(Deno.execPath(), runtime);
  const run = `"${runtime}" run -A --quiet "${CLI_PATH}" "$@"`;
  const script = `#!/bin/bash\nDENO_UNSTABLE_LAZY_DYNAMIC_IMPORTS=1 exec ${run}\n`;
  await Deno.chmod(await home.write(`bin/${name}`, script), 0o755);
}
