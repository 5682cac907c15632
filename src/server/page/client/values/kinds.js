/**
 * The kinds of files of a model, in words and colours.
 * @module
 */

/** @type {Readonly<Record<string, string>>} */
const LABELS = {
  model: "Weights",
  config: "Configuration",
  code: "Code",
  doc: "Documents",
  dataset: "Datasets",
};

/** @param {string | undefined} kind */
export function kindLabel(kind) {
  return kind !== undefined && Object.hasOwn(LABELS, kind) ? LABELS[kind] : "Other";
}

/**
 * The class that has the colour of a kind.
 * @param {string | undefined} kind
 */
export function kindClass(kind) {
  return kind !== undefined && Object.hasOwn(LABELS, kind) ? `kind-${kind}` : "kind-other";
}
