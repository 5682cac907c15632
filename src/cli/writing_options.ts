/**
 * Flags of the commands that write files of artifacts into a folder.
 * @module
 */
import type { Command, OptionValues } from "../deps/commander.ts";
import { DEFAULT_ENTRIES, DEFAULT_RATIO } from "../archive/limits.ts";
import { parseBytes, positiveCount } from "./arguments.ts";
import { portable } from "./options.ts";

/** Adds the flags of a command that writes the files of a model into a folder. */
export function addWriting<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return addArchiveLimits(
    command
      .option("--overwrite", "replace files that somebody changed since they were written")
      .addOption(portable(command)),
  );
}

/** Adds the flags that bound what archives and compressed layers may become. */
export function addArchiveLimits<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return command
    .option(
      "--max-ratio <count>",
      `times its size that something compressed may become (default: ${DEFAULT_RATIO})`,
      positiveCount("--max-ratio"),
    )
    .option(
      "--max-size <bytes>",
      "most bytes to write in all, as 500GiB (default: no limit)",
      (text) => parseBytes(text, "--max-size"),
    )
    .option(
      "--max-entries <count>",
      `most entries of an archive (default: ${DEFAULT_ENTRIES})`,
      positiveCount("--max-entries"),
    );
}
