/**
 * Writes Modelfiles.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { compareText } from "../../core/text.ts";
import { quote } from "../../core/text.ts";
import {
  FILE_INSTRUCTIONS,
  type FileInstruction,
  type Modelfile,
  VALUE_INSTRUCTIONS,
  type ValueInstruction,
} from "./values.ts";

/** How to write a Modelfile. */
export interface FormatModelfileOptions {
  /** RFC 3339 time for a first line `# Generated at …`; without it the text holds no clock. */
  readonly generatedAt?: string;
}

/**
 * The text of a Modelfile: facts, then files by kind, each group under a comment and in bytewise
 * order. Reading it gives the same Modelfile again; comments and order of an earlier text are not
 * kept.
 * @throws {InvalidInputError} when a value holds a line break, which no Modelfile can say.
 */
export function formatModelfile(
  modelfile: Modelfile,
  options: FormatModelfileOptions = {},
): string {
  const sections = [
    ...VALUE_INSTRUCTIONS.map((instruction) => valueSection(instruction, modelfile)),
    ...FILE_INSTRUCTIONS.map((instruction) => fileSection(instruction, modelfile)),
  ].filter((section) => section !== "");
  if (options.generatedAt !== undefined) sections.unshift(`# Generated at ${options.generatedAt}`);
  return sections.length === 0 ? "" : `${sections.join("\n\n")}\n`;
}

function valueSection({ command, key, comment }: ValueInstruction, modelfile: Modelfile): string {
  const value = modelfile[key];
  return value ? `# ${comment}\n${command} ${quoteArgument(value)}` : "";
}

function fileSection({ command, kind, comment }: FileInstruction, modelfile: Modelfile): string {
  const patterns = modelfile.entries
    .filter((entry) => entry.kind === kind)
    .map((entry) => entry.pattern);
  if (patterns.length === 0) return "";
  const lines = [...new Set(patterns)].sort(compareText)
    .map((pattern) => `${command} ${quoteArgument(pattern)}`);
  return [`# ${comment}`, ...lines].join("\n");
}

/**
 * An argument as a Modelfile holds it: backslashes and double quotes after a backslash, and the
 * whole in double quotes when it has blanks.
 * @throws {InvalidInputError} when the argument is empty, or holds a line break or NUL.
 */
export function quoteArgument(argument: string): string {
  const fault = argument === "" ? "it is empty" : unsayable(argument);
  if (fault !== undefined) {
    throw new InvalidInputError(
      `Cannot write ${quote(argument)} into a Modelfile: ${fault}`,
      { actual: argument },
    );
  }
  const escaped = argument.replace(/["\\]/g, "\\$&");
  return /[\s\u0085]/.test(escaped) ? `"${escaped}"` : escaped;
}

/** Why no Modelfile can hold this text, if so. */
export function unsayable(text: string): string | undefined {
  if (text.includes("\n")) return "it holds a line break";
  return text.includes("\0") ? "it holds a NUL character" : undefined;
}
