/**
 * The files of a model: a treemap by size, and the same as a table.
 * @module
 */
import { element, icon } from "../parts/dom.js";
import { formatBytes, formatMany, formatShare } from "../values/format.js";
import { kindClass, kindLabel } from "../values/kinds.js";
import { digestValue } from "./overview.js";
import { nothing } from "../parts/states.js";
import { squarify } from "../values/treemap.js";
import { WindowList } from "../parts/window_list.js";

/** @import { FileRow } from "../answers.d.ts" */
/** @import { Shown } from "./model_page.js" */
/**
 * @typedef {{ readonly files: readonly FileRow[], readonly size: number, readonly label: string }}
 * Tile
 */

/** The most rectangles; smaller files share one. */
const MOST_TILES = 80;

/** Pixels of a row, as the style has them. */
const ROW = 40;

/** @param {Shown} shown */
export function showFiles({ repository, model }) {
  if (model.facts === undefined || model.files.length === 0) return nothing("It has no files");
  const files = [...model.files].sort((a, b) => b.size - a.size);
  const detail = element("div", { class: "detail", role: "status" });
  const table = fileTable(files, (file) => choose(file));
  const map = treemap(files, (file) => {
    choose(file);
    table.reveal(files.indexOf(file));
  });
  const total = files.reduce((sum, { size }) => sum + size, 0);
  /** @param {FileRow} file */
  const choose = (file) => {
    detail.replaceChildren(fileDetail(file, { repository, total }));
    map.mark(file);
    table.mark(file);
  };
  choose(files[0]);
  const left = model.fileCount - files.length;
  const more = left > 0 && element("p", { class: "note" }, `${formatMany(left, "file")} more`);
  return element("div", { class: "files" }, map.content, detail, table.content, more);
}

/**
 * The files by size, the smallest together.
 * @param {readonly FileRow[]} files The largest first.
 * @returns {Tile[]}
 */
function tilesOf(files) {
  const alone = files.length <= MOST_TILES ? files : files.slice(0, MOST_TILES - 1);
  const rest = files.slice(alone.length);
  /** @type {Tile[]} */
  const tiles = alone.map((file) => ({
    files: [file],
    size: file.size,
    label: file.path || file.mediaType,
  }));
  if (rest.length === 0) return tiles;
  const together = {
    files: rest,
    size: rest.reduce((sum, { size }) => sum + size, 0),
    label: formatMany(rest.length, "smaller file"),
  };
  return [...tiles, together].sort((a, b) => b.size - a.size);
}

/**
 * @param {readonly FileRow[]} files The largest first.
 * @param {(file: FileRow) => void} chosen
 */
function treemap(files, chosen) {
  const tiles = tilesOf(files);
  const total = tiles.reduce((sum, { size }) => sum + size, 0);
  const buttons = tiles.map((tile, index) =>
    tileButton(tile, { total, isFirst: index === 0, chosen })
  );
  const content = element(
    "div",
    { class: "treemap", role: "group", "aria-label": "Files by size" },
    ...buttons,
  );
  const lay = () => layOut(content, tiles, buttons);
  new ResizeObserver(lay).observe(content);
  content.addEventListener("keydown", (event) => moveAmong(buttons, event));
  return {
    content,
    /** @param {FileRow} file */
    mark(file) {
      for (const [index, button] of buttons.entries()) {
        const isChosen = tiles[index]?.files.includes(file) ?? false;
        button.setAttribute("aria-pressed", `${isChosen}`);
        button.tabIndex = isChosen ? 0 : -1;
      }
    },
  };
}

/**
 * @param {Tile} tile
 * @param {{ total: number, isFirst: boolean, chosen: (file: FileRow) => void }} options
 */
function tileButton({ files, size, label }, { total, isFirst, chosen }) {
  const [file] = files;
  const share = `${formatBytes(size)}, ${formatShare(size, total)}`;
  return element(
    "button",
    {
      type: "button",
      class: `tile ${kindClass(files.length === 1 ? file?.kind : undefined)}`,
      tabindex: isFirst ? 0 : -1,
      title: `${label}\n${share}`,
      // What is seen is part of it, so that it can be said to a machine that listens.
      "aria-label": `${label} ${share}`,
      onclick: () => file && chosen(file),
    },
    element("span", { class: "tile-name" }, tileName(label)),
    " ",
    element("span", { class: "tile-size" }, share),
  );
}

/**
 * What tells a file from those beside it: its name, and of a shard its number.
 * @param {string} path
 */
function tileName(path) {
  const name = path.slice(path.lastIndexOf("/") + 1) || path;
  const shard = /\b\d{3,}-of-\d{3,}\b/.exec(name);
  return shard === null ? name : `…${name.slice(shard.index)}`;
}

/**
 * @param {HTMLElement} frame
 * @param {readonly Tile[]} tiles
 * @param {readonly HTMLElement[]} buttons
 */
function layOut(frame, tiles, buttons) {
  const area = { x: 0, y: 0, width: frame.clientWidth, height: frame.clientHeight };
  for (
    const [index, { x, y, width, height }] of squarify(tiles.map(({ size }) => size), area)
      .entries()
  ) {
    const button = buttons[index];
    if (button === undefined) continue;
    Object.assign(button.style, {
      left: `${x}px`,
      top: `${y}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
    // A name that does not fit says less than none.
    button.classList.toggle("bare", width < 64 || height < 26);
    button.classList.toggle("low", height < 46);
    button.hidden = width < 1 || height < 1;
  }
}

/**
 * Arrows lead from the larger to the smaller and back.
 * @param {readonly HTMLElement[]} buttons
 * @param {KeyboardEvent} event
 */
function moveAmong(buttons, event) {
  const seen = buttons.filter((button) => !button.hidden);
  const at = seen.findIndex((button) => button === event.target);
  const next = /** @type {Record<string, number>} */ ({
    ArrowRight: at + 1,
    ArrowDown: at + 1,
    ArrowLeft: at - 1,
    ArrowUp: at - 1,
    Home: 0,
    End: seen.length - 1,
  })[event.key];
  if (next === undefined || at < 0) return;
  event.preventDefault();
  seen[Math.max(0, Math.min(next, seen.length - 1))]?.focus();
}

/**
 * @param {FileRow} file
 * @param {{ repository: string, total: number }} about
 */
function fileDetail({ path, kind, mediaType, digest, size }, { repository, total }) {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const address = `v2/${repository.split("/").map(encodeURIComponent).join("/")}/blobs/${
    encodeURIComponent(digest)
  }`;
  return element(
    "div",
    { class: "detail-line" },
    element("strong", { class: "path" }, path || mediaType),
    element("span", { class: "dim" }, kindLabel(kind)),
    element("span", {}, `${formatBytes(size)}, ${formatShare(size, total)}`),
    digestValue(digest),
    // The layer is the file only where it is not packed.
    mediaType.endsWith(".raw") &&
      element("a", { class: "button", href: address, download: name }, icon("save"), "Download"),
  );
}

/**
 * @param {readonly FileRow[]} files
 * @param {(file: FileRow) => void} chosen
 */
function fileTable(files, chosen) {
  const body = element("div", { class: "rows", role: "rowgroup" });
  const content = element(
    "div",
    {
      class: "table files-table",
      role: "table",
      "aria-label": "Files",
      "aria-rowcount": files.length + 1,
    },
    element(
      "div",
      { role: "rowgroup" },
      element(
        "div",
        { class: "row heads", role: "row" },
        ...["File", "Kind", "Size"].map((title) =>
          element("span", { role: "columnheader" }, title)
        ),
      ),
    ),
    body,
  );
  /** @type {FileRow | undefined} */
  let marked;
  const list = new WindowList(body, {
    height: ROW,
    draw(index) {
      const file = files[index];
      return element(
        "div",
        {
          class: `row${file === marked ? " marked" : ""}`,
          role: "row",
          "aria-rowindex": index + 2,
        },
        element(
          "span",
          { role: "cell" },
          element("button", {
            type: "button",
            class: "plain",
            "data-focus": true,
            title: file.path,
            onclick: () => chosen(file),
          }, file.path || file.mediaType),
        ),
        element(
          "span",
          { role: "cell" },
          element("span", { class: `dot ${kindClass(file.kind)}` }),
          element("span", {}, kindLabel(file.kind)),
        ),
        element("span", { role: "cell", class: "number" }, formatBytes(file.size)),
      );
    },
  });
  list.update(files.length);
  body.style.height = `${Math.min(files.length, 12) * ROW}px`;
  return {
    content,
    /** @param {FileRow} file */
    mark(file) {
      marked = file;
      for (const row of body.querySelectorAll("[data-index]")) {
        row.classList.toggle(
          "marked",
          files[Number(/** @type {HTMLElement} */ (row).dataset.index)] === file,
        );
      }
    },
    /** @param {number} index */
    reveal: (index) => list.reveal(index),
  };
}
