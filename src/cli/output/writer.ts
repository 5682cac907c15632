/**
 * What a command says: results on standard output, remarks on standard error.
 * @module
 */
import type { CliContext } from "../context.ts";
import type { Paint } from "./paint.ts";
import { escapeControls, escapeJsonControls, escapeTextControls } from "./format.ts";

/** The two streams of a run, with the rules of what goes where. */
export class Output {
  readonly #context: Pick<CliContext, "stdout" | "stderr">;
  readonly #json: boolean;
  readonly #paint: Paint;

  /**
   * Writes to the streams of `context`; with `json`, results are documents instead of texts.
   * `paint` colours what goes to standard error.
   */
  constructor(
    context: Pick<CliContext, "stdout" | "stderr">,
    json: boolean,
    paint: Paint = (_meaning, text) => text,
  ) {
    this.#context = context;
    this.#json = json;
    this.#paint = paint;
  }

  /** Reports a result: the document with `--json`, else the text, to which a line end is added. */
  result(document: unknown, text: string): void {
    if (this.#json) this.document(document);
    else if (text !== "") this.#context.stdout.write(`${escapeTextControls(text)}\n`);
  }

  /**
   * Reports an artifact: the text as the result, then its digest as a remark; or the digest alone.
   * The document of `--json` is the same.
   */
  artifact(
    document: { readonly digest: string },
    { text, facts = [], quiet = false }: {
      readonly text: string;
      /** What is said beside the digest. */
      readonly facts?: readonly string[];
      readonly quiet?: boolean;
    },
  ): void {
    if (quiet) return this.result(document, document.digest);
    this.result(document, text);
    this.note([document.digest, ...facts].join(", "));
  }

  /** Writes a JSON document, given as a value or as the text of it. */
  document(document: unknown): void {
    const json = typeof document === "string" ? document : JSON.stringify(document, undefined, 2);
    this.#context.stdout.write(`${escapeJsonControls(json)}\n`);
  }

  /** Writes text that may have several lines, to which a line end is added where it has none. */
  text(text: string): void {
    this.#context.stdout.write(`${escapeTextControls(text).replace(/\n$/, "")}\n`);
  }

  /**
   * Writes text with colours in it, to which a line end is added: whoever drew it has made harmless
   * what comes from outside.
   */
  drawing(text: string): void {
    this.#context.stdout.write(`${text}\n`);
  }

  /** Says something that is not a result; nothing with `--json`. */
  note(text: string): void {
    if (this.#json) return;
    this.#context.stderr.write(`${this.#paint("detail", escapeControls(text))}\n`);
  }

  /** Warns. */
  warn(text: string): void {
    this.#context.stderr.write(`${this.#paint("warning", "warning:")} ${escapeControls(text)}\n`);
  }
}
