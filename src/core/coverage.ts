/**
 * Which bytes of a content have been seen, each counted once.
 * @module
 */

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The ranges of a content that were covered, in any order and more than once. */
export class Coverage {
  #spans: Span[] = [];
  #size = 0;

  /** Count of the bytes that were covered. */
  get size(): number {
    return this.#size;
  }

  /** Covers the bytes from `start` up to, not including, `end`. */
  add(start: number, end: number): void {
    if (end <= start) return;
    const meets = (span: Span) => span.start <= end && start <= span.end;
    const met = this.#spans.filter(meets);
    const joined = {
      start: Math.min(start, ...met.map((span) => span.start)),
      end: Math.max(end, ...met.map((span) => span.end)),
    };
    // Spans that do not meet are few: one for each range that is under way.
    this.#spans = [...this.#spans.filter((span) => !meets(span)), joined];
    this.#size = this.#spans.reduce((sum, span) => sum + span.end - span.start, 0);
  }

  /** Forgets everything. */
  clear(): void {
    this.#spans = [];
    this.#size = 0;
  }
}
