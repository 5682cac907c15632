/**
 * A long list of rows of one height, of which only those in the window are drawn.
 * @module
 */
import { element } from "./dom.js";

/** Rows that are drawn above and below the window. */
const MARGIN = 8;

/**
 * @typedef {(index: number) => HTMLElement} DrawRow What can have the focus in it has `data-focus`.
 */

/** A list of rows, one of which is reached by Tab, and the others by arrows. */
export class WindowList {
  /** @type {HTMLElement} */
  #frame;
  #space = element("div", { class: "space", role: "presentation" });
  /** @type {Map<number, HTMLElement>} */
  #drawn = new Map();
  #count = 0;
  #active = 0;
  /** @type {number} */
  #height;
  /** @type {DrawRow} */
  #draw;
  /** @type {(last: number) => void} */
  #seen;

  /**
   * @param {HTMLElement} frame What scrolls.
   * @param {{ height: number, draw: DrawRow, seen?: (last: number) => void }} options Pixels of a
   * row; how it is drawn; who is told of the last row that is seen.
   */
  constructor(frame, { height, draw, seen = () => {} }) {
    this.#frame = frame;
    this.#height = height;
    this.#draw = draw;
    this.#seen = seen;
    frame.replaceChildren(this.#space);
    frame.addEventListener("scroll", () => this.#show(), { passive: true });
    frame.addEventListener("keydown", (event) => this.#move(event));
    frame.addEventListener("focusin", ({ target }) => this.#follow(target));
    new ResizeObserver(() => this.#show()).observe(frame);
  }

  /** The row that Tab leads to. */
  get active() {
    return this.#active;
  }

  /**
   * Shows other rows, or the same ones anew.
   * @param {number} count
   * @param {{ keepPlace?: boolean }} [options]
   */
  update(count, { keepPlace = false } = {}) {
    const hadFocus = this.#frame.contains(document.activeElement);
    this.#count = count;
    this.#active = Math.min(keepPlace ? this.#active : 0, Math.max(0, count - 1));
    if (!keepPlace) this.#frame.scrollTop = 0;
    this.#space.style.height = `${count * this.#height}px`;
    for (const row of this.#drawn.values()) row.remove();
    this.#drawn.clear();
    this.#show();
    if (hadFocus && keepPlace && count > 0) this.focus(this.#active);
  }

  /**
   * Moves the focus to a row.
   * @param {number} index
   */
  focus(index) {
    if (this.#count === 0) return;
    this.reveal(index);
    this.#focusable(this.#active)?.focus({ preventScroll: true });
  }

  /**
   * Scrolls as far as it takes to see a row, which Tab leads to then.
   * @param {number} index
   */
  reveal(index) {
    this.#setActive(Math.max(0, Math.min(index, this.#count - 1)));
    const top = this.#active * this.#height;
    const { scrollTop, clientHeight } = this.#frame;
    if (top < scrollTop) this.#frame.scrollTop = top;
    else if (top + this.#height > scrollTop + clientHeight) {
      this.#frame.scrollTop = top + this.#height - clientHeight;
    }
    this.#show();
  }

  #show() {
    const { scrollTop, clientHeight } = this.#frame;
    const first = Math.max(0, Math.floor(scrollTop / this.#height) - MARGIN);
    const last = Math.min(
      this.#count - 1,
      Math.ceil((scrollTop + clientHeight) / this.#height) + MARGIN,
    );
    for (const [index, row] of this.#drawn) {
      // The row with the focus stays, or the focus would be lost.
      if ((index < first || index > last) && !row.contains(document.activeElement)) {
        row.remove();
        this.#drawn.delete(index);
      }
    }
    for (let index = first; index <= last; index++) {
      if (!this.#drawn.has(index)) this.#add(index);
    }
    this.#seen(last);
  }

  /** @param {number} index */
  #add(index) {
    const row = this.#draw(index);
    row.style.top = `${index * this.#height}px`;
    row.dataset.index = `${index}`;
    this.#drawn.set(index, row);
    // In their order, which is that of reading.
    const next = [...this.#space.children].find((other) =>
      Number(/** @type {HTMLElement} */ (other).dataset.index) > index
    );
    this.#space.insertBefore(row, next ?? null);
    const target = this.#focusable(index);
    if (target) target.tabIndex = index === this.#active ? 0 : -1;
  }

  /**
   * @param {number} index
   * @returns {HTMLElement | null | undefined}
   */
  #focusable(index) {
    const row = this.#drawn.get(index);
    return row?.matches("[data-focus]") ? row : row?.querySelector("[data-focus]");
  }

  /** @param {number} index */
  #setActive(index) {
    const before = this.#focusable(this.#active);
    if (before) before.tabIndex = -1;
    this.#active = index;
    const now = this.#focusable(index);
    if (now) now.tabIndex = 0;
  }

  /** @param {EventTarget | null} target */
  #follow(target) {
    const row = target instanceof Element ? target.closest("[data-index]") : null;
    if (row instanceof HTMLElement) this.#setActive(Number(row.dataset.index));
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const page = Math.max(1, Math.floor(this.#frame.clientHeight / this.#height) - 1);
    const steps = /** @type {Record<string, number>} */ ({
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -this.#count,
      End: this.#count,
    });
    const step = steps[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.defaultPrevented) return;
    event.preventDefault();
    this.focus(this.#active + step);
  }
}
