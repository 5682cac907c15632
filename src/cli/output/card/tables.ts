/**
 * The tables of a model's files and tensors: for people on a terminal, for scripts everywhere else.
 * @module
 */
import type { CardFile } from "../../../model/card/shape.ts";
import type { FileTensor, UnreadTensor } from "../../../model/facts/facts.ts";
import type { TextSink } from "../../context.ts";
import { columnsOf, fitMiddle, fitNames } from "../columns.ts";
import { escapeControls, formatBytes, shortDigest } from "../format.ts";
import { alignColumns } from "../table.ts";
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
export function fileTable(files: readonly CardFile[], screen: Screen): string {
  const kindOf = ({ kind }: CardFile) => KIND_NAMES[kind ?? "other"] ?? "other";
  if (!screen.isTerminal) {
    const rows = files.map((file) => [
      kindOf(file),
      String(file.size),
      file.digest,
      scriptCell(file.path),
    ]);
    return scriptTable([["KIND", "BYTES", "DIGEST", "PATH"], ...rows]);
  }
  const width = screen.columns() ?? Infinity;
  const isNarrow = width < NARROW;
  const row = (path: string, kind: string, size: string, digest: string) =>
    isNarrow ? [path, kind, size] : [path, kind, size, digest];
  return personTable([
    row("PATH", "KIND", "SIZE", "DIGEST"),
    ...files.map((file) =>
      row(
        shown(file.path),
        kindOf(file),
        formatBytes(file.size),
        shortDigest(file.digest),
      )
    ),
  ], width);
}

/** The tensors of a model, a line each. */
export function tensorTable(
  tensors: readonly (FileTensor | UnreadTensor)[],
  screen: Screen,
  { isBrief = false }: { readonly isBrief?: boolean } = {},
): string {
  if (!screen.isTerminal && !isBrief) {
    const rows = tensors.map((tensor) => [
      "shape" in tensor ? tensor.shape.join("x") || "scalar" : UNKNOWN,
      "type" in tensor ? scriptCell(tensor.type) : UNKNOWN,
      "bytes" in tensor && tensor.bytes !== undefined ? String(tensor.bytes) : UNKNOWN,
      scriptCell(tensor.file),
      scriptCell(tensor.name),
    ]);
    return scriptTable([["SHAPE", "TYPE", "BYTES", "FILE", "NAME"], ...rows]);
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
  const lines = tensors.map((tensor) =>
    row(
      shown(tensor.name),
      "shape" in tensor ? shapeText(tensor.shape) : "not read",
      "type" in tensor ? shown(tensor.type) : "",
      "bytes" in tensor && tensor.bytes !== undefined ? formatBytes(tensor.bytes) : "",
      shown(tensor.file),
    )
  );
  const header = isBrief ? [] : [row("NAME", "SHAPE", "TYPE", "SIZE", "FILE")];
  return personTable([...header, ...lines], width, hasFile ? 4 : undefined);
}

/** Columns of a name, and of the path of a file, that are left where there is no room for more. */
const LEAST = 12;

/**
 * Lines of cells that fit a terminal. The names in the first column are cut so that those that
 * differ still do; the column `yielding` gives way before them.
 */
function personTable(
  rows: readonly (readonly string[])[],
  width: number,
  yielding?: number,
): string {
  const options = { gap: "  ", letters: LETTERS };
  if (width === Infinity) return alignColumns(rows, options);
  const widths =
    rows[0]?.map((_, column) =>
      rows.reduce((most, row) => Math.max(most, columnsOf(row[column] ?? "")), 0)
    ) ?? [];
  const others = widths.reduce(
    (sum, size, column) =>
      column === 0 ? sum : sum + 2 + (column === yielding ? Math.min(size, 2 * LEAST) : size),
    0,
  );
  const names = fitNames(rows.map(([name = ""]) => name), Math.max(LEAST, width - others));
  const fitting = rows.map(([, ...cells], index) => [names[index] ?? "", ...cells]);
  const give = yielding === undefined ? undefined : new Map([[yielding, LEAST]]);
  return alignColumns(fitting, { ...options, width, yielding: give });
}

/** The longest name that is measured: what is longer is cut to the terminal in any case. */
const LONGEST_NAME = 300;

function shown(text: string): string {
  return escapeControls(text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text);
}

/** Scripts split lines at blanks: no cell has one, save for the last. */
function scriptTable(rows: readonly (readonly string[])[]): string {
  return alignColumns(rows, { gap: " ", letters: LETTERS });
}

function scriptCell(text: string): string {
  return escapeControls(text).replaceAll(" ", "\\u0020") || "-";
}
