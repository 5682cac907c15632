/**
 * What differs between two models, as text.
 * @module
 */
import type {
  ChangedFact,
  DiffSide,
  ModelDiff,
  TensorChange,
  TensorDiff,
} from "../../model/compare/shape.ts";
import { unlistedText } from "./card/unlisted.ts";
import { escapeControls, formatBytes, shortDigest } from "./format.ts";

/** A line for each difference, then how many there are. */
export function* diffLines(diff: ModelDiff): Generator<string, void> {
  const sections: readonly (readonly string[])[] = [
    [`--- ${sideText(diff.from)}`, `+++ ${sideText(diff.to)}`],
    [
      ...diff.added.map(({ path, size }) => `+ ${nameOf(path)} (${formatBytes(size)})`),
      ...diff.changed.map(({ path, from, to }) =>
        `~ ${nameOf(path)} (${sizeChange(from.size, to.size)})`
      ),
      ...diff.removed.map(({ path, size }) => `- ${nameOf(path)} (${formatBytes(size)})`),
    ],
    diff.facts.map(factText),
  ];
  for (const section of sections) yield* ended(section);
  // There may be a hundred thousand of them.
  const { changes } = diff.tensors ?? {};
  for (const change of changes ?? []) yield tensorText(change);
  if (changes && changes.length > 0) yield "";
  yield summaryOf(diff);
}

/** The lines of a section, with an empty one behind them where there are any. */
function ended(lines: readonly string[]): readonly string[] {
  return lines.length > 0 ? [...lines, ""] : [];
}

function sideText({ reference, digest, from }: DiffSide): string {
  return `${escapeControls(reference)} (${from}, ${shortDigest(digest)})`;
}

function nameOf(path: string): string {
  return escapeControls(path) || "(no path)";
}

function sizeChange(from: number, to: number): string {
  const [before, after] = [formatBytes(from), formatBytes(to)];
  return before === after ? `${before}, other content` : `${before} -> ${after}`;
}

function factText({ fact, from, to }: ChangedFact): string {
  return `${fact}: ${valueText(from)} -> ${valueText(to)}`;
}

/** The longest value that is shown whole. */
const LONGEST_VALUE = 200;

function valueText(value: unknown): string {
  if (value === undefined) return "none";
  const list = Array.isArray(value) && value.every((item) => typeof item === "string");
  const text = typeof value === "string" ? value : list ? value.join(", ") : JSON.stringify(value);
  return escapeControls(text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text);
}

/** The sign of a line by what happened to a tensor. */
const SIGNS: Readonly<Partial<Record<TensorChange["verdict"], string>>> = {
  added: "+",
  removed: "-",
  unknown: "?",
};

function tensorText({ name, verdict, from, to }: TensorChange): string {
  const forms = from === to || from === undefined || to === undefined
    ? from ?? to ?? ""
    : `${from} -> ${to}`;
  const what = verdict === "unknown"
    ? from === undefined || to === undefined
      ? "unknown, not all of the other model was read"
      : "same header, bytes not compared"
    : verdict;
  return `${SIGNS[verdict] ?? "~"} ${nameOf(name)} (${what}: ${escapeControls(forms)})`;
}

function summaryOf(
  { same, added, changed, removed, unchanged, facts, unread, tensors }: ModelDiff,
): string {
  if (same) return "The same model: the manifests are equal";
  const isEqual = added.length + changed.length + removed.length + facts.length === 0;
  const files = `Files: ${added.length} added, ${changed.length} changed, ` +
    `${removed.length} removed, ${unchanged} unchanged`;
  return [
    files,
    ...tensors === undefined ? [] : [tensorSummary(tensors)],
    ...unread.length === 0 ? [] : [
      `Not compared: what ${unread.map(escapeControls).join(", ")} would tell: not all was read`,
    ],
    ...isEqual && unread.length === 0
      ? ["The manifests differ in annotations or in the form of layers only"]
      : [],
  ].join("\n");
}

function tensorSummary({ same, changes, unread, unlisted }: TensorDiff): string {
  const verdicts = new Map<string, number>();
  for (const { verdict, from, to } of changes) {
    const isOneSided = verdict === "unknown" && (from === undefined || to === undefined);
    const what = isOneSided ? "unknown (not all of one model was read)" : verdict;
    verdicts.set(what, (verdicts.get(what) ?? 0) + 1);
  }
  const counts = Array.from(verdicts, ([verdict, count]) => `${count} ${verdict}`);
  const others = unlisted.length === 0 ? "" : `; ${unlistedText(unlisted)}`;
  const missing = unread.length === 0 ? "" : `; not all of ${unread.join(", ")} is known`;
  return `Tensors: ${[`${same} same`, ...counts].join(", ")}${escapeControls(missing + others)}`;
}
