/**
 * The tensors of a model by layer.
 * @module
 */
import { element, icon } from "../parts/dom.js";
import {
  formatBytes,
  formatCount,
  formatMany,
  formatNumber,
  formatShape,
} from "../values/format.js";
import { nothing } from "../parts/states.js";
import { TensorTree } from "../values/tensor_rows.js";
import { WindowList } from "../parts/window_list.js";

/** @import { Shown } from "./model_page.js" */
/** @import { TreeRow } from "../values/tensor_rows.js" */
/** @import { Tensor } from "../answers.d.ts" */

/** Pixels of a row, as the style has them. */
const ROW = 36;

/** @param {Shown} shown */
export async function showTensors({ more }) {
  const { tensors, tensorCount: total, unread, warnings } = await more("tensors");
  const missing = [...warnings, ...unread.length > 0 ? [`Not read: ${unread.join(", ")}`] : []];
  if (tensors.length === 0) {
    const reasons = missing.length > 0 ? missing : ["Its files describe none."];
    return nothing("No tensors", ...reasons.map((text) => element("p", { class: "said" }, text)));
  }
  const view = new TensorView(tensors);
  return element(
    "div",
    { class: "tensors" },
    element(
      "div",
      { class: "bar-of-tools" },
      view.filter,
      element(
        "p",
        { class: "dim", role: "status" },
        tensors.length < total
          ? `the first ${formatNumber(tensors.length)} of ${formatNumber(total)}`
          : "",
        view.found,
      ),
    ),
    view.strip,
    view.table,
    ...missing.map((text) => element("p", { class: "note" }, text)),
  );
}

/** A tree of tensors with a search in it. */
class TensorView {
  /** @type {readonly Tensor[]} */
  #tensors;
  #tree;
  /** @type {TreeRow[]} */
  #rows = [];
  #body = element("div", { class: "rows", role: "rowgroup" });
  #list;
  found = element("span");
  filter = element("input", {
    type: "search",
    placeholder: "Find a tensor",
    "aria-label": "Find a tensor",
    spellcheck: "false",
    autocomplete: "off",
  });
  table = element(
    "div",
    { class: "table tensors-table", role: "treegrid", "aria-label": "Tensors by layer" },
    element(
      "div",
      { role: "rowgroup" },
      element(
        "div",
        { class: "row heads", role: "row" },
        ...["Tensor", "Shape", "Type", "Size"].map((title) =>
          element("span", { role: "columnheader" }, title)
        ),
      ),
    ),
    this.#body,
  );
  strip = element("div", { class: "strip", "aria-hidden": true });

  /** @param {readonly Tensor[]} tensors */
  constructor(tensors) {
    this.#tensors = tensors;
    this.#tree = new TensorTree(tensors);
    this.#list = new WindowList(this.#body, { height: ROW, draw: (index) => this.#row(index) });
    this.#body.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    this.#body.addEventListener("click", ({ target }) => {
      const row = target instanceof Element ? target.closest("[data-index]") : null;
      if (row instanceof HTMLElement) this.#toggle(Number(row.dataset.index));
    });
    this.filter.addEventListener("input", () => this.#search());
    this.filter.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") {
        event.preventDefault();
        this.#list.focus(0);
      } else if (event.key === "Escape" && this.filter.value !== "") {
        event.preventDefault();
        this.filter.value = "";
        this.#search();
      }
    });
    this.#drawStrip();
    this.#show({ keepPlace: false });
  }

  #search() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const found = words.length === 0 ? this.#tensors : this.#tensors.filter(({ name, type }) => {
      const text = `${name} ${type}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    this.#tree = new TensorTree(found);
    if (words.length > 0) this.#tree.openAll();
    this.#drawStrip();
    this.#show({ keepPlace: false });
  }

  /** @param {{ keepPlace: boolean }} options */
  #show(options) {
    this.#rows = this.#tree.rows();
    const tensors = this.#tree.runs.reduce(
      (sum, { layers }) => sum + layers.reduce((count, layer) => count + layer.tensors.length, 0),
      0,
    );
    this.found.textContent = formatMany(tensors, "tensor");
    this.#body.style.height = `${Math.max(1, Math.min(this.#rows.length, 16)) * ROW}px`;
    this.#list.update(this.#rows.length, options);
  }

  /** A strip of all parts by their bytes: it shows at a look where the weights are. */
  #drawStrip() {
    this.strip.replaceChildren(
      ...this.#tree.runs.flatMap(({ layers }) =>
        layers.map(({ name, bytes }) => {
          const piece = element("span", { title: `${name}: ${formatBytes(bytes)}` });
          piece.style.flexGrow = `${bytes}`;
          return piece;
        })
      ).slice(0, 400),
    );
  }

  /** @param {number} index */
  #row(index) {
    const { level, name, bytes, parameters, tensor, note, isOpen } = this.#rows[index];
    const numbers = `${formatCount(parameters)} params`;
    return element(
      "div",
      {
        class: `row level-${level}${tensor ? "" : " group"}`,
        role: "row",
        "aria-level": level,
        "aria-expanded": isOpen === undefined ? undefined : `${isOpen}`,
        "aria-rowindex": index + 2,
        "data-focus": true,
        title: tensor ? `${name}\n${tensor.file}` : name,
      },
      element(
        "span",
        { role: "gridcell", class: "name" },
        isOpen !== undefined && icon("open"),
        element("bdi", {}, name),
      ),
      element(
        "span",
        { role: "gridcell", class: "shape" },
        tensor ? formatShape(tensor.shape) : note ?? "",
      ),
      element("span", { role: "gridcell", class: "type" }, tensor ? tensor.type : numbers),
      element(
        "span",
        { role: "gridcell", class: "number" },
        tensor && tensor.bytes === undefined ? "" : formatBytes(bytes),
      ),
    );
  }

  /** @param {number} index */
  #toggle(index) {
    const row = this.#rows[index];
    if (row?.isOpen === undefined) return;
    this.#tree.toggle(row.key);
    this.#list.reveal(index);
    this.#show({ keepPlace: true });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = this.#list.active;
    const row = this.#rows[at];
    if (row === undefined) return;
    const { isOpen } = row;
    if (
      event.key === "Enter" || event.key === " " ||
      event.key === "ArrowRight" && isOpen === false || event.key === "ArrowLeft" && isOpen
    ) {
      event.preventDefault();
      this.#toggle(at);
    } else if (event.key === "ArrowLeft") {
      event.preventDefault();
      const parent = this.#rows.slice(0, at).findLastIndex(({ level }) => level < row.level);
      if (parent >= 0) this.#list.focus(parent);
    }
  }
}
