/** `build`: packages a folder. @module */
import type { CompressionName } from "../../archive/compression.ts";
import { InvalidInputError } from "../../core/errors.ts";
import type { Command } from "../../deps/commander.ts";
import type { BuildResult } from "../../model/operations/packaging.ts";
import { collect, collectPairs, collectPlatforms } from "../arguments.ts";
import { countOf, formatBytes } from "../output/format.ts";
import { addDryRun, moveModels } from "../dry_run.ts";
import { addTransfer, nydusify, portable, quiet, refuseNydusify } from "../options.ts";
import type { Output } from "../output/writer.ts";
import type { Session } from "../session.ts";
import { sourceDateEpoch } from "../settings/global.ts";

export function configure(command: Command, session: Session): void {
  addDryRun(addTransfer(
    command
      .argument("<path>", "folder with the model's files")
      .requiredOption("-t, --target <reference>", "name of the artifact; repeatable", collect)
      .option(
        "-f, --modelfile <file>",
        "the Modelfile, looked for here and in the folder; without one, it is generated",
        "Modelfile",
      )
      .option("--output-remote", "send everything to the registry, keep nothing in the local store")
      .option("--raw", "one layer a file as it is; --raw=false makes tar layers", true)
      .addOption(
        command.createOption("--compression <form>", "make tar layers of this compression")
          .choices(["none", "gzip", "zstd"] as const).default("none" as const),
      )
      .addOption(
        command.createOption("--media-types <family>", "media types to write")
          .choices(["cncf", "cnai"] as const).default("cncf" as const),
      )
      .option("--annotation <key=value>", "annotation of the manifest; repeatable", collectPairs)
      .option(
        "--platform <list>",
        "platforms to record, as linux/amd64; repeatable",
        collectPlatforms,
      )
      .option("--exclude <pattern>", "leave out files (gitignore syntax); repeatable", collect)
      .option("--follow-links", "follow links that leave the folder")
      .addOption(portable(command))
      .option("--source-url <url>", "where the sources are (default: the git remote)")
      .option("--source-revision <revision>", "revision of the sources (default: the git commit)")
      .option("--reasoning", "record that the model reasons")
      .option("--no-creation-time", "leave every clock reading out, so that builds are equal")
      .option("--no-digest-cache", "hash every file, also those that did not change")
      .addOption(quiet(command)),
  ))
    .addOption(nydusify(command))
    .action(async (path, { nydusify, creationTime, quiet, dryRun, ...flags }, given) => {
      refuseNydusify(nydusify);
      // Of a usual line the command is not given; on one, `--raw` is never said.
      if (given?.getOptionValueSource("raw") === "cli") refuseRawCompressed(flags);
      const { target: targets, annotation: annotations, platform: platforms, ...same } = flags;
      await moveModels(session, {
        work: (models, options) =>
          models.build(path, {
            ...options,
            ...same,
            targets,
            annotations,
            platforms,
            noCreationTime: creationTime === false,
            sourceDateEpoch: sourceDateEpoch(session.context.env),
          }),
        report: (result) => report(result, session.output, quiet),
        dryRun,
        quiet,
      });
    });
}

/** Refuses to compress layers that are asked for as the files are. */
function refuseRawCompressed(
  { raw, compression }: { readonly raw: boolean; readonly compression: CompressionName },
): void {
  if (!raw || compression === "none") return;
  throw new InvalidInputError(
    `Cannot build raw layers with compression ${compression}: a raw layer is the file as it is`,
    {
      remedy: `leave out --raw for archives with --compression=${compression}, or --compression`,
    },
  );
}

function report(result: BuildResult, output: Output, quiet?: boolean): void {
  output.warnAll(result.warnings);
  const facts = [countOf(result.layers.length, "layer"), formatBytes(result.size)];
  const lines = result.references
    .map((reference) => `Successfully built model artifact: ${reference}`);
  output.artifact(result, { text: lines.join("\n"), facts, quiet });
}
