/**
 * Flags that nothing reads without another flag, or beside one. Whoever gives such a flag counts on
 * what it does, so it is refused.
 *
 * How a registry is reached is not among them: scripts give every command the same of these flags.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";

/** Which flags of a command have no effect, and when. */
interface FlagRule {
  /** The words that lead to the command; all commands when absent. */
  readonly command?: string;
  readonly flags: readonly string[];
  /** What makes them useless: the absence of a flag, or its presence. */
  readonly when: `without ${string}` | `with ${string}`;
  /** Why, as a clause. */
  readonly reason: string;
}

const BUNDLE_WRITERS = ["bundle materialize", "bundle pull"];

/** The rules, in the order in which they are looked at. */
export const FLAG_RULES: readonly FlagRule[] = [
  {
    flags: ["--pprof-addr"],
    when: "without --pprof",
    reason: "nobody asks for profiles",
  },
  {
    command: "pull",
    flags: [
      "--extract-from-remote",
      "--overwrite",
      "--portable",
      "--max-ratio",
      "--max-size",
      "--max-entries",
      "--max-window",
    ],
    when: "without --extract-dir",
    reason: "no file is written into a folder",
  },
  {
    command: "attach",
    flags: ["--destination-dir", "--no-creation-time"],
    when: "with --config",
    reason: "the file becomes the configuration as it is",
  },
  {
    command: "modelfile generate",
    flags: ["--provider", "--download-dir"],
    when: "without --model-url",
    reason: "nothing is downloaded",
  },
  {
    command: "serve",
    flags: ["--sparse", "--upload-age"],
    when: "with --read-only",
    reason: "nothing is taken in",
  },
  {
    command: "serve",
    flags: ["--allow-anonymous"],
    when: "with --htpasswd",
    reason: "everybody is asked for a password, and --anonymous pull lets all read",
  },
  ...BUNDLE_WRITERS.map((command) => ({
    command,
    flags: ["--role"],
    when: "with --layers" as const,
    reason: "the layers are those that --layers names, whatever the role has",
  })),
];

/**
 * Refuses a flag that nothing reads.
 * @param command The words that lead to the command, `bundle` before those of bundles.
 * @param given The long flags of the line; a switch that is said to be off is none.
 * @throws {InvalidInputError} naming the first of them.
 */
export function refuseUseless(command: string, given: ReadonlySet<string>): void {
  for (const { command: whose = command, flags, when, reason } of FLAG_RULES) {
    const [word, other = ""] = when.split(" ");
    if (whose !== command || given.has(other) !== (word === "with")) continue;
    const useless = flags.find((flag) => given.has(flag));
    if (useless === undefined) continue;
    throw new InvalidInputError(`Cannot use ${useless} ${when}: ${reason}`, {
      remedy: `leave out ${useless}, or ${word === "with" ? "leave out" : "add"} ${other}`,
    });
  }
}
