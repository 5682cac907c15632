/**
 * Whether an answer has the form that the page reads: something else may stand between it and the
 * registry, and what is drawn later, row by row, would fail where nobody can say so.
 * @module
 */

/** @import { Answers } from "../answers.d.ts" */

/** What each answer has at least: lists of what their only item is like. */
const EXAMPLES = /** @type {Readonly<Record<keyof Answers, unknown>>} */ ({
  repositories: { repositories: [{ name: "", tags: 0 }], total: 0 },
  tags: { tags: [{ tag: "", kind: "", digest: "" }], total: 0, warnings: [""] },
  model: { kind: "", digest: "" },
  tensors: {
    tensors: [{ name: "", type: "", shape: [0], file: "" }],
    tensorCount: 0,
    unread: [""],
    warnings: [""],
  },
  readme: { path: "", html: "", truncated: false },
});

/** What the card of a model has beside that. */
const CARD = {
  facts: {},
  source: {},
  capabilities: {},
  parts: [{ kind: "", files: 0, size: 0 }],
  files: [{ path: "", mediaType: "", digest: "", size: 0 }],
  fileCount: 0,
  referrers: [{ kind: "", digest: "" }],
  unread: [""],
  warnings: [""],
};

/** What something else has at least beside its kind. */
const OTHER = { title: "" };

/**
 * Whether a document is an answer of that name.
 * @param {keyof Answers} name
 * @param {unknown} document
 */
export function isAnswer(name, document) {
  if (!isLike(document, EXAMPLES[name])) return false;
  if (name !== "model") return true;
  const { kind } = /** @type {{ kind: string }} */ (document);
  return isLike(document, kind === "model" ? CARD : OTHER);
}

/**
 * Whether a value has the types of an example.
 * @param {unknown} value
 * @param {unknown} example
 * @returns {boolean}
 */
function isLike(value, example) {
  if (Array.isArray(example)) {
    return Array.isArray(value) && value.every((item) => isLike(item, example[0]));
  }
  if (typeof value !== typeof example || value === null) return false;
  if (typeof example !== "object" || example === null) return true;
  return !Array.isArray(value) &&
    Object.entries(example).every(([key, part]) =>
      isLike(/** @type {Readonly<Record<string, unknown>>} */ (value)[key], part)
    );
}
