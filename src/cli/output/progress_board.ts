/**
 * Progress as lines of text: what runs, how far it is, how fast it goes and how long it takes yet.
 * @module
 */
import type { ProgressEvent, ProgressPhase } from "../../core/operation.ts";
import { fitEnd, formatBytes, formatDuration } from "./format.ts";

/** What people call a stage while it runs and when it is over. */
export const VERBS: Readonly<Record<ProgressPhase, { running: string; done: string }>> = {
  hash: { running: "hashing", done: "hashed" },
  pack: { running: "packing", done: "packed" },
  upload: { running: "uploading", done: "uploaded" },
  download: { running: "downloading", done: "downloaded" },
  copy: { running: "copying", done: "copied" },
  extract: { running: "extracting", done: "extracted" },
};

/** Items shown at once; the others count in the total. */
const VISIBLE_ITEMS = 8;

/** The speed is that of the last seconds: older ones say little about what comes. */
const SPEED_WINDOW_MS = 5000;

const VERB_WIDTH = 11;
const NAME_WIDTH_MAX = 40;

type Fact = "percent" | "amount" | "speed" | "left";

/** What a line shows from which width on, the widest first. */
const LAYOUTS: readonly { from: number; bar: number; facts: readonly Fact[] }[] = [
  { from: 120, bar: 24, facts: ["percent", "amount", "speed", "left"] },
  { from: 78, bar: 12, facts: ["percent", "speed", "left"] },
  { from: 60, bar: 0, facts: ["percent", "speed", "left"] },
  { from: 40, bar: 0, facts: ["percent", "speed"] },
];
const NARROWEST = { bar: 0, facts: ["percent"] } as const;

/** Each fact in a fixed width; what is not known yet is blank, so that nothing moves when it is. */
const FACTS: Readonly<Record<Fact, (gauge: Gauge) => string>> = {
  percent: (gauge) => `${String(Math.floor(fraction(gauge) * 100)).padStart(3)}%`,
  amount: ({ bytes, size }) =>
    `${formatBytes(bytes).padStart(8)} / ${formatBytes(size).padStart(8)}`,
  speed: ({ speed }) => (speed === 0 ? "" : `${formatBytes(speed)}/s`).padStart(10),
  left: ({ bytes, size, speed }) =>
    (speed === 0 ? "" : `${formatDuration(Math.max(0, size - bytes) / speed)} left`).padEnd(12),
};

/** Bytes done of something over time. */
class Gauge {
  bytes = 0;
  size = 0;
  #samples: { at: number; bytes: number }[] = [];

  constructor(now: number) {
    this.#samples.push({ at: now, bytes: 0 });
  }

  /** Notes the state at a time in milliseconds. */
  sample(now: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && now - last.at < 100) return;
    this.#samples.push({ at: now, bytes: this.bytes });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.at ?? now) > SPEED_WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** Bytes a second; 0 when nothing moves. */
  get speed(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    return Math.max(0, (last.bytes - first.bytes) * 1000 / (last.at - first.at));
  }
}

interface Item {
  readonly name: string;
  readonly gauge: Gauge;
}

/** All items of one stage. */
class Stage {
  readonly running = new Map<string, Item>();
  readonly total: Gauge;
  readonly startedAt: number;
  endedAt: number;
  finished = 0;
  skipped = 0;
  #finishedBytes = 0;
  #finishedSize = 0;

  constructor(now: number) {
    this.total = new Gauge(now);
    this.startedAt = now;
    this.endedAt = now;
  }

  apply(event: ProgressEvent, now: number): void {
    const item = this.running.get(event.id) ?? { name: event.name, gauge: new Gauge(now) };
    item.gauge.bytes = event.bytes;
    item.gauge.size = event.size;
    item.gauge.sample(now);
    if (event.state === "start" || event.state === "advance") this.running.set(event.id, item);
    else this.#end(event);
    this.#count();
    this.total.sample(now);
    this.endedAt = now;
  }

  #end(event: ProgressEvent): void {
    this.running.delete(event.id);
    // What failed may start again; it counts when it does.
    if (event.state === "fail") return;
    if (event.state === "skip") this.skipped++;
    else {
      this.finished++;
      this.#finishedBytes += event.size;
      this.#finishedSize += event.size;
    }
  }

  #count(): void {
    this.total.bytes = this.#finishedBytes;
    this.total.size = this.#finishedSize;
    for (const { gauge } of this.running.values()) {
      this.total.bytes += gauge.bytes;
      this.total.size += gauge.size;
    }
  }
}

/** The state of all items of an operation. */
export class ProgressBoard {
  readonly #stages = new Map<ProgressPhase, Stage>();

  /** Takes an event in, at a time in milliseconds. */
  apply(event: ProgressEvent, now: number): void {
    const stage = this.#stages.get(event.phase) ?? new Stage(now);
    this.#stages.set(event.phase, stage);
    stage.apply(event, now);
  }

  /** What to show now: the running items of each stage and under them its total. */
  lines(width: number): string[] {
    return [...this.#stages].flatMap(([phase, stage]) => stageLines(phase, stage, width));
  }

  /**
   * One line for each stage that did something: `uploaded 16 MiB in 1.2 s (13 MiB/s), 2 skipped`.
   */
  summary(): string[] {
    return [...this.#stages]
      .filter(([, stage]) => stage.finished + stage.skipped > 0)
      .map(([phase, stage]) => stageSummary(VERBS[phase].done, stage));
  }
}

function stageLines(phase: ProgressPhase, stage: Stage, width: number): string[] {
  if (stage.running.size === 0) return [];
  const verb = VERBS[phase].running;
  const items = [...stage.running.values()];
  const lines = items.slice(0, VISIBLE_ITEMS)
    .map(({ name, gauge }) => progressLine(verb, name, gauge, width));
  if (items.length + stage.finished + stage.skipped < 2) return lines;
  const count = `${stage.finished} ${VERBS[phase].done}, ${items.length} running`;
  return [...lines, progressLine("total", count, stage.total, width)];
}

function stageSummary(verb: string, stage: Stage): string {
  const skipped = stage.skipped === 0 ? "" : `, ${stage.skipped} skipped`;
  const seconds = (stage.endedAt - stage.startedAt) / 1000;
  const speed = seconds < 0.05 ? "" : ` (${formatBytes(stage.total.size / seconds)}/s)`;
  return `${verb} ${formatBytes(stage.total.size)} in ${formatDuration(seconds)}${speed}${skipped}`;
}

/** One line shorter than `width`, so that no terminal wraps it. */
function progressLine(verb: string, name: string, gauge: Gauge, width: number): string {
  const layout = LAYOUTS.find(({ from }) => width >= from) ?? NARROWEST;
  const bar = layout.bar === 0 ? [] : [drawBar(gauge, layout.bar)];
  const right = [...bar, ...layout.facts.map((fact) => FACTS[fact](gauge))].join("  ");
  const room = width - 1 - VERB_WIDTH - 1 - 2 - right.length;
  const nameWidth = Math.max(0, Math.min(NAME_WIDTH_MAX, room));
  const left = `${verb.padEnd(VERB_WIDTH)} ${fitEnd(name, nameWidth).padEnd(nameWidth)}`;
  return `${left}  ${right}`.slice(0, Math.max(0, width - 1)).trimEnd();
}

function fraction({ bytes, size }: Gauge): number {
  return size === 0 ? 1 : Math.min(1, Math.max(0, bytes / size));
}

function drawBar(gauge: Gauge, width: number): string {
  const filled = Math.round(fraction(gauge) * (width - 2));
  return `[${"=".repeat(filled)}${"-".repeat(width - 2 - filled)}]`;
}
