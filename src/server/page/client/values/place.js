/**
 * Where in the page somebody is, and the address that leads there again.
 * @module
 */

/** The views of a model, in the order of their tabs. */
export const VIEWS = /** @type {const} */ (["overview", "files", "tensors", "tags", "referrers"]);

/** @typedef {typeof VIEWS[number]} View */
/**
 * @typedef {object} Place
 * @property {string} [repository] Absent at the start.
 * @property {string} [reference] Tag or digest; the newest tag when absent.
 * @property {View} view
 */

/**
 * Reads the query of an address; what it does not know is left out.
 * @param {string} search
 * @returns {Place}
 */
export function parsePlace(search) {
  const query = new URLSearchParams(search);
  const view = VIEWS.find((name) => name === query.get("view")) ?? "overview";
  const repository = query.get("repository") || undefined;
  if (repository === undefined) return { view: "overview" };
  return { repository, reference: query.get("reference") || undefined, view };
}

/**
 * The query of an address, with slashes and colons left readable.
 * @param {Partial<Place>} place
 */
export function formatPlace({ repository, reference, view = "overview" }) {
  if (repository === undefined) return "?";
  const parts = [["repository", repository], ["reference", reference], [
    "view",
    view === "overview" ? undefined : view,
  ]];
  return "?" +
    parts.flatMap(([key, value]) =>
      value === undefined
        ? []
        : `${key}=${encodeURIComponent(value).replaceAll("%2F", "/").replaceAll("%3A", ":")}`
    ).join("&");
}
