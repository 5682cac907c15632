/**
 * What progress adds up to: how much there is to do, how much is done, how fast it goes, and what
 * there is to say at the end.
 * @module
 */
import type { ItemProgress, ProgressEvent, ProgressPhase } from "../../../core/operation.ts";
import type { Retry } from "../../../core/retry.ts";
import { countOf, formatBytes, formatDuration, formatShare } from "../format.ts";

/** What people call a stage while it runs and when it is over. */
export const VERBS: Readonly<Record<ProgressPhase, { running: string; done: string }>> = {
  hash: { running: "hashing", done: "hashed" },
  pack: { running: "packing", done: "packed" },
  upload: { running: "uploading", done: "uploaded" },
  download: { running: "downloading", done: "downloaded" },
  copy: { running: "copying", done: "copied" },
  extract: { running: "extracting", done: "extracted" },
};

/** Milliseconds before a speed or a time left is more than a guess. */
const ESTIMATES_FROM = 2000;

/** The speed is that of the last seconds: older ones say little about what comes. */
const SPEED_WINDOW = 5000;

/** Time between two notes of how far something is. */
const SAMPLED_EVERY = 100;

/** Bytes done of something over time; times are in milliseconds. */
export class Gauge {
  /** Bytes that are done, those that were there before included. */
  bytes = 0;
  /** Bytes in all. */
  size = 0;
  /** Bytes that moved now. */
  #moved = 0;
  readonly #startedAt: number;
  readonly #samples: { readonly at: number; readonly moved: number }[];

  constructor(now: number) {
    this.#startedAt = now;
    this.#samples = [{ at: now, moved: 0 }];
  }

  /** Notes a state. */
  set(
    state: { readonly bytes: number; readonly size: number; readonly moved: number },
    now: number,
  ): void {
    this.bytes = state.bytes;
    this.size = state.size;
    this.#moved = state.moved;
    this.#sample(now);
  }

  #sample(now: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && now - last.at < SAMPLED_EVERY) return;
    this.#samples.push({ at: now, moved: this.#moved });
    while (this.#samples.length > 2 && now - this.#samples[0]!.at > SPEED_WINDOW) {
      this.#samples.shift();
    }
  }

  /** From 0 to 1. */
  get fraction(): number {
    return this.size === 0 ? 1 : Math.min(1, Math.max(0, this.bytes / this.size));
  }

  /** Bytes a second; `undefined` while it is too early to say, or nothing moves. */
  speed(now: number): number | undefined {
    this.#sample(now);
    const [first, last] = [this.#samples[0]!, this.#samples.at(-1)!];
    if (now - this.#startedAt < ESTIMATES_FROM || last.at <= first.at) return undefined;
    const speed = (last.moved - first.moved) * 1000 / (last.at - first.at);
    return speed > 0 ? speed : undefined;
  }

  /** Seconds that the rest takes at this speed; `undefined` where there is no speed. */
  secondsLeft(now: number): number | undefined {
    const speed = this.speed(now);
    return speed && Math.max(0, this.size - this.bytes) / speed;
  }
}

/** An item that is under way. */
export interface RunningItem {
  readonly name: string;
  readonly gauge: Gauge;
  /** Bytes of it that an earlier run has left. */
  readonly kept: number;
  /** Whether nobody counts it as a file. */
  readonly document: boolean;
  /** Why it is tried again, until it goes on. */
  readonly retry?: Retry;
}

/** All items of one stage. */
export class Stage {
  readonly phase: ProgressPhase;
  readonly running = new Map<string, RunningItem>();
  /** All of the stage. */
  readonly total: Gauge;
  /** Files that were finished now. */
  finished = 0;
  /** Files and bytes that were there already. */
  readonly there = { files: 0, bytes: 0 };
  /** Bytes that moved now. */
  moved = 0;
  readonly #startedAt: number;
  #endedAt: number;
  readonly #planned = { files: 0, bytes: 0 };
  /** Bytes of items that are over; `kept` are those an earlier run left of them. */
  readonly #over = { bytes: 0, kept: 0 };
  /** What failed items have left for the next run. */
  readonly #left = new Map<string, number>();

  constructor(phase: ProgressPhase, now: number) {
    this.phase = phase;
    this.total = new Gauge(now);
    this.#startedAt = now;
    this.#endedAt = now;
  }

  /** Files in all, as far as anybody knows. */
  get files(): number {
    return Math.max(this.#planned.files, this.over + this.#runningFiles);
  }

  get #runningFiles(): number {
    return [...this.running.values()].filter((item) => !item.document).length;
  }

  /** Files that are over. */
  get over(): number {
    return this.finished + this.there.files;
  }

  /** Whether there is more to come. */
  get isOpen(): boolean {
    return this.running.size > 0 || this.over < this.#planned.files;
  }

  /** Bytes that the next run of the same command does not move again. */
  get settled(): number {
    return this.#over.bytes + [...this.#left.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  apply(event: ProgressEvent, now: number): void {
    if (event.state === "plan") {
      this.#planned.files += event.files;
      this.#planned.bytes += event.size;
    } else this.#applyItem(event, now);
    this.#count(now);
    this.#endedAt = now;
  }

  #applyItem(event: ItemProgress, now: number): void {
    const { id, name, state, bytes, kept = 0, size, document = false } = event;
    const files = document ? 0 : 1;
    this.#left.delete(id);
    if (state === "start" || state === "advance") {
      const { gauge } = this.running.get(id) ?? { gauge: new Gauge(now) };
      gauge.set({ bytes, size, moved: Math.max(0, bytes - kept) }, now);
      this.running.set(id, { name, gauge, kept, document });
      return;
    }
    this.running.delete(id);
    // What failed may start again; it counts when it does.
    if (state === "fail") {
      this.#left.set(id, kept);
      return;
    }
    this.#over.bytes += size;
    this.#over.kept += state === "skip" ? size : kept;
    if (state === "skip") {
      this.there.files += files;
      this.there.bytes += size;
    } else this.finished += files;
  }

  #count(now: number): void {
    const running = [...this.running.values()];
    const sum = (of: (item: RunningItem) => number) =>
      running.reduce((sum, item) => sum + of(item), 0);
    const bytes = this.#over.bytes + sum(({ gauge }) => gauge.bytes);
    const kept = this.#over.kept + sum((item) => item.kept);
    this.moved = Math.max(this.moved, bytes - kept);
    const seen = this.#over.bytes + sum(({ gauge }) => gauge.size);
    // What a failed item takes away comes back when it is tried again.
    const size = Math.max(this.total.size, this.#planned.bytes, seen);
    this.total.set({ bytes, size, moved: this.moved }, now);
  }

  /** `uploaded 16 MiB in 1.2 s (13 MiB/s), 4.0 MiB of them before`; absent when nothing moved. */
  summary(): string | undefined {
    const { done } = VERBS[this.phase];
    if (this.finished === 0 && this.moved === 0) return undefined;
    const kept = this.#over.kept - this.there.bytes;
    const before = kept > 0 ? `; ${formatBytes(kept)} were there from an earlier run` : "";
    const amount = this.moved > 0 ? formatBytes(this.moved) : countOf(this.finished, "file");
    const seconds = (this.#endedAt - this.#startedAt) / 1000;
    if (seconds < 0.1 || this.moved === 0) return `${done} ${amount}${before}`;
    const speed = ` (${formatBytes(this.moved / seconds)}/s)`;
    return `${done} ${amount} in ${formatDuration(seconds)}${speed}${before}`;
  }
}

/** The stages of an operation. */
export class ProgressTally {
  readonly #stages = new Map<ProgressPhase, Stage>();

  /** Takes an event in, at a time in milliseconds, and gives the stage that it belongs to. */
  apply(event: ProgressEvent, now: number): Stage {
    const stage = this.#stages.get(event.phase) ?? new Stage(event.phase, now);
    this.#stages.set(event.phase, stage);
    stage.apply(event, now);
    return stage;
  }

  /** Takes in that there is another try, and tells whether an item is known that it is for. */
  retrying(retry: Retry): boolean {
    for (const { running } of this.#stages.values()) {
      // Some call a path by its quoted form.
      const id = [retry.what, retry.what.replace(/^"(.*)"$/, "$1")].find((id) => running.has(id));
      if (id === undefined) continue;
      running.set(id, { ...running.get(id)!, retry });
      return true;
    }
    return false;
  }

  /** The stages in the order in which they began. */
  get stages(): readonly Stage[] {
    return [...this.#stages.values()];
  }

  /** A line for each stage in which something moved, and one for what was there already. */
  summary(): string[] {
    const lines = this.stages.map((stage) => stage.summary()).filter((line) => line !== undefined);
    // A file that the store had and the folder has as well is one file.
    const [{ files, bytes } = { files: 0, bytes: 0 }] = this.stages.map(({ there }) => there)
      .sort((a, b) => b.files - a.files || b.bytes - a.bytes);
    if (files > 0) lines.push(`already there: ${countOf(files, "file")}, ${formatBytes(bytes)}`);
    else if (lines.length === 0 && bytes > 0) lines.push("already there");
    return lines;
  }

  /**
   * How far a transfer came that was stopped, as `320 of 400 MiB`, where the next run of the same
   * command does not move those bytes again; `undefined` where there are none.
   */
  interruptedAt(): string | undefined {
    const moving = this.stages.findLast(({ phase }) => phase === "upload" || phase === "download");
    const settled = moving?.settled ?? 0;
    return moving && settled > 0 ? formatShare(settled, moving.total.size) : undefined;
  }
}
