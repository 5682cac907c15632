/**
 * The rows of a tree of tensors: what is closed hides what is below it.
 * @module
 */
import { foldAlike, groupLayers } from "./layers.js";

/** @import { Tensor } from "../answers.d.ts" */
/** @import { Layer } from "./layers.js" */
/** @import { Run } from "./layers.js" */

/**
 * One row. A layer that has one tensor is that tensor, and a run of one layer is that layer.
 * @typedef {object} TreeRow
 * @property {string} key
 * @property {1 | 2 | 3} level
 * @property {string} name
 * @property {number} bytes
 * @property {number} parameters
 * @property {Tensor} [tensor]
 * @property {string} [note] What is in it.
 * @property {boolean} [isOpen] Absent where nothing is below it.
 */

/** A tree of tensors that can be opened and closed. */
export class TensorTree {
  /** @type {readonly Run[]} */
  #runs;
  /** @type {Set<string>} */
  #open = new Set();

  /** @param {readonly Tensor[]} tensors */
  constructor(tensors) {
    this.#runs = foldAlike(groupLayers(tensors));
  }

  /** The parts of the first level, in their order. */
  get runs() {
    return this.#runs;
  }

  /**
   * Opens what is closed, and closes what is open.
   * @param {string} key
   */
  toggle(key) {
    if (!this.#open.delete(key)) this.#open.add(key);
  }

  /** Opens everything. */
  openAll() {
    for (const run of this.#runs) {
      this.#open.add(runKey(run));
      for (const layer of run.layers) this.#open.add(layerKey(layer));
    }
  }

  /** @returns {TreeRow[]} The rows that are not hidden. */
  rows() {
    return this.#runs.flatMap((run) => {
      if (run.layers.length === 1) return this.#layerRows(run.layers[0], 1);
      const key = runKey(run);
      const isOpen = this.#open.has(key);
      /** @type {TreeRow} */
      const head = {
        key,
        level: 1,
        name: run.name,
        ...sums(run),
        note: `${run.layers.length} layers alike`,
        isOpen,
      };
      return isOpen ? [head, ...run.layers.flatMap((layer) => this.#layerRows(layer, 2))] : [head];
    });
  }

  /**
   * @param {Layer} layer
   * @param {1 | 2} level
   * @returns {TreeRow[]}
   */
  #layerRows(layer, level) {
    const [only] = layer.tensors;
    if (layer.tensors.length === 1) return [tensorRow(only, level)];
    const key = layerKey(layer);
    const isOpen = this.#open.has(key);
    const note = `${layer.tensors.length} tensors`;
    /** @type {TreeRow} */
    const head = { key, level, name: layer.name, ...sums(layer), note, isOpen };
    const below = level === 1 ? 2 : 3;
    return isOpen ? [head, ...layer.tensors.map((tensor) => tensorRow(tensor, below))] : [head];
  }
}

/** @param {Run} run */
const runKey = ({ name }) => `run ${name}`;

/** @param {Layer} layer */
const layerKey = ({ name }) => `layer ${name}`;

/** @param {{ readonly bytes: number, readonly parameters: number }} part */
const sums = ({ bytes, parameters }) => ({ bytes, parameters });

/**
 * @param {Tensor} tensor
 * @param {1 | 2 | 3} level
 * @returns {TreeRow}
 */
function tensorRow(tensor, level) {
  const parameters = tensor.shape.reduce((product, size) => product * size, 1);
  return {
    key: `tensor ${tensor.file} ${tensor.name}`,
    level,
    name: tensor.name,
    bytes: tensor.bytes ?? 0,
    parameters,
    tensor,
  };
}
