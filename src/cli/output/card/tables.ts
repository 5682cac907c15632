/**
 * The tables of a model's files and tensors: for people on a terminal, for scripts everywhere else.
 * @module
 */
import { madeItems } from "../../../core/lists/long_list.ts";
import { collectInSeries } from "../../../core/runtime/garbage.ts";
import type { CardFile } from "../../../model/card/shape.ts";
import type { FileTensor, UnreadTensor } from "../../../model/facts/facts.ts";
import type { TextSink } from "../../context.ts";
import { columnsOf, fitMiddle, fitNames } from "../columns.ts";
import { escapeControls, formatBytes, shortDigest } from "../format.ts";
import { alignedLines, type Row, widthsOf } from "../table.ts";
import { grouped } from "./facts.ts";

/** Where a table is shown. */
export type Screen = Pick<TextSink, "isTerminal" | "columns">;

/** What people call the kinds of files. */
export const KIND_NAMES: Readonly<Record<string, string>> = {
  model: "weights",
  config: "config",
  code: "code",
  doc: "docs",
  dataset: "datasets",
  other: "other",
};

/** What a cell for scripts says where nobody knows. */
const UNKNOWN = "unknown";

const LETTERS = { columnsOf, fitMiddle };

/** The columns of a narrow terminal have no room for what matters less. */
const NARROW = 60;

/** With fewer columns the tensors' files are left out. */
const ROOM_FOR_FILE = 100;

/** The files of a model, a line each. */
export function fileTable(files: readonly CardFile[], screen: Screen): Iterable<string> {
  const kindOf = ({ kind }: CardFile) => KIND_NAMES[kind ?? "other"] ?? "other";
  if (!screen.isTerminal) {
    return scriptTable(["KIND", "BYTES", "DIGEST", "PATH"], files, (file) => [
      kindOf(file),
      String(file.size),
      file.digest,
      scriptCell(file.path),
    ]);
  }
  const width = screen.columns() ?? Infinity;
  const isNarrow = width < NARROW;
  const row = (path: string, kind: string, size: string, digest: string) =>
    isNarrow ? [path, kind, size] : [path, kind, size, digest];
  const header = [row("PATH", "KIND", "SIZE", "DIGEST")];
  const rowOf = (file: CardFile) =>
    row(shown(file.path), kindOf(file), formatBytes(file.size), shortDigest(file.digest));
  return personTable(rowsOf(header, files, rowOf), width, { header });
}

/** The tensors of a model, a line each: a hundred thousand of them, of which nobody keeps a row. */
export function tensorTable(
  tensors: Iterable<FileTensor | UnreadTensor>,
  screen: Screen,
  { isBrief = false }: { readonly isBrief?: boolean } = {},
): Iterable<string> {
  if (!screen.isTerminal && !isBrief) {
    return scriptTable(["SHAPE", "TYPE", "BYTES", "FILE", "NAME"], tensors, (tensor) => [
      "shape" in tensor ? tensor.shape.join("x") || "scalar" : UNKNOWN,
      "type" in tensor ? scriptCell(tensor.type) : UNKNOWN,
      "bytes" in tensor && tensor.bytes !== undefined ? String(tensor.bytes) : UNKNOWN,
      scriptCell(tensor.file),
      scriptCell(tensor.name),
    ]);
  }
  const width = screen.columns() ?? Infinity;
  const hasFile = !isBrief && width >= ROOM_FOR_FILE;
  const hasType = width >= NARROW;
  const row = (name: string, shape: string, type: string, size: string, file: string) => [
    name,
    shape,
    ...hasType ? [type] : [],
    size,
    ...hasFile ? [file] : [],
  ];
  const shapeText = (shape: readonly number[]) =>
    shape.map(hasType ? grouped : String).join(hasType ? " × " : "×") || "one";
  const rowOf = (tensor: FileTensor | UnreadTensor) =>
    row(
      shown(tensor.name),
      "shape" in tensor ? shapeText(tensor.shape) : "not read",
      "type" in tensor ? shown(tensor.type) : "",
      "bytes" in tensor && tensor.bytes !== undefined ? formatBytes(tensor.bytes) : "",
      shown(tensor.file),
    );
  const header = isBrief ? [] : [row("NAME", "SHAPE", "TYPE", "SIZE", "FILE")];
  const yielding = hasFile ? 4 : undefined;
  return personTable(rowsOf(header, tensors, rowOf), width, { header, yielding });
}

/** A row for each item, below the header. */
function rowsOf<Item>(
  header: readonly Row[],
  items: Iterable<Item>,
  rowOf: (item: Item) => Row,
): Iterable<Row> {
  return madeItems(function* () {
    yield* header;
    let made = 0;
    for (const item of items) {
      collectInSeries(++made);
      yield rowOf(item);
    }
  });
}

/** Columns of a name, and of the path of a file, that are left where there is no room for more. */
const LEAST = 12;

/**
 * Lines of cells that fit a terminal. The names in the first column are cut so that those that
 * differ still do; the column `yielding` gives way before them. The header has no name.
 */
function personTable(
  rows: Iterable<Row>,
  width: number,
  { header, yielding }: { readonly header: readonly Row[]; readonly yielding?: number },
): Iterable<string> {
  const options = { gap: "  ", letters: LETTERS };
  if (width === Infinity) return alignedLines(rows, options);
  const others = widthsOf(rows, LETTERS).reduce(
    (sum, size, column) =>
      column === 0 ? sum : sum + 2 + (column === yielding ? Math.min(size, 2 * LEAST) : size),
    0,
  );
  const room = Math.max(LEAST, width - others);
  const first = firstNames(rows, header.length);
  const names = first.length > MOST_TOLD_APART ? [] : fitNames(first, room);
  const fitting = madeItems<Row>(function* () {
    let index = -header.length;
    for (const [name = "", ...cells] of rows) {
      yield [names[index++] ?? fitMiddle(name, room), ...cells];
    }
  });
  const give = yielding === undefined ? undefined : new Map([[yielding, LEAST]]);
  return alignedLines(fitting, { ...options, width, yielding: give });
}

/** The most names that are cut so that they can be told apart: a person reads no more of them. */
const MOST_TOLD_APART = 20_000;

/** The names in the first column below the header, up to one more than are told apart. */
function firstNames(rows: Iterable<Row>, headerRows: number): readonly string[] {
  const names: string[] = [];
  for (const [name = ""] of rows) {
    if (names.push(name) > MOST_TOLD_APART + headerRows) break;
  }
  return names.slice(headerRows);
}

/** The longest name that is measured: what is longer is cut to the terminal in any case. */
const LONGEST_NAME = 300;

function shown(text: string): string {
  return escapeControls(text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text);
}

/** Scripts split lines at blanks: no cell has one, save for the last. */
function scriptTable<Item>(
  header: Row,
  items: Iterable<Item>,
  rowOf: (item: Item) => Row,
): Iterable<string> {
  return alignedLines(rowsOf([header], items, rowOf), { gap: " ", letters: LETTERS });
}

function scriptCell(text: string): string {
  return escapeControls(text).replaceAll(" ", "\\u0020") || "-";
}
