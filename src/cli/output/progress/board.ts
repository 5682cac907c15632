/**
 * Progress as lines of a terminal: what runs, how far it is, how fast it goes and how long it takes
 * yet.
 * @module
 */
import { columnsOf, fitMiddle, fitNames, padColumns, startOf } from "../columns.ts";
import { escapeControls, formatBytes, formatDuration } from "../format.ts";
import { Gauge, type ProgressTally, type Stage, VERBS } from "./tally.ts";
import { retryWords } from "./retry_words.ts";

/** Items shown at once; the others count in the total. */
const VISIBLE_ITEMS = 8;

const VERB_WIDTH = 11;
const NAME_WIDTH_MAX = 40;

type Fact = "percent" | "amount" | "speed" | "left";

interface Layout {
  /** Width of the window from which on it is taken. */
  readonly from: number;
  /** Width of the bar; there is none when 0. */
  readonly bar: number;
  readonly facts: readonly Fact[];
}

/** What a line shows, the widest first. */
const LAYOUTS: readonly Layout[] = [
  { from: 120, bar: 24, facts: ["percent", "amount", "speed", "left"] },
  { from: 78, bar: 0, facts: ["percent", "amount", "speed", "left"] },
  { from: 60, bar: 0, facts: ["percent", "speed", "left"] },
  { from: 40, bar: 0, facts: ["percent", "speed"] },
  { from: 0, bar: 0, facts: ["percent"] },
];

/** Each fact in a fixed width; what is not known yet is blank, so that nothing moves when it is. */
const FACTS: Readonly<Record<Fact, (gauge: Gauge, now: number) => string>> = {
  percent: (gauge) => `${String(Math.floor(gauge.fraction * 100)).padStart(3)}%`,
  amount: ({ bytes, size }) =>
    `${formatBytes(bytes).padStart(8)} / ${formatBytes(size).padStart(8)}`,
  speed: (gauge, now) => known(gauge.speed(now), (speed) => `${formatBytes(speed)}/s`).padStart(10),
  left: (gauge, now) =>
    known(gauge.secondsLeft(now), (seconds) => `${formatDuration(seconds)} left`).padEnd(12),
};

function known(value: number | undefined, words: (value: number) => string): string {
  return value === undefined ? "" : words(value);
}

/** What to show now: the running items of each stage and under them its total. */
export function boardLines(tally: ProgressTally, width: number, now: number): string[] {
  return tally.stages.flatMap((stage) => stageLines(stage, width, now));
}

function stageLines(stage: Stage, width: number, now: number): string[] {
  if (!stage.isOpen) return [];
  const verb = VERBS[stage.phase].running;
  const items = [...stage.running.values()].slice(0, VISIBLE_ITEMS);
  const label = stage.files < 2 ? "" : `${stage.over} of ${stage.files} files`;
  const layout = layoutFor(width, label);
  const room = roomFor(width, layout);
  const names = fitNames(items.map(({ name }) => escapeControls(name)), room);
  const rows = items.map(({ gauge, retry }, index) =>
    retry === undefined
      ? line(verb, names[index]!, { gauge, layout, room, now })
      : `${verb.padEnd(VERB_WIDTH)} ${padColumns(names[index]!, room)}  ${retryWords(retry)}`
  );
  const total = label === ""
    ? []
    : [line("total", label, { gauge: stage.total, layout, room, now })];
  // A line is shorter than the window, so that no terminal wraps it.
  return [...rows, ...total].map((text) => startOf(text.trimEnd(), Math.max(0, width - 1)));
}

/** The widest layout in which the label of the total is whole. */
function layoutFor(width: number, label: string): Layout {
  const fits = (layout: Layout) => roomFor(width, layout) >= columnsOf(label);
  return LAYOUTS.find((layout) => width >= layout.from && fits(layout)) ?? LAYOUTS.at(-1)!;
}

const NOTHING = new Gauge(0);

/** Columns for the names. */
function roomFor(width: number, { bar, facts }: Layout): number {
  const right = [bar, ...facts.map((fact) => FACTS[fact](NOTHING, 0).length)]
    .filter((columns) => columns > 0)
    .reduce((sum, columns) => sum + columns + 2, 0);
  return Math.max(0, Math.min(NAME_WIDTH_MAX, width - 1 - VERB_WIDTH - 1 - right));
}

function line(
  verb: string,
  name: string,
  { gauge, layout, room, now }: { gauge: Gauge; layout: Layout; room: number; now: number },
): string {
  const bar = layout.bar === 0 ? [] : [drawBar(gauge, layout.bar)];
  const right = [...bar, ...layout.facts.map((fact) => FACTS[fact](gauge, now))];
  const left = `${verb.padEnd(VERB_WIDTH)} ${padColumns(fitMiddle(name, room), room)}`;
  return [left, ...right].join("  ");
}

function drawBar(gauge: Gauge, width: number): string {
  const filled = Math.round(gauge.fraction * (width - 2));
  return `[${"=".repeat(filled)}${"-".repeat(width - 2 - filled)}]`;
}
