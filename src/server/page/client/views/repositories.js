/**
 * The list of repositories and its search.
 * @module
 */
import { ask } from "../parts/api.js";
import { byId, element } from "../parts/dom.js";
import { formatMany, formatNumber } from "../values/format.js";
import { formatPlace } from "../values/place.js";
import { failure, loading, nothing } from "../parts/states.js";
import { WindowList } from "../parts/window_list.js";

/** @import { RepositoryRow } from "../answers.d.ts" */
/** @import { RepositoriesAnswer } from "../answers.d.ts" */

/** How many repositories are asked for at once. */
const PART = 500;

/** Rows before the end of what is here when more are asked for. */
const AHEAD = 100;

/** Milliseconds without another letter after which a search starts. */
const PAUSE = 120;

/** Pixels of a row, as the style has them. */
const ROW = 40;

/** The list at the side. */
export class Repositories {
  #frame = byId("repositories");
  #found = byId("found");
  #search = /** @type {HTMLInputElement} */ (byId("search"));
  /** @type {RepositoryRow[]} */
  #rows = [];
  #total = 0;
  /** @type {string | undefined} */
  #next;
  /** @type {string | undefined} */
  #current;
  /** @type {AbortController | undefined} */
  #asking;
  /** @type {WindowList | undefined} */
  #list;
  /** @type {(answer: RepositoriesAnswer) => void} */
  #counted;

  /**
   * @param {(answer: RepositoriesAnswer) => void} counted Is told what there is without a search.
   */
  constructor(counted) {
    this.#counted = counted;
    /** @type {number | undefined} */
    let pause;
    this.#search.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => this.load(), PAUSE);
    });
    this.#search.addEventListener("keydown", (event) => this.#searchKey(event));
    this.#frame.addEventListener("keydown", (event) => this.#listKey(event));
  }

  /** Looks for what the search says, from the start. */
  async load() {
    if (this.#rows.length === 0) this.#frame.replaceChildren(loading());
    this.#next = undefined;
    const answer = await this.#ask();
    if (answer === undefined) return;
    this.#rows = [...answer.repositories];
    this.#take(answer);
    if (this.#rows.length > 0) return this.#show({ keepPlace: false });
    this.#list = undefined;
    const text = this.#search.value.trim();
    this.#frame.replaceChildren(
      text === "" ? nothing("No repositories yet") : nothing("Nothing has that name"),
    );
  }

  /**
   * Marks the repository that is shown.
   * @param {string | undefined} name
   */
  mark(name) {
    if (name === this.#current) return;
    this.#current = name;
    this.#list?.update(this.#rows.length, { keepPlace: true });
  }

  /** Puts the cursor into the search. */
  focusSearch() {
    this.#search.focus();
    this.#search.select();
  }

  /** Puts the focus on the repository that is shown, or on the first one. */
  focusList() {
    this.#list?.focus(Math.max(0, this.#rows.findIndex(({ name }) => name === this.#current)));
  }

  /** @param {{ keepPlace: boolean }} options */
  #show(options) {
    if (this.#list === undefined) {
      this.#frame.setAttribute("role", "list");
      this.#list = new WindowList(this.#frame, {
        height: ROW,
        draw: (index) => this.#row(index),
        seen: (last) => {
          if (last > this.#rows.length - AHEAD) void this.#more();
        },
      });
      const at = this.#rows.findIndex(({ name }) => name === this.#current);
      this.#list.update(this.#rows.length);
      if (at > 0) this.#list.reveal(at);
      return;
    }
    this.#list.update(this.#rows.length, options);
  }

  async #more() {
    const last = this.#next;
    if (last === undefined) return;
    this.#next = undefined;
    const answer = await this.#ask(last);
    if (answer === undefined) return;
    this.#rows.push(...answer.repositories);
    this.#take(answer);
    this.#show({ keepPlace: true });
  }

  /**
   * @param {string} [last]
   * @returns `undefined` when it failed, or another question was asked since.
   */
  async #ask(last) {
    this.#asking?.abort();
    const asking = this.#asking = new AbortController();
    try {
      const search = this.#search.value.trim() || undefined;
      return await ask("repositories", { search, n: PART, last }, asking.signal);
    } catch (error) {
      if (asking.signal.aborted) return undefined;
      this.#list = undefined;
      this.#rows = [];
      this.#found.textContent = "";
      this.#frame.removeAttribute("role");
      this.#frame.replaceChildren(failure(error, () => this.load()));
      return undefined;
    }
  }

  /** @param {RepositoriesAnswer} answer */
  #take(answer) {
    const { total, next } = answer;
    this.#total = total;
    this.#next = next;
    const isSearch = this.#search.value.trim() !== "";
    this.#found.textContent = isSearch
      ? `${formatNumber(total)} found`
      : formatMany(total, "repository");
    if (!isSearch) this.#counted(answer);
  }

  /** @param {number} index */
  #row(index) {
    const { name, tags } = this.#rows[index];
    const slash = name.lastIndexOf("/") + 1;
    const isCurrent = name === this.#current;
    return element(
      "div",
      { class: "row", role: "listitem", "aria-setsize": this.#total, "aria-posinset": index + 1 },
      element(
        "a",
        {
          href: formatPlace({ repository: name }),
          title: name,
          "data-focus": true,
          "aria-current": isCurrent && "page",
        },
        element(
          "span",
          { class: "name" },
          slash > 0 && element("span", { class: "dim" }, name.slice(0, slash)),
          name.slice(slash),
        ),
        element("span", {
          class: "count",
          "aria-label": formatMany(tags, "tag"),
          title: formatMany(tags, "tag"),
        }, formatNumber(tags)),
      ),
    );
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      this.#list?.focus(0);
    } else if (event.key === "Enter") {
      const first = this.#frame.querySelector("a");
      if (first instanceof HTMLElement) first.click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.#search.value === "") return this.#search.blur();
      this.#search.value = "";
      void this.load();
    }
  }

  /** @param {KeyboardEvent} event */
  #listKey(event) {
    if (event.key === "Escape") this.focusSearch();
  }
}
