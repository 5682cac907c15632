/**
 * Progress as bars that are redrawn, where a person looks on.
 * @module
 */
import { MultiBar } from "../../../deps/cli-progress.ts";
import type { CliContext, TextSink } from "../../context.ts";
import { fitMiddle } from "../columns.ts";
import { escapeControls } from "../format.ts";
import { boardLines } from "./board.ts";
import type { ProgressTally } from "./tally.ts";
import { retryWords } from "./retry_words.ts";
import type { ProgressEvent } from "../../../core/operation.ts";
import type { Retry } from "../../../core/retry.ts";

/** Milliseconds that a line about another try stays, or as long as it is waited for. */
const NOTICE_TIME = 5000;

/** Draws what a tally counts until it is disposed; then the sums are all that is left. */
export function drawBars(
  { stderr, signal, now, aroundSuspension }: Pick<
    CliContext,
    "stderr" | "signal" | "now" | "aroundSuspension"
  >,
  tally: ProgressTally,
): AsyncDisposable & {
  event(event: ProgressEvent): void;
  retry(retry: Retry, isShown: boolean): void;
} {
  const width = () => stderr.columns() ?? 80;
  let notice = { text: "", until: 0 };
  const lines = () => {
    const at = now().getTime();
    const notices = at < notice.until ? [notice.text] : [];
    return [...boardLines(tally, width(), at), ...notices];
  };
  /** What is on the screen. */
  let bars: MultiBar | undefined;
  let isOver = false;
  const open = () => {
    if (!isOver) bars ??= openBars(stderr, lines);
  };
  const clear = () => {
    bars?.stop();
    bars = undefined;
  };
  const stop = () => {
    clear();
    isOver = true;
  };
  signal.addEventListener("abort", stop);
  // The shell has its cursor while the process is stopped, and lines that are whole.
  const suspension = aroundSuspension?.({ before: clear, after: open });
  return {
    event: open,
    retry(retry, isShown) {
      if (isShown) return;
      const text = fitMiddle(escapeControls(`${retryWords(retry)} (${retry.what})`), width() - 1);
      notice = { text, until: now().getTime() + Math.max(NOTICE_TIME, retry.wait) };
      // Nothing may be under way yet: nobody has answered.
      open();
    },
    [Symbol.asyncDispose]: () => {
      signal.removeEventListener("abort", stop);
      suspension?.[Symbol.dispose]();
      stop();
      for (const line of tally.summary()) stderr.write(`${line}\n`);
      return Promise.resolve();
    },
  };
}

/** Begins to draw lines, now and then anew, until it is stopped. */
function openBars(stderr: TextSink, draw: () => string[]): MultiBar {
  let lines: string[] = [];
  const bars = new MultiBar({
    stream: nodeStream(stderr) as never,
    format: (_options, _params, payload: { line: number }) => lines[payload.line] ?? "",
    hideCursor: true,
    clearOnComplete: true,
  });
  // Each bar is a place for a line: items come and go too quickly for a bar each.
  let places = 0;
  const addPlace = () => bars.create(1, 0, { line: places++ });
  bars.on("redraw-pre", () => {
    lines = draw();
    while (places < lines.length) addPlace();
  });
  addPlace();
  return bars;
}

/** The part of a Node stream that the bars need. */
function nodeStream(
  sink: TextSink,
): { isTTY: boolean; columns: number; write(text: string): boolean } {
  return {
    isTTY: true,
    // The lines fit already, in columns; the bars would cut them by code units.
    columns: 100_000,
    write(text) {
      sink.write(text);
      return true;
    },
  };
}
