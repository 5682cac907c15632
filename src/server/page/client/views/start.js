/**
 * What is shown before a repository is chosen.
 * @module
 */
import { codeLine } from "../parts/code_line.js";
import { element } from "../parts/dom.js";
import { formatMany } from "../values/format.js";

/** The start, which says how many repositories there are once that is known. */
export function showStart() {
  const content = element("section", { class: "start" });
  return {
    content,
    /** @param {number} total */
    count(total) {
      content.replaceChildren(...(total === 0 ? emptyStore() : greeting(total)));
    },
  };
}

/** @param {number} total */
function greeting(total) {
  return [
    element("h1", {}, formatMany(total, "repository")),
    element("p", {}, "Choose one to see what it is, what is in it, and how to fetch it."),
    element(
      "dl",
      { class: "keys" },
      ...[["/", "search"], ["↑ ↓", "go through a list"], ["Enter", "open"], [
        "Esc",
        "back to the list",
      ]].flatMap(
        (
          [key, meaning],
        ) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, meaning)],
      ),
    ),
  ];
}

function emptyStore() {
  const flag = location.protocol === "http:" ? " --plain-http" : "";
  const name = `${location.host}/team/llama:v1`;
  return [
    element("h1", {}, "No models yet"),
    element(
      "p",
      {},
      "Package a folder and push it here; the page shows it when it is loaded again.",
    ),
    codeLine("build", `modelops build -t ${name} ./llama`),
    codeLine("push", `modelops push${flag} ${name}`),
  ];
}
