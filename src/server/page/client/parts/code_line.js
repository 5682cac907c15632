/**
 * A line to be copied.
 * @module
 */
import { copyButton } from "./copy.js";
import { element } from "./dom.js";

/**
 * A line of a command; where there is no room it goes on between its words.
 * @param {string} label What it is of.
 * @param {string} line
 * @param {{ head?: HTMLElement }} [options] What stands before it instead of the label.
 */
export function codeLine(label, line, { head = element("span", { class: "label" }, label) } = {}) {
  const words = line.split(" ").flatMap((word, index) => [
    index > 0 && " ",
    element("span", {}, word),
  ]);
  const code = element("code", { tabindex: 0, "aria-label": `Command for ${label}` }, ...words);
  return element(
    "div",
    { class: "line" },
    head,
    code,
    copyButton(code, `the command for ${label}`),
  );
}
