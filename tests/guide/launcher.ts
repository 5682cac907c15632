/** The program under the name it is called by. @module */
import { findProgram } from "../../scripts/services.ts";
import { PROGRAM } from "../support/program.ts";
import type { TempFolder } from "../support/temp.ts";

/**
 * Puts the program into `bin` of a home as it is installed where there is no compiled binary: a
 * script that starts a process of that name.
 */
export async function addLauncher(home: TempFolder, name: string): Promise<void> {
  const [program, ...words] = PROGRAM;
  const runtime = home.join("lib", name);
  await Deno.mkdir(home.join("lib"), { recursive: true });
  await Deno.symlink(findProgram(program) ?? program, runtime);
  const script = `#!/bin/bash\nexec "${runtime}" ${words.join(" ")} "$@"\n`;
  await Deno.chmod(await home.write(`bin/${name}`, script), 0o755);
}
