/**
 * Tabs that are links, so that each view has an address.
 * @module
 */
import { element } from "./dom.js";
import { formatNumber } from "../values/format.js";
import { formatPlace, VIEWS } from "../values/place.js";

/** @import { View } from "../values/place.js" */

/** @type {Readonly<Record<View, string>>} */
const LABELS = {
  overview: "Overview",
  files: "Files",
  tensors: "Tensors",
  tags: "Tags",
  referrers: "Referrers",
};

/** The tabs of a model, and the panel below them. */
export class Tabs {
  panel = element("section", { class: "panel", role: "tabpanel", id: "panel" });
  /** @type {Map<View, HTMLAnchorElement>} */
  #tabs = new Map();
  #bar = element("div", { class: "tabs", role: "tablist", "aria-label": "About this model" });

  /**
   * @param {{ repository: string, reference?: string }} place
   * @param {readonly View[]} views Those that there are.
   * @param {Readonly<Partial<Record<View, number>>>} counts
   */
  constructor(place, views, counts) {
    for (const view of VIEWS.filter((name) => views.includes(name))) {
      const count = counts[view];
      const tab = element(
        "a",
        {
          role: "tab",
          id: `tab-${view}`,
          href: formatPlace({ ...place, view }),
          "aria-controls": "panel",
        },
        LABELS[view],
        count !== undefined && element("span", { class: "count" }, formatNumber(count)),
      );
      this.#tabs.set(view, tab);
      this.#bar.append(tab);
    }
    this.#bar.addEventListener("keydown", (event) => this.#key(event));
  }

  get bar() {
    return this.#bar;
  }

  /**
   * Whether there is such a tab.
   * @param {View} view
   */
  has(view) {
    return this.#tabs.has(view);
  }

  /**
   * Marks a tab.
   * @param {View} view
   */
  select(view) {
    for (const [name, tab] of this.#tabs) {
      const isSelected = name === view;
      tab.setAttribute("aria-selected", `${isSelected}`);
      tab.tabIndex = isSelected ? 0 : -1;
      // Not `scrollIntoView()`, which would scroll the page as well.
      if (isSelected) this.#bar.scrollLeft = tab.offsetLeft - this.#bar.offsetLeft - 40;
    }
    this.panel.setAttribute("aria-labelledby", `tab-${view}`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const tabs = [...this.#tabs.values()];
    const at = tabs.findIndex((tab) => tab === event.target);
    const next = /** @type {Record<string, number>} */ ({
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: tabs.length - 1,
    })[event.key];
    if (next === undefined || at < 0) {
      if (event.key === " ") {
        event.preventDefault();
        tabs[at]?.click();
      }
      return;
    }
    event.preventDefault();
    const tab = tabs.at(next % tabs.length);
    tab?.focus();
    tab?.click();
  }
}
