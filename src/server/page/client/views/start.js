/**
 * What is shown before a repository is chosen.
 * @module
 */
import { codeLine } from "../parts/code_line.js";
import { element } from "../parts/dom.js";
import { formatMany } from "../values/format.js";

/** @import { RepositoriesAnswer } from "../answers.d.ts" */

/** The start, which says how many repositories there are once that is known. */
export function showStart() {
  const content = element("section", { class: "start" });
  return {
    content,
    /** @param {RepositoriesAnswer} answer */
    count({ total, readOnly }) {
      content.replaceChildren(...(total === 0 ? emptyStore(readOnly) : greeting(total)));
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

/** @param {boolean} [readOnly] */
function emptyStore(readOnly) {
  const title = element("h1", {}, "No models yet");
  if (readOnly) {
    const text = "Nothing can be pushed here: what the registry gets otherwise is shown when the " +
      "page is loaded again.";
    return [title, element("p", {}, text)];
  }
  const flag = location.protocol === "http:" ? " --plain-http" : "";
  const name = `${location.host}/team/llama:v1`;
  return [
    title,
    element(
      "p",
      {},
      "Package a folder and push it here; the page shows it when it is loaded again.",
    ),
    codeLine("build", `modelops build -t ${name} ./llama`),
    codeLine("push", `modelops push${flag} ${name}`),
  ];
}
