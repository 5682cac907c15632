/**
 * How help looks: a command's own flags first, in columns where there is room for them, and two
 * examples last.
 * @module
 */
import { type Argument, type Command, Help, type Option } from "../deps/commander.ts";

/** Columns that a description needs beside its term; below, it stands under it. */
const BESIDE = 28;

/** What stands before the second and all further lines of the way a command is used. */
const USAGE_INDENT = " ".repeat("Usage: ".length);

/** What commander writes above the flags of all commands. */
const GLOBAL_TITLE = "Global Options:\n";

/** Flags of several commands: they stand behind a command's own, and everywhere in this order. */
const SHARED_FLAGS = [
  "--overwrite",
  "--portable",
  "--max-ratio",
  "--max-size",
  "--max-entries",
  "--object-store",
  "--concurrency",
  "--dry-run",
  "--quiet",
  "--plain-http",
  "--insecure",
  "--proxy",
  "--no-mirror",
  "--dragonfly-endpoint",
  "--dragonfly-required",
  "--dragonfly-forward-auth",
  "--help",
];

/** Flags of a command in the order of help. */
export function inHelpOrder<Flag extends { readonly long?: string }>(
  flags: readonly Flag[],
): Flag[] {
  return flags.toSorted((a, b) => rankOf(a) - rankOf(b));
}

function rankOf({ long = "" }: { readonly long?: string }): number {
  return SHARED_FLAGS.indexOf(long);
}

/** What a description says of choices and of the default, in one pair of brackets and no quotes. */
function plainNotes(description: string): string {
  return description
    .replace(/\(default: ([^)]*)\) \(choices: ([^)]*)\)$/, "(choices: $2, default: $1)")
    .replace(
      /\((?:choices|default): [^)]*\)$/,
      (notes) => notes.replaceAll('"', "").replace(", default: ", "; default: "),
    );
}

/** How commander lays help out. */
export const HELP_LAYOUT = {
  showGlobalOptions: true,
  minWidthToWrap: 10,
  subcommandTerm: (command: { name(): string; aliases(): string[] }) =>
    [command.name(), ...command.aliases()].join(", "),
  visibleOptions(this: Help, command: Command): Option[] {
    return inHelpOrder(Help.prototype.visibleOptions.call(this, command));
  },
  optionDescription(this: Help, option: Option): string {
    return plainNotes(Help.prototype.optionDescription.call(this, option));
  },
  argumentDescription(this: Help, argument: Argument): string {
    return plainNotes(Help.prototype.argumentDescription.call(this, argument));
  },
  styleUsage(this: Help, usage: string): string {
    const width = (this.helpWidth ?? 80) - USAGE_INDENT.length;
    return this.boxWrap(usage, width).replaceAll("\n", `\n${USAGE_INDENT}`);
  },
  /** The flags of all commands come last: a list of commands is longer to look for behind them. */
  formatHelp(this: Help, command: Command, helper: Help): string {
    const text = Help.prototype.formatHelp.call(this, command, helper);
    const sections = text.trimEnd().split("\n\n");
    const isGlobal = (section: string) => section.startsWith(GLOBAL_TITLE);
    const own = sections.filter((section) => !isGlobal(section));
    return `${[...own, ...sections.filter(isGlobal)].join("\n\n")}\n`;
  },
  formatItem(this: Help, term: string, width: number, description: string, helper: Help): string {
    const total = helper.helpWidth ?? 80;
    const room = total - width - 4;
    const fits = description.split(" ").every((word) => word.length <= room);
    if (room >= BESIDE && fits || description === "") {
      return Help.prototype.formatItem.call(this, term, width, description, helper);
    }
    const below = helper.boxWrap(description, Math.max(10, total - 6)).replaceAll("\n", "\n      ");
    return `  ${term}\n      ${below}`;
  },
};

/**
 * The examples of a command, each a line that can be pasted: where it is longer than the window, it
 * goes on in the next after a backslash.
 */
export function exampleLines(examples: readonly string[], width: number): string {
  const lines = examples.map((example) => `  ${continued(example, width - 2)}`);
  return ["", "Examples:", ...lines].join("\n");
}

function continued(line: string, width: number): string {
  const lines: string[] = [];
  let last = "";
  for (const word of line.split(" ")) {
    const longer = last === "" ? word : `${last} ${word}`;
    if (last !== "" && longer.length > width - 2) {
      lines.push(`${last} \\`);
      last = `  ${word}`;
    } else last = longer;
  }
  // The last line has no backslash after it.
  return [...lines, last].join("\n  ");
}

/** How wide the help of a command is. */
export function widthOf(command: Command): number {
  return command.createHelp().helpWidth ?? command.configureOutput().getOutHelpWidth?.() ?? 80;
}
