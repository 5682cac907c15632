/**
 * What is said of a command line that a command cannot be run with.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import type { Command } from "../deps/commander.ts";
import { commandWords, examplesOf, rootOf, synonymsOf } from "./command.ts";

/**
 * Refuses empty arguments, and empty names of files, folders and roles, and empty patterns: whoever
 * gives one has a variable that is not set.
 * @throws {InvalidInputError} naming the first of them.
 */
export function refuseEmpty(command: Command): void {
  const words = command.registeredArguments.filter(({ variadic }, index) =>
    !variadic && command.args[index] === ""
  ).map((argument) => `the argument ${quote(argument.name())}`);
  const given: Readonly<Record<string, unknown>> = command.optsWithGlobals();
  const values = [...command.options, ...rootOf(command).options].filter((option) =>
    /<(file|folder|role|pattern|glob)>/.test(option.flags) &&
    [given[option.attributeName()]].flat().includes("")
  ).map((option) => option.long);
  const [empty] = [...words, ...values];
  if (empty === undefined) return;
  throw new InvalidInputError(`Cannot run ${quote(commandWords(command))}: ${empty} is empty`, {
    remedy: `run \`${commandWords(command)} --help\``,
  });
}

/** What commander says of a value that is none of the choices. */
const NO_CHOICE =
  /^(?:option '(?:-\w, )?(--\S+).*?' argument|command-argument value) '(.*)' is invalid(?: for argument '(.*)')?\. Allowed choices are (.*)$/s;

/** Commander's words for other mistakes, and ours. */
const REASONS: readonly (readonly [theirs: RegExp, ours: string])[] = [
  [/^option '(?:-\w, )?(--\S+) (<.+>)' argument missing$/, "after $1 there is no $2"],
  [/^required option '(?:-\w, )?(--\S+) (<.+>)' not specified$/, "$1 $2 is missing"],
  [/^missing required argument '(.*)'$/, "the argument '$1' is missing"],
  [
    /^too many arguments.* Expected (\d+) arguments? but got \d+: (.*)$/s,
    "too many arguments, it takes $1: $2",
  ],
];

/** Commander's words for a mistake, as a reason and the words that were perhaps meant. */
export function usageError(message: string, command: Command): InvalidInputError {
  const words = commandWords(command);
  const others = synonymsOf(command);
  const [, found = message, near] =
    /^(?:error: )?(.*?)\.?(?:\s*\(Did you mean (?:one of )?(.*)\?\))?$/s.exec(message) ?? [];
  const [noChoice, flag, value = "", argument, choices = ""] = NO_CHOICE.exec(found) ?? [];
  if (noChoice !== undefined) {
    return new InvalidInputError(
      `Cannot use ${flag ?? argument} ${quote(value)}: it is one of ${choices}`,
      { actual: value, choices: choices.split(", ") },
    );
  }
  const [, word = ""] = /^unknown command '(.*)'$/.exec(found) ?? [];
  const meant = Object.hasOwn(others, word) ? [others[word]!] : near?.split(", ");
  const known = REASONS.find(([theirs]) => theirs.test(found));
  const reason = (known ? found.replace(...known) : found)
    .replace(/'([^']*)'/g, (_match, quoted) => quote(quoted));
  // Who left something out, or wrote too much, is helped most by a line that is whole.
  const [example] = known ? examplesOf(command) : [];
  const help = /^too many .*\b(true|false)$/is.test(found)
    ? "write the value of a switch after =, as --json=false"
    : `run \`${words} --help\``;
  return new InvalidInputError(`Cannot run "${words}": ${reason}`, {
    suggestions: meant,
    remedy: example === undefined ? help : `write \`${example}\`, or ${help}`,
  });
}
