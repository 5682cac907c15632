/**
 * The tags of a repository, what one of them named before, and what refers to a model.
 * @module
 */
import { element } from "../parts/dom.js";
import { formatAge, formatBytes, formatDay, shortDigest } from "../values/format.js";
import { formatPlace } from "../values/place.js";
import { nothing } from "../parts/states.js";

/** @import { Shown } from "./model_page.js" */
/** @import { EarlierRow, TagRow } from "../answers.d.ts" */

/** The most tags that are shown; a table of more is not read by anybody. */
const MOST = 1000;

/** @param {Shown} shown */
export function showTags({ repository, reference, tags, model }) {
  const rows = tags.tags.slice(0, MOST);
  return element(
    "div",
    { class: "scrolls" },
    element(
      "table",
      { class: "tags" },
      element("caption", { class: "unseen" }, "Tags, the newest first"),
      headRow(["Tag", "Made", "Kind", "Size", "Digest"]),
      element(
        "tbody",
        {},
        ...rows.map((row, index) =>
          tagRow(row, {
            repository,
            isCurrent: row.tag === reference,
            isSame: row.digest === model.digest,
            isChange: rows[index + 1]?.digest !== row.digest,
          })
        ),
      ),
    ),
    ...tags.warnings.map((text) => element("p", { class: "note" }, text)),
    rows.length < tags.total &&
      element("p", { class: "dim" }, `The newest ${rows.length} of ${tags.total}`),
    model.earlier && earlierTable(model.earlier, { repository, reference }),
  );
}

/**
 * @param {readonly EarlierRow[]} earlier
 * @param {{ repository: string, reference: string }} about
 */
function earlierTable(earlier, { repository, reference }) {
  return element(
    "table",
    {},
    element("caption", {}, `What ${reference} named before`),
    headRow(["Digest", "Tagged"]),
    element(
      "tbody",
      {},
      ...earlier.map(({ digest, taggedAt }) =>
        element(
          "tr",
          {},
          digestCell(repository, digest),
          element(
            "td",
            { title: taggedAt },
            formatDay(taggedAt),
            element("span", { class: "dim" }, ` ${formatAge(taggedAt)}`),
          ),
        )
      ),
    ),
  );
}

/**
 * @param {string} repository
 * @param {string} digest
 */
function digestCell(repository, digest) {
  return element(
    "td",
    {},
    element(
      "a",
      { href: formatPlace({ repository, reference: digest }) },
      element("code", { title: digest }, shortDigest(digest)),
    ),
  );
}

/** @param {readonly string[]} titles */
function headRow(titles) {
  return element(
    "thead",
    {},
    element(
      "tr",
      {},
      ...titles.map((title) =>
        element("th", { scope: "col", class: title === "Size" && "number" }, title)
      ),
    ),
  );
}

/**
 * @param {TagRow} row
 * @param {{ repository: string, isCurrent: boolean, isSame: boolean, isChange: boolean }} about
 */
function tagRow(
  { tag, kind, digest, size, createdAt },
  { repository, isCurrent, isSame, isChange },
) {
  return element(
    "tr",
    {
      class: [isCurrent && "current", isSame && "same", isChange && "change"].filter(Boolean).join(
        " ",
      ),
    },
    element(
      "td",
      {},
      element("a", {
        href: formatPlace({ repository, reference: tag, view: "tags" }),
        "aria-current": isCurrent && "true",
      }, tag),
      isSame && !isCurrent && element("span", { class: "badge" }, "the same"),
    ),
    element(
      "td",
      { title: createdAt },
      createdAt === undefined ? "" : `${formatDay(createdAt)}`,
      createdAt !== undefined && element("span", { class: "dim" }, ` ${formatAge(createdAt)}`),
    ),
    element("td", {}, kind),
    element("td", { class: "number" }, size === undefined ? "" : formatBytes(size)),
    element("td", {}, element("code", { title: digest }, shortDigest(digest))),
  );
}

/** @param {Shown} shown */
export function showReferrers({ repository, model }) {
  if (model.facts === undefined || model.referrers.length === 0) {
    return nothing(
      "Nothing refers to it",
      element("p", {}, "Signatures and lists of components appear here."),
    );
  }
  return element(
    "div",
    { class: "scrolls" },
    element(
      "table",
      {},
      element("caption", { class: "unseen" }, "What refers to this model"),
      headRow(["Kind", "Type", "Digest"]),
      element(
        "tbody",
        {},
        ...model.referrers.map(({ kind, artifactType, digest }) =>
          element(
            "tr",
            {},
            element("td", {}, kind),
            element("td", { class: "dim" }, artifactType ?? ""),
            digestCell(repository, digest),
          )
        ),
      ),
    ),
  );
}
