/**
 * Progress on standard error, in the form that was asked for.
 * @module
 */
import type { ProgressEvent } from "../../../core/operation.ts";
import type { Retry } from "../../../core/retry.ts";
import type { CliContext } from "../../context.ts";
import { escapeControls, formatBytes, formatDuration, jsonLine } from "../format.ts";
import type { ProgressStyle } from "./style.ts";
import { ProgressTally, type Stage, VERBS } from "./tally.ts";
import { retryDocument, retryLine } from "./retry_words.ts";

/** A display of progress; disposing takes it off the screen. */
export interface ProgressDisplay extends AsyncDisposable {
  /** Takes an event. */
  report(event: ProgressEvent): void;
  /** Tells that there is another try. */
  retrying(retry: Retry): void;
  /** How far a transfer came whose rest the same command moves: `320 of 400 MiB`. */
  interruptedAt(): string | undefined;
}

type DisplayContext = Pick<CliContext, "stderr" | "signal" | "now" | "aroundSuspension">;

/** What is drawn of the events; what they add up to is counted in any case. */
interface Drawing extends Partial<AsyncDisposable> {
  event?(event: ProgressEvent, stage: Stage): void;
  /** `isShown` is whether the item is known that is tried again. */
  retry?(retry: Retry, isShown: boolean): void;
}

const DRAWINGS: Readonly<
  Record<
    ProgressStyle,
    (context: DisplayContext, tally: ProgressTally) => Drawing | Promise<Drawing>
  >
> = {
  plain: drawPlain,
  json: drawJson,
  bar: async (context, tally) => (await import("./bars.ts")).drawBars(context, tally),
  none: () => ({}),
};

/** Opens the display of a style. */
export async function openProgress(
  style: ProgressStyle,
  context: DisplayContext,
): Promise<ProgressDisplay> {
  const tally = new ProgressTally();
  const drawing = await DRAWINGS[style](context, tally);
  return {
    report(event) {
      // Counted whether or not anything is drawn of it.
      const stage = tally.apply(event, context.now().getTime());
      drawing.event?.(event, stage);
    },
    retrying(retry) {
      const isShown = tally.retrying(retry);
      drawing.retry?.(retry, isShown);
    },
    interruptedAt: () => tally.interruptedAt(),
    async [Symbol.asyncDispose]() {
      await drawing[Symbol.asyncDispose]?.();
    },
  };
}

/** Milliseconds between two lines that say how far all is. */
const LINE_EVERY = 10_000;

/** A line for each item that is finished, and now and then one for all: for logs. */
function drawPlain({ stderr, now }: DisplayContext, tally: ProgressTally): Drawing {
  let lastLine = now().getTime();
  const write = (line: string) => {
    stderr.write(`${escapeControls(line)}\n`);
    lastLine = now().getTime();
  };
  return {
    event(event, stage) {
      // Hashing alone moves nothing.
      if (event.state === "plan" || event.phase === "hash") return;
      if (event.state === "done" && !event.document) {
        write(`${VERBS[event.phase].done} ${event.name} ${formatBytes(event.size)}`);
      }
      const at = now().getTime();
      if (event.state === "advance" && at - lastLine >= LINE_EVERY) write(stageLine(stage, at));
    },
    retry: (retry) => stderr.write(retryLine(retry)),
    [Symbol.asyncDispose]: () => {
      tally.summary().forEach(write);
      return Promise.resolve();
    },
  };
}

/** `downloading: 2 of 7 files, 172 of 400 MiB, 24 MiB/s, 9 s left` */
function stageLine({ phase, over, files, total }: Stage, now: number): string {
  const speed = total.speed(now);
  const left = total.secondsLeft(now);
  const facts = [
    `${over} of ${files} files`,
    `${formatBytes(total.bytes)} of ${formatBytes(total.size)}`,
    speed === undefined ? "" : `${formatBytes(speed)}/s`,
    left === undefined ? "" : `${formatDuration(left)} left`,
  ];
  return `${VERBS[phase].running}: ${facts.filter((fact) => fact !== "").join(", ")}`;
}

/** Milliseconds between two steps of one item, which may come thousands a second. */
const STEP_EVERY = 200;

/** A JSON document a line for each event: for programs. */
function drawJson({ stderr, now }: DisplayContext): Drawing {
  const steps = new Map<string, number>();
  return {
    event(event) {
      if (event.state === "advance") {
        const at = now().getTime();
        if (at - (steps.get(event.id) ?? -Infinity) < STEP_EVERY) return;
        steps.set(event.id, at);
      } else if (event.state !== "plan") steps.delete(event.id);
      stderr.write(jsonLine(event));
    },
    retry: (retry) => stderr.write(retryDocument(retry)),
  };
}
