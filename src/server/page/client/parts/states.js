/**
 * What is shown where there is no content: while it comes, when there is none, when it failed.
 * @module
 */
import { element } from "./dom.js";
import { RequestError } from "./api.js";

/** @import { Child } from "./dom.js" */

/** A place that content comes to. */
export function loading() {
  return element(
    "div",
    { class: "loading", role: "status", "aria-label": "Loading" },
    element("span"),
    element("span"),
    element("span"),
  );
}

/**
 * A sentence where there is nothing.
 * @param {string} title
 * @param {...Child} more
 */
export function nothing(title, ...more) {
  return element("div", { class: "nothing" }, element("p", { class: "title" }, title), ...more);
}

/**
 * What went wrong, and what to do.
 * @param {unknown} error
 * @param {() => void} again
 * @param {...Child} more
 */
export function failure(error, again, ...more) {
  const status = error instanceof RequestError ? error.status : undefined;
  const [title, advice, action] = wordsFor(status);
  const said = error instanceof Error ? error.message : String(error);
  return element(
    "div",
    { class: "nothing failed", role: "alert" },
    element("p", { class: "title" }, title),
    element("p", {}, advice),
    said !== title && element("p", { class: "said" }, said),
    element(
      "button",
      { type: "button", onclick: status === 401 ? () => location.reload() : again },
      action,
    ),
    more.length > 0 && element("p", {}, ...more),
  );
}

/**
 * @param {number | undefined} status
 * @returns {[title: string, advice: string, action: string]}
 */
function wordsFor(status) {
  switch (status) {
    case 0:
      return [
        "The registry does not answer",
        "It may have been stopped, or the network is gone.",
        "Try again",
      ];
    case 401:
      return ["A password is needed", "This registry shows its content to its users.", "Sign in"];
    case 403:
      return [
        "The registry refused",
        "Open this page by the name that the registry is known by.",
        "Try again",
      ];
    case 404:
      return ["It is not here", "It may have been removed, or the address is wrong.", "Look again"];
    default:
      return ["Something went wrong", "The registry could not answer.", "Try again"];
  }
}
