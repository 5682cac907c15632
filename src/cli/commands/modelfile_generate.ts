/** `modelfile generate`: writes a Modelfile for the files of a folder. @module */
import { join, resolve } from "node:path";
import type { Command } from "../../deps/commander.ts";
import { ConflictError } from "../../core/errors.ts";
import { lstatIfExists, writeFileAtomic } from "../../core/files.ts";
import { collect } from "../arguments.ts";
import type { CliContext } from "../context.ts";
import type { Session } from "../session.ts";
import { sourceDateEpoch } from "../settings.ts";

/** Gives the command its arguments, flags and action. */
export function configure(command: Command, session: Session): void {
  command
    .argument("[path]", "folder with the model's files", ".")
    .option("-n, --name <name>", "name of the model (default: the folder's name)")
    .option("--arch <architecture>", "architecture, as transformer")
    .option("--family <family>", "family, as llama")
    .option("--format <format>", "format, as safetensors")
    .option("--param-size <size>", "number of parameters, as 7b")
    .option("--precision <precision>", "precision, as bf16")
    .option("--quantization <quantization>", "quantization, as q4_0")
    .option("-O, --output <folder>", "folder that receives the Modelfile", ".")
    .option("--overwrite", "replace a Modelfile that is there")
    .option("--exclude <pattern>", "leave out files; repeatable", collect)
    .option("--include <pattern>", "take in files left out by habit; repeatable", collect)
    .action(async (path, flags) => {
      const { context, output } = session;
      const workspace = resolve(context.cwd, path);
      const target = join(resolve(context.cwd, flags.output), "Modelfile");
      if (!flags.overwrite) await refuseExisting(target);
      output.note(`Generating modelfile for ${workspace}`);
      const { exclude = [], include = [], output: _output, overwrite: _overwrite, ...values } =
        flags;
      const generatedAt = clock(context).toISOString();
      const { text, warnings } = await context.services.generateModelfile(
        workspace,
        { values, exclude, include, generatedAt },
        session.quiet(),
      );
      for (const warning of warnings) output.warn(warning);
      await writeFileAtomic(target, new TextEncoder().encode(text), { signal: context.signal });
      output.result({ path: target, text }, `Successfully generated modelfile:\n${text.trimEnd()}`);
    });
}

/** The time that the text names: the fixed one of a reproducible run, else now. */
function clock({ env, now }: CliContext): Date {
  const seconds = sourceDateEpoch(env);
  return seconds === undefined ? now() : new Date(seconds * 1000);
}

async function refuseExisting(path: string): Promise<void> {
  if (await lstatIfExists(path) === undefined) return;
  throw new ConflictError(`Cannot write ${JSON.stringify(path)}: it exists`, {
    path,
    remedy: "add `--overwrite` to replace it",
  });
}
