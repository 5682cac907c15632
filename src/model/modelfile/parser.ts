/**
 * Reads Modelfiles.
 *
 * A line is empty, a comment (`#` first), or an instruction, blanks, and one argument. Instructions
 * are known in any letter case. In an argument, double quotes hold blanks together and a backslash
 * makes the next character literal. There are no comments after an instruction and no continued
 * lines. A byte order mark is skipped; lines end in LF or CRLF and have any length.
 * @module
 */
import type { Problem } from "../../core/errors.ts";
import { nearest } from "../../core/suggest.ts";
import { parseGlob } from "../../core/glob.ts";
import { problemsError } from "../../core/problems.ts";
import { quote } from "../../core/text.ts";
import {
  FILE_INSTRUCTIONS,
  type FileInstruction,
  type Modelfile,
  type ModelfileEntry,
  type ModelfileValues,
  VALUE_INSTRUCTIONS,
  type ValueInstruction,
} from "./values.ts";
import { quoteArgument } from "./format.ts";
import { mayBeName } from "./path_pattern.ts";

const INSTRUCTIONS: ReadonlyMap<string, ValueInstruction | FileInstruction> = new Map(
  [...VALUE_INSTRUCTIONS, ...FILE_INSTRUCTIONS].map((each) => [each.command, each] as const),
);

/** What Unicode takes for white space: U+0085 too, and not the byte order mark. */
const BLANK = /[^\S\uFEFF]|\u0085/;

/** What was understood of a text, and what is wrong with it. */
export interface ModelfileReading {
  /** The lines that could be understood. */
  readonly modelfile: Modelfile;
  /** Every problem, in line order; a Modelfile is usable when there is none. */
  readonly problems: readonly Problem[];
}

/**
 * Reads a Modelfile.
 *
 * @param name What the error calls it: a path.
 * @throws {InvalidInputError} with all the problems of the text, their lines counted from 1.
 */
export function parseModelfile(text: string, name = "Modelfile"): Modelfile {
  const { modelfile, problems } = readModelfile(text);
  if (problems.length > 0) throw problemsError(`read ${quote(name)}`, problems, { path: name });
  return modelfile;
}

/** Reads as much of a Modelfile as can be understood. */
export function readModelfile(text: string): ModelfileReading {
  if (text.includes("\0")) {
    return { modelfile: { entries: [] }, problems: [{ message: "it is not a text file" }] };
  }
  const reader = new Reader();
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  for (const [index, line] of lines.entries()) reader.readLine(trim(line), index + 1);
  return reader.result();
}

/** Collects facts, entries and problems line by line. */
class Reader {
  readonly #values = new Map<keyof ModelfileValues, { value: string; line: number }>();
  readonly #entries = new Map<string, ModelfileEntry>();
  readonly #problems: Problem[] = [];

  readLine(text: string, line: number): void {
    if (text === "" || text.startsWith("#")) return;
    const [command = "", rest = ""] = splitCommand(text);
    const instruction = INSTRUCTIONS.get(command.toUpperCase());
    if (instruction === undefined) return this.#unknown(command, line);
    const argument = readArgument(instruction.command, rest);
    if (typeof argument !== "string") this.#problems.push({ line, ...argument });
    else if ("key" in instruction) this.#addValue(instruction, argument, line);
    else this.#addEntry(instruction, argument, line);
  }

  result(): ModelfileReading {
    const values = [...this.#values].map(([key, { value }]) => [key, value]);
    return {
      modelfile: { ...Object.fromEntries(values), entries: [...this.#entries.values()] },
      problems: this.#problems,
    };
  }

  #unknown(command: string, line: number): void {
    const [suggestion] = nearest(command, INSTRUCTIONS.keys());
    this.#problems.push({ line, message: `unknown instruction ${shown(command)}`, suggestion });
  }

  #addValue(instruction: ValueInstruction, value: string, line: number): void {
    const first = this.#values.get(instruction.key);
    if (first === undefined) {
      this.#values.set(instruction.key, { value, line });
    } else {
      const message = `${instruction.command} is given a second time, first on line ${first.line}`;
      this.#problems.push({ line, message });
    }
  }

  #addEntry({ kind }: FileInstruction, pattern: string, line: number): void {
    const { fault } = parseGlob(pattern);
    if (fault !== undefined && !mayBeName(pattern)) {
      this.#problems.push({ line, message: `malformed pattern ${shown(pattern)}: ${fault}` });
      return;
    }
    const key = `${kind} ${pattern}`;
    if (!this.#entries.has(key)) this.#entries.set(key, { kind, pattern, line });
  }
}

/**
 * Text without blanks at its ends, which are not those of `String.trim`.
 * No regular expression: those that end in `+$` take quadratic time on a long run of blanks.
 */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BLANK.test(text.charAt(start))) start++;
  while (end > start && BLANK.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** The first word of a line, and what follows the blanks after it; any blank may stand there. */
function splitCommand(text: string): [string, string] {
  const end = text.search(BLANK);
  return end < 0 ? [text, ""] : [text.slice(0, end), trim(text.slice(end))];
}

/** The one argument of an instruction, or the problem it has. */
function readArgument(command: string, text: string): string | Problem {
  const { words, open } = lex(text);
  if (open) return { message: `${command} has a double quote that is not closed` };
  if (words.length > 1) {
    return {
      message: `${command} takes one argument, found ${words.length}`,
      suggestion: `${command} ${quoteArgument(words.join(" "))}`,
    };
  }
  const [word] = words;
  if (word === undefined) return { message: `${command} needs an argument` };
  return word === "" ? { message: `${command} has an empty argument` } : word;
}

/** Splits an argument text into words, and says whether a quote was left open. */
function lex(text: string): { words: string[]; open: boolean } {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === "\\") {
      word = (word ?? "") + text.charAt(++index);
    } else if (char === '"') {
      quoted = !quoted;
      word ??= "";
    } else if (!quoted && (char === " " || char === "\t")) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (word !== undefined) words.push(word);
  return { words, open: quoted };
}

/** Text of a file in an error: quoted, and short enough for a line. */
function shown(text: string): string {
  return quote(text, 80);
}
