/**
 * Elements made by the methods of the document alone: what a model says becomes text, never markup.
 * @module
 */

import { visible } from "../values/visible.js";

/**
 * @typedef {Node | string | false | undefined} Child What is left out is `false` or `undefined`.
 */
/**
 * @typedef {Readonly<Record<string, string | number | boolean | undefined | ((event: any) =>
 * void)>>} Properties
 */

/** Attributes that are read by people. */
const READ = new Set(["aria-label", "title"]);

/**
 * Makes an element. A function is a listener of the event that its key names behind `on`; `true` is
 * an attribute without a value; `false` and `undefined` are none.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(key.replace(/^on/, ""), value);
    else if (value !== undefined && value !== false) {
      const text = value === true ? "" : `${value}`;
      made.setAttribute(key, READ.has(key) ? visible(text) : text);
    }
  }
  for (const child of children) {
    if (child === undefined || child === false) continue;
    made.append(typeof child === "string" ? visible(child) : child);
  }
  return made;
}

/**
 * Finds what the document has from the start.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no "${id}"`);
  return found;
}

/**
 * Says something to those who do not see the page.
 * @param {string} text
 */
export function announce(text) {
  byId("said").textContent = text;
}

/** The paths of the icons, drawn on 16 × 16 with lines. */
const ICONS = {
  copy: "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7",
  done: "M3 8.5l3.2 3.2L13 4.8",
  back: "M9.5 3.5L5 8l4.5 4.5",
  open: "M6 4l4 4-4 4",
  save: "M8 2.5v8M4.7 7.5L8 10.8l3.3-3.3M3 13.5h10",
  light:
    "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  dark: "M13 9.6A5.6 5.6 0 0 1 6.4 3a5.6 5.6 0 1 0 6.6 6.6z",
  system: "M2.5 3.5h11v7h-11zM5.5 13.5h5M8 10.5v3",
};

/**
 * An icon that says nothing to those who do not see it.
 * @param {keyof typeof ICONS} name
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  for (
    const [key, value] of [["viewBox", "0 0 16 16"], ["aria-hidden", "true"], ["class", "icon"]]
  ) {
    drawing.setAttribute(key, value);
  }
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}
