/**
 * The tensors of a model as the layers that their names tell of.
 * @module
 */

/** @import { Tensor } from "../answers.d.ts" */

/**
 * The tensors of one layer, or of one part that is none.
 * @typedef {object} Layer
 * @property {string} name
 * @property {readonly Tensor[]} tensors
 * @property {number} bytes
 * @property {number} parameters
 */

/**
 * Layers that follow each other and have the same tensors but for their number.
 * @typedef {object} Run
 * @property {string} name
 * @property {readonly Layer[]} layers At least one.
 * @property {number} bytes
 * @property {number} parameters
 */

const naturally = new Intl.Collator("en", { numeric: true });

/**
 * Which layer a tensor is of: `model.layers.3` for `model.layers.3.mlp.up_proj.weight`, and what
 * stands before the last point where there is no number.
 * @param {string} name
 */
export function layerName(name) {
  const parts = name.split(".");
  const number = parts.findIndex((part, index) => index > 0 && /^\d+$/.test(part));
  if (number > 0) return parts.slice(0, number + 1).join(".");
  return parts.length > 1 ? parts.slice(0, -1).join(".") : name;
}

/**
 * How many numbers a tensor has.
 * @param {Pick<Tensor, "shape">} tensor
 */
export function elementCount({ shape }) {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * The layers in the order of their names, numbers by value.
 * @param {readonly Tensor[]} tensors
 * @returns {Layer[]}
 */
export function groupLayers(tensors) {
  /** @type {Map<string, Tensor[]>} */
  const groups = new Map();
  for (const tensor of tensors) {
    const name = layerName(tensor.name);
    const group = groups.get(name);
    if (group) group.push(tensor);
    else groups.set(name, [tensor]);
  }
  return [...groups].sort(([a], [b]) => naturally.compare(a, b)).map(([name, found]) => ({
    name,
    tensors: found.sort((a, b) => naturally.compare(a.name, b.name)),
    ...sumsOf(
      found.map((tensor) => ({ bytes: tensor.bytes ?? 0, parameters: elementCount(tensor) })),
    ),
  }));
}

/**
 * Layers that are alike and follow each other, together.
 * @param {readonly Layer[]} layers In their order.
 * @returns {Run[]}
 */
export function foldAlike(layers) {
  /** @type {Layer[][]} */
  const runs = [];
  let last = "";
  for (const layer of layers) {
    const form = formOf(layer);
    if (form !== undefined && form === last) runs.at(-1)?.push(layer);
    else runs.push([layer]);
    last = form ?? "";
  }
  return runs.map((alike) => ({ name: runName(alike), layers: alike, ...sumsOf(alike) }));
}

/**
 * What layers have to share to be alike; `undefined` where the name has no number.
 * @param {Layer} layer
 */
function formOf({ name, tensors }) {
  const stem = /^(.*)\.\d+$/.exec(name)?.[1];
  if (stem === undefined) return undefined;
  return JSON.stringify([
    stem,
    tensors.map((tensor) => [tensor.name.slice(name.length), tensor.type, tensor.shape]),
  ]);
}

/** @param {readonly Layer[]} alike */
function runName(alike) {
  const first = alike[0]?.name ?? "";
  const last = alike.at(-1)?.name ?? "";
  return alike.length === 1 ? first : `${first} … ${last.slice(last.lastIndexOf(".") + 1)}`;
}

/** @param {readonly { readonly bytes: number, readonly parameters: number }[]} parts */
function sumsOf(parts) {
  return {
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    parameters: parts.reduce((sum, { parameters }) => sum + parameters, 0),
  };
}
