/**
 * What a program writes to a terminal, as a picture that can be selected and searched.
 * @module
 */

/** Pixels of a character, a line, and the room around them. */
const CELL = { width: 8.4, height: 20, margin: 18 };

/** A run of characters that look the same. */
interface Piece {
  /** Column of its first character, from 0. */
  readonly column: number;
  readonly text: string;
  /** Names of styles: `b` bold, `d` dim, `c1` to `c6` the colours of a terminal. */
  readonly styles: readonly string[];
}

/** What the codes of ECMA-48 (SGR) that the program uses turn on, and what turns it off again. */
const ON: Readonly<Record<string, string>> = { "1": "b", "2": "d" };
const OFF: Readonly<Record<string, (style: string) => boolean>> = {
  "0": () => true,
  "22": (style) => style === "b" || style === "d",
  "39": (style) => style.startsWith("c"),
};

/** Draws lines with their styles. Other control sequences are left out. */
export function terminalSvg(output: string, { columns }: { readonly columns: number }): string {
  const lines = piecesOf(output.replaceAll("\r", "").trimEnd());
  const width = Math.ceil(columns * CELL.width + 2 * CELL.margin);
  const height = lines.length * CELL.height + 2 * CELL.margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}">`,
    `<style>${STYLE}</style>`,
    `<rect width="${width}" height="${height}" rx="10"/>`,
    ...lines.flatMap((pieces, index) => pieces.length === 0 ? [] : [lineOf(pieces, index)]),
    "</svg>\n",
  ].join("\n");
}

const STYLE = `
rect{fill:#16181b}
text{font:14px ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;
fill:#e6e8ea;white-space:pre}
.b{font-weight:700}.d{fill:#98a1aa}
.c1{fill:#ff8a80}.c2{fill:#7ee0a0}.c3{fill:#f0c674}.c4{fill:#8fb4ff}.c5{fill:#dd9bd8}.c6{fill:#4fd1bd}
`;

function lineOf(pieces: readonly Piece[], line: number): string {
  const y = CELL.margin + line * CELL.height + 15;
  const spans = pieces.map(({ column, text, styles }) => {
    const x = (CELL.margin + column * CELL.width).toFixed(1);
    const length = ([...text].length * CELL.width).toFixed(1);
    const named = styles.length === 0 ? "" : ` class="${styles.join(" ")}"`;
    // With its length no font can push apart what stands in columns.
    return `<tspan x="${x}" textLength="${length}"${named}>${escaped(text)}</tspan>`;
  });
  return `<text y="${y}">${spans.join("")}</text>`;
}

function piecesOf(output: string): Piece[][] {
  let styles: string[] = [];
  return output.split("\n").map((line) => {
    const pieces: Piece[] = [];
    let column = 0;
    // deno-lint-ignore no-control-regex -- the codes of a terminal start with one
    for (const [, codes, , text = ""] of line.matchAll(/\x1b\[([\d;]*)([A-Za-z])|([^\x1b]+)/g)) {
      if (codes !== undefined) styles = codes.split(";").reduce(withCode, styles);
      if (text.trim() !== "") pieces.push({ column, text, styles });
      column += [...text].length;
    }
    return pieces;
  });
}

function withCode(styles: string[], code: string): string[] {
  const off = OFF[code || "0"];
  if (off !== undefined) return styles.filter((style) => !off(style));
  const style = ON[code] ?? (/^3[1-6]$/.test(code) ? `c${code[1]}` : undefined);
  return style === undefined ? styles : [...styles, style];
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
