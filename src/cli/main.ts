/**
 * The entry of the program.
 * @module
 */
import { BUILD_INFO } from "./build_info.ts";

/**
 * Runs the program with the arguments of the process, and ends the process. The version is answered
 * at once: loading the parser of arguments takes longer than all the rest.
 */
export async function main(): Promise<never> {
  const [first, second] = Deno.args;
  if ((first === "--version" || first === "-V") && second === undefined) {
    const written = Deno.stdout.write(new TextEncoder().encode(`${BUILD_INFO.version}\n`));
    // What cannot be written is said below, as it is of every command.
    if (await written.then(() => true, () => false)) Deno.exit(0);
  }
  const { run } = await import("./run.ts");
  const { processContext } = await import("./process.ts");
  Deno.exit(await run(Deno.args, processContext()));
}
