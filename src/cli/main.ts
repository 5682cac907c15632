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
  try {
    const [{ run }, { processContext }] = await Promise.all([
      import("./run.ts"),
      import("./process.ts"),
    ]);
    Deno.exit(await run(Deno.args, processContext()));
  } catch (error) {
    return await neverLoaded(error);
  }
}

/** Says why a part of the program was not loaded: it may be the one that words failures. */
async function neverLoaded(error: unknown): Promise<never> {
  const reason = error instanceof Error ? error.message : String(error);
  const text = `error: Cannot load the program: ${reason}\n`;
  await Deno.stderr.write(new TextEncoder().encode(text)).catch(() => undefined);
  Deno.exit(reason.includes("--allow-read") ? EXIT_CODES.denied : EXIT_CODES.transfer);
}
