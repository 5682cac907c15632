/**
 * Compares two models, wherever they are.
 * @module
 */
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { collectGarbage } from "../../core/runtime/garbage.ts";
import { compareText } from "../../core/text.ts";
import { isRecord } from "../../core/json.ts";
import { ModelTensors } from "../facts/tensors/model_tensors.ts";
import { readCard } from "../card/card.ts";
import type { CardFile, ModelCard } from "../card/shape.ts";
import type { ChangedFact, ComparedModel, DiffFile, DiffSide, ModelDiff } from "./shape.ts";
import { compareTensors } from "./tensors.ts";

/**
 * Says what `to` adds, changes and lacks: files by the digests of their layers, facts by what cards
 * say, and tensors where they are asked for.
 * @throws {NotFoundError} when one of them does not exist.
 * @throws {UnsupportedError} when one is no model.
 */
export async function compareModels(
  from: ComparedModel,
  to: ComparedModel,
  options: OperationOptions & { readonly tensors?: boolean } = {},
): Promise<ModelDiff> {
  const read = async ({ store, target, isFar }: ComparedModel) => {
    // What a part of the headers tells is no fact of the model, and would differ from one that is.
    const reading = { ...operationOptions(options), isFar, allHeaders: true };
    // A manifest of ten thousand layers takes 50 MB to read, beside what reading another has left.
    collectGarbage();
    const card = await readCard(store, target, reading);
    // A hundred thousand, which nobody asked for.
    return options.tensors ? card : { ...card, tensors: new ModelTensors() };
  };
  const [a, b] = [await read(from), await read(to)];
  const tensors = options.tensors
    ? await compareTensors({ ...from, card: a }, { ...to, card: b }, options)
    : undefined;
  return {
    same: a.digest === b.digest,
    from: sideOf(from, a),
    to: sideOf(to, b),
    ...compareFiles(a.files, b.files),
    facts: compareFacts(a, b),
    unread: notCompared(a, b),
    ...(tensors === undefined ? {} : { tensors }),
  };
}

function sideOf({ reference, isFar }: ComparedModel, { digest }: ModelCard): DiffSide {
  return { reference, digest, from: isFar ? "registry" : "local store" };
}

function compareFiles(
  from: readonly CardFile[],
  to: readonly CardFile[],
): Pick<ModelDiff, "added" | "removed" | "changed" | "unchanged"> {
  const [before, after] = [from, to].map((files) =>
    new Map(files.map((file) => [file.path, file]))
  );
  const added = to.filter(({ path }) => !before?.has(path)).map(fileOf);
  const removed = from.filter(({ path }) => !after?.has(path)).map(fileOf);
  const both = to.flatMap((file) => {
    const earlier = before?.get(file.path);
    return earlier === undefined ? [] : [[earlier, file] as const];
  });
  const changed = both.filter(([a, b]) => a.digest !== b.digest).map(([a, b]) => ({
    path: b.path,
    from: { size: a.size, digest: a.digest },
    to: { size: b.size, digest: b.digest },
  }));
  return { added, removed, changed, unchanged: both.length - changed.length };
}

function fileOf({ path, size, digest }: CardFile): DiffFile {
  return { path, size, digest };
}

/** The facts of two cards that differ, by name. */
function compareFacts(a: ModelCard, b: ModelCard): ChangedFact[] {
  const [before, after] = [factsOf(a), factsOf(b)];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  const isKnown = (name: string, value: unknown, { unread }: ModelCard) =>
    unread.length === 0 || value !== undefined && !COUNTED.has(name);
  return names.map((fact) => ({ fact, from: before.get(fact), to: after.get(fact) }))
    .filter(({ fact, from, to }) =>
      JSON.stringify(from) !== JSON.stringify(to) && isKnown(fact, from, a) && isKnown(fact, to, b)
    );
}

/** Facts that are sums over all weight files: of some of them they are other numbers. */
const COUNTED: ReadonlySet<string> = new Set([
  "activeParamCount",
  "paramCount",
  "paramCountIsEstimate",
  "tensorBytes",
  "tensorCount",
]);

/** The files that were not read of one model, and are not the same in the other. */
function notCompared(a: ModelCard, b: ModelCard): readonly string[] {
  const [before, after] = [a, b].map(({ files }) =>
    new Map(files.map(({ path, digest }) => [path, digest]))
  );
  return [...new Set([...a.unread, ...b.unread])].sort(compareText)
    .filter((path) => before!.get(path) !== after!.get(path));
}

/** What a card says of a model, as values by their names. */
function factsOf({ createdAt, facts, source, capabilities }: ModelCard): Map<string, unknown> {
  const values = new Map<string, unknown>();
  const add = (value: unknown, name: string): void => {
    if (!isRecord(value)) return void values.set(name, value);
    for (const [key, inner] of Object.entries(value)) add(inner, name ? `${name}.${key}` : key);
  };
  add({ createdAt, ...facts, source, capabilities }, "");
  return values;
}
