/**
 * Flags of the commands that write files of artifacts into a folder.
 * @module
 */
import type { Command, OptionValues } from "../deps/commander.ts";
import {
  type ArchiveLimits,
  DEFAULT_ENTRIES,
  DEFAULT_RATIO,
  DEFAULT_WINDOW,
  LARGEST_WINDOW,
} from "../archive/limits.ts";
import { InvalidInputError } from "../core/errors.ts";
import { formatBytes, quote } from "../core/text.ts";
import { parseBytes, positiveCount } from "./arguments.ts";
import { portable } from "./options.ts";

/** The flags that bound archives; unlike an interface, commander takes it for names and values. */
type LimitFlags = Pick<ArchiveLimits, keyof ArchiveLimits>;

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

/**
 * Adds the flags that bound what archives and compressed layers may become. Their type is written
 * down here: inferred flag by flag, for each command again, it took the compiler minutes.
 */
export function addArchiveLimits<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
): Command<Args, Flags & LimitFlags> {
  (command as unknown as Command)
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
    )
    .option(
      "--max-window <bytes>",
      `most memory for the window of something in zstd (default: ${
        formatBytes(DEFAULT_WINDOW, "")
      })`,
      windowSize,
    );
  return command as unknown as Command<Args, Flags & LimitFlags>;
}

/** @throws {InvalidInputError} when it is no count of bytes, or above what zstd knows. */
function windowSize(text: string): number {
  const size = parseBytes(text, "--max-window");
  if (size <= LARGEST_WINDOW) return size;
  throw new InvalidInputError(
    `Cannot use --max-window ${quote(text)}: zstd has no window above ` +
      formatBytes(LARGEST_WINDOW),
    { actual: text, remedy: `write --max-window ${formatBytes(LARGEST_WINDOW, "")}` },
  );
}
