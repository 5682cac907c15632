/**
 * The entry of the program.
 * @module
 */
import { BUILD_INFO } from "./build_info.ts";
import { EXIT_CODES } from "./output/exit_codes.ts";

/**
 * Runs the program with the arguments of the process, and ends the process. The version is answered
 * at once: loading the parser of arguments takes longer than all the rest.
 */
export async function main(): Promise<never> {
  const [first, second] = Deno.args;
  if ((first === "--version" || first === "-V") && second === undefined) {
    const written = Deno.stdout.write(new TextEncoder().encode(`${BUILD_INFO.version}\n`));
    // What cannot be written is said below, as it is of every command.
    const isWritten = await written.then(() => true, () => false);
    const { isReadOnly } = await import("./read_only.ts");
    if (isWritten && !isReadOnly(1)) Deno.exit(0);
  }
  const [{ run }, { processContext }] = await load();
  Deno.exit(await run(Deno.args, processContext()));
}

/** Loads the rest. Nothing that words failures is here where the run may not read it. */
async function load() {
  try {
    return await Promise.all([import("./run.ts"), import("./process.ts")]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (!reason.includes("--allow-read")) throw error;
    const text = `error: Cannot load the program: ${reason}\n`;
    await Deno.stderr.write(new TextEncoder().encode(text));
    Deno.exit(EXIT_CODES.denied);
  }
}
