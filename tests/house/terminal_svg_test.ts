import assert from "node:assert/strict";
import fc from "fast-check";
import { terminalSvg } from "../../scripts/terminal_svg.ts";

/** The text of a picture, its lines apart. */
function textOf(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>(.*?)<\/text>/gs)].map(([, spans = ""]) =>
    spans.replace(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&")
  );
}

Deno.test("a picture has the text of a terminal, with its styles and in its columns", () => {
  const svg = terminalSvg("\x1b[1mname\x1b[22m  \x1b[2;36mdim\x1b[0m a<b\r\n\n\x1b[Kend\n", {
    columns: 20,
  });
  assert.deepEqual(textOf(svg), ["namedim a<b", "end"]);
  assert.match(svg, /<tspan x="18.0" textLength="33.6" class="b">name<\/tspan>/);
  assert.match(svg, /<tspan x="68.4" textLength="25.2" class="d c6">dim<\/tspan>/);
  assert.match(svg, /<tspan x="93.6" textLength="33.6"> a&lt;b<\/tspan>/);
  assert.match(svg, /width="204" height="96"/);
});

Deno.test("whatever a program writes, the picture has its words and no markup of it", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const svg = terminalSvg(text, { columns: 80 });
    const plain = text.replaceAll("\r", "").trimEnd().split("\n").filter((line) => line.trim());
    assert.deepEqual(textOf(svg.replaceAll("\n", " ")), plain);
  }));
});
