/**
 * Progress on standard error: bars where a person looks on, a line for each finished item
 * elsewhere.
 * @module
 */
import type { ProgressEvent } from "../../core/operation.ts";
import type { CliContext, TextSink } from "../context.ts";
import { escapeControls, formatBytes } from "./format.ts";
import { ProgressBoard, VERBS } from "./progress_board.ts";
import type { Settings } from "../settings/global.ts";

/** A display of progress; disposing takes it off the screen. */
export interface ProgressDisplay extends AsyncDisposable {
  /** Takes an event; absent when nothing is shown. */
  readonly report?: (event: ProgressEvent) => void;
}

/** Opens the display of a style. */
export async function openProgress(
  style: Settings["progress"],
  context: Pick<CliContext, "stderr" | "signal" | "now">,
): Promise<ProgressDisplay> {
  if (style === "bars") return await openBars(context);
  return {
    report: style === "lines" ? (event) => reportLine(event, context.stderr) : undefined,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Writes a line for an item whose bytes have moved; hashing alone moves nothing. */
function reportLine(event: ProgressEvent, stderr: TextSink): void {
  if (event.phase === "hash" || (event.state !== "done" && event.state !== "skip")) return;
  const verb = event.state === "skip" ? "skipped" : VERBS[event.phase].done;
  stderr.write(`${verb} ${escapeControls(event.name)} ${formatBytes(event.size)}\n`);
}

async function openBars(
  { stderr, signal, now }: Pick<CliContext, "stderr" | "signal" | "now">,
): Promise<ProgressDisplay> {
  const { MultiBar } = await import("../../deps/cli-progress.ts");
  const board = new ProgressBoard();
  const width = () => stderr.columns() ?? 80;
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
    lines = board.lines(width());
    while (places < lines.length) addPlace();
  });
  let stopped = false;
  const stop = () => {
    if (!stopped && places > 0) bars.stop();
    stopped = true;
  };
  signal.addEventListener("abort", stop);
  return {
    report(event) {
      board.apply({ ...event, name: escapeControls(event.name) }, now().getTime());
      if (places === 0 && !stopped) addPlace();
    },
    async [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", stop);
      stop();
      for (const line of board.summary()) stderr.write(`${line}\n`);
    },
  };
}

/** The part of a Node stream that the bars need. */
function nodeStream(
  sink: TextSink,
): { isTTY: boolean; columns: number; write(text: string): boolean } {
  return {
    isTTY: true,
    get columns() {
      return sink.columns() ?? 80;
    },
    write(text) {
      sink.write(text);
      return true;
    },
  };
}
