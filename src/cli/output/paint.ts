/**
 * Colours by meaning.
 * @module
 */
import type { Environment } from "../../library/environment.ts";
import type { TextSink } from "../context.ts";

/** When colours are used, as `--color` names it. */
export const COLOR_CHOICES = ["auto", "always", "never"] as const;

/** When colours are used. */
export type ColorChoice = typeof COLOR_CHOICES[number];

/** What a text is, and with that its colour. */
export type Meaning = "error" | "warning" | "hint" | "detail" | "title" | "chart";

/** Colours a text for what it is. */
export type Paint = (meaning: Meaning, text: string) => string;

/** Codes of SGR (ECMA-48 §8.3.117): what begins a colour, and what ends it. */
const CODES: Readonly<Record<Meaning, readonly [begin: string, end: string]>> = {
  error: ["1;31", "22;39"],
  warning: ["33", "39"],
  hint: ["36", "39"],
  detail: ["2", "22"],
  title: ["1", "22"],
  chart: ["36", "39"],
};

/** The colours of a stream: none where nobody sees them, or they are not wanted. */
export function paintFor(
  choice: ColorChoice,
  stream: Pick<TextSink, "isTerminal">,
  env: Environment,
): Paint {
  const wanted = stream.isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  if (choice === "never" || choice === "auto" && !wanted) return (_meaning, text) => text;
  return (meaning, text) => {
    const [begin, end] = CODES[meaning];
    return `\u001b[${begin}m${text}\u001b[${end}m`;
  };
}
