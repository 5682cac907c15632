/**
 * What a command says: results on standard output, remarks on standard error.
 * @module
 */
import { collectGarbage } from "../../core/runtime/garbage.ts";
import type { CliContext } from "../context.ts";
import type { Paint } from "./paint.ts";
import { escapeControls, escapeJsonControls, escapeTextControls } from "./format.ts";
import { jsonPieces } from "./json_pieces.ts";

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

  /**
   * Reports a result: the document with `--json`, else the text, to which a line end is added, or
   * its lines, which are made only then.
   */
  result(document: unknown, text: string | Iterable<string>): void {
    if (this.#json) this.document(document);
    else if (typeof text !== "string") this.#write(ended(text), escapeTextControls);
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
    this.#write(
      typeof document === "string" ? [document] : jsonPieces(document),
      escapeJsonControls,
    );
    this.#context.stdout.write("\n");
  }

  /** Writes text that may have several lines, to which a line end is added where it has none. */
  text(text: string): void {
    this.#context.stdout.write(`${escapeTextControls(text).replace(/\n$/, "")}\n`);
  }

  /**
   * Writes lines with colours in them: whoever drew them has made harmless what comes from outside.
   */
  drawing(lines: Iterable<string>): void {
    this.#write(ended(lines), (text) => text);
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

  /** Warns of each, and of no more than somebody may read. */
  warnAll(texts: readonly string[]): void {
    for (const text of texts.slice(0, SHOWN_WARNINGS)) this.warn(text);
    const more = texts.length - SHOWN_WARNINGS;
    if (more > 0) this.warn(`and ${more} more like these`);
  }

  /** Writes a text that comes in pieces, many of them at once. */
  #write(pieces: Iterable<string>, escape: (text: string) => string): void {
    let text = "";
    for (const piece of pieces) {
      text += piece;
      if (text.length < WRITTEN_AT_ONCE) continue;
      this.#context.stdout.write(escape(text));
      text = "";
      collectGarbage();
    }
    if (text !== "") this.#context.stdout.write(escape(text));
  }
}

/** Most warnings that are shown: a folder or a server may give as many as it likes. */
const SHOWN_WARNINGS = 200;

/** Characters that are written at once: a write for each line would take most of the time. */
const WRITTEN_AT_ONCE = 64 * 1024;

function* ended(lines: Iterable<string>): Generator<string, void> {
  for (const line of lines) yield `${line}\n`;
}
