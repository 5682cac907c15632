/** `modelfile generate`: writes a Modelfile for the files of a folder. @module */
import { join, resolve } from "../../../core/runtime/path.ts";
import { quote } from "../../../core/text.ts";
import type { Command } from "../../../deps/commander.ts";
import { ConflictError, InvalidInputError } from "../../../core/errors.ts";
import { lstatIfExists } from "../../../core/files.ts";
import { writeFileAtomic } from "../../../core/staged_file.ts";
import { HUB_NAMES } from "../../../hubs/hub.ts";
import { collect } from "../../arguments.ts";
import type { CliContext } from "../../context.ts";
import { countOf } from "../../output/format.ts";
import { refuseFlag } from "../../options.ts";
import type { Session } from "../../session.ts";
import { sourceDateEpoch } from "../../settings/global.ts";

export function configure(command: Command, session: Session): void {
  command
    .argument("[path]", "folder with the model's files (default: .)")
    .option("-n, --name <name>", "name of the model (default: the folder's name)")
    .option("--arch <architecture>", "architecture, as transformer")
    .option("--family <family>", "family, as llama")
    .option("--format <format>", "format, as safetensors")
    .option("--param-size <size>", "number of parameters, as 7b")
    .option("--precision <precision>", "precision, as bf16")
    .option("--quantization <quantization>", "quantization, as q4_0")
    .option("-O, --output <folder>", "folder that receives the Modelfile", ".")
    .option("--overwrite", "replace a Modelfile that is there")
    .option(
      "--include <pattern>",
      "take in files left out by habit (patterns of a Modelfile); repeatable",
      collect,
    )
    .option("--exclude <pattern>", "leave out files (patterns of a Modelfile); repeatable", collect)
    .option("--follow-links", "enter folders elsewhere that links lead to")
    .option("--model-url <url>", "download the model first, and keep it in a folder of its name")
    .addOption(
      command.createOption(
        "-p, --provider <hub>",
        "the hub that a short form such as owner/name is of",
      )
        .choices(HUB_NAMES),
    )
    .option("--download-dir <folder>", "folder that receives the model's folder (default: .)")
    .addOption(command.createOption("--ignore-unrecognized-file-types").hideHelp())
    .action(async (path, flags) => {
      const { context, output } = session;
      const { modelUrl, provider, downloadDir, ignoreUnrecognizedFileTypes, ...rest } = flags;
      const { output: folder, overwrite, exclude = [], include = [], ...values } = rest;
      refuseFlag(
        "--ignore-unrecognized-file-types",
        ignoreUnrecognizedFileTypes,
        "a file of any type is taken in, and --exclude leaves some out",
      );
      const target = join(resolve(context.cwd, folder), "Modelfile");
      if (!overwrite) await refuseExisting(target);
      const workspace = modelUrl === undefined
        ? resolve(context.cwd, path ?? ".")
        : await download(session, path, { url: modelUrl, provider, downloadDir, exclude });
      output.note(`Generating modelfile for ${workspace}`);
      const generatedAt = clock(context).toISOString();
      const [{ generateModelfile }, { formatModelfile }] = await Promise.all([
        import("../../../model/modelfile/generate.ts"),
        import("../../../model/modelfile/format.ts"),
      ]);
      const options = { ...values, ...session.quiet(), exclude, include };
      const { modelfile, warnings } = await generateModelfile(workspace, options);
      const text = formatModelfile(modelfile, { generatedAt });
      output.warnAll(warnings);
      await writeFileAtomic(target, new TextEncoder().encode(text), {
        signal: context.signal,
        tidy: true,
      });
      output.result({ path: target, text }, `Successfully generated modelfile:\n${text.trimEnd()}`);
    });
}

/** Downloads a model, and returns its folder. */
async function download(
  session: Session,
  path: string | undefined,
  { url, downloadDir = ".", ...request }: {
    readonly url: string;
    readonly provider?: string;
    readonly downloadDir?: string;
    readonly exclude: readonly string[];
  },
): Promise<string> {
  const { context, output, settings } = session;
  if (path !== undefined) {
    throw new InvalidInputError(
      `Cannot generate a Modelfile for ${quote(path)}: a path and --model-url exclude each other`,
      { path, remedy: "leave one of them out" },
    );
  }
  const parent = resolve(context.cwd, downloadDir);
  const { downloadModel } = await import("../../../library/downloads.ts");
  const { folder, downloaded, present } = await session.operation((options) =>
    downloadModel(settings, url, { ...options, ...request, parent })
  );
  const already = present === 0 ? "" : `, ${present} already there`;
  output.note(`Downloaded ${countOf(downloaded, "file")} to ${folder}${already}`);
  return folder;
}

/** The time that the text names: the fixed one of a reproducible run, else now. */
function clock({ env, now }: CliContext): Date {
  const seconds = sourceDateEpoch(env);
  return seconds === undefined ? now() : new Date(seconds * 1000);
}

async function refuseExisting(path: string): Promise<void> {
  if (await lstatIfExists(path) === undefined) return;
  throw new ConflictError(`Cannot write ${quote(path)}: it exists`, {
    path,
    remedy: "add `--overwrite` to replace it",
  });
}
