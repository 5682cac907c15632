/** READMEs of strangers: whatever they hold, a page that shows them runs and fetches nothing. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { renderMarkdown } from "../../src/work/render_markdown.ts";

const render = (text: string) => renderMarkdown({ text, isMarkdown: true });

/** Every tag that may be in the HTML, as it is written. */
const TAG = new RegExp(
  "^<(?:/?(?:p|h[1-6]|ul|li|em|strong|s|pre|blockquote|table|thead|tbody|tr|th|td|a|ol|code)" +
    '|br|hr|ol start="\\d+"|t[hd] align="(?:left|right|center)"|code class="language-[^"<>]*"' +
    '|a href="(?:https?://|mailto:)[^"<>\\s]*" rel="noopener noreferrer nofollow")>$',
);

/** Fails when there is a tag that has no place in the HTML, or a bracket of one that is none. */
function assertHarmless(html: string, text: string): void {
  for (const [tag] of html.matchAll(/<[^>]*>?/g)) {
    assert.match(tag, TAG, `${JSON.stringify(tag)} in the HTML of ${JSON.stringify(text)}`);
  }
}

Deno.test("renderMarkdown() shows what Markdown is for", async () => {
  const text =
    "# Tiny\n\nA *small* **model** for `text`.\n\n- one\n- two\n\n3. three\n\n> quoted\n\n" +
    "```python\nprint(1 < 2)\n```\n\n|a|b|\n|:-|-:|\n|1|2|\n\n~~old~~\n\n---\n";
  const html = await render(text);
  assertHarmless(html, text);
  for (
    const part of [
      "<h1>Tiny</h1>",
      "<em>small</em> <strong>model</strong> for <code>text</code>",
      "<li>one</li>",
      '<ol start="3">',
      '<pre><code class="language-python">print(1 &lt; 2)\n</code></pre>',
      '<td align="right">2</td>',
      "<s>old</s>",
      "<hr>",
    ]
  ) assert.ok(html.includes(part), `${part} in ${html}`);
});

Deno.test("renderMarkdown() leaves links that say where they lead, and no others", async (context) => {
  const links: readonly (readonly [text: string, html: string])[] = [
    ["[a](https://b.c/d?e=f&g)", "https://b.c/d?e=f&amp;g"],
    ["[a](http://b.c)", "http://b.c/"],
    ["[a](mailto:a@b.c)", "mailto:a@b.c"],
    ["<https://b.c/>", "https://b.c/"],
    ["[a][x]\n\n[x]: https://b.c/ 'title'", "https://b.c/"],
    ['[a](<https://b.c/" onclick="x>)', "https://b.c/%22%20onclick=%22x"],
  ];
  for (const [text, address] of links) {
    await context.step(text, async () => {
      const html = await render(text);
      assertHarmless(html, text);
      assert.ok(html.includes(`<a href="${address}" rel="noopener noreferrer nofollow">`), html);
      assert.doesNotMatch(html, /title=/);
    });
  }
  const refused = [
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java&Tab;script:alert(1))",
    "[a](&#106;&#97;vascript:alert(1))",
    "[a](&#x6A;avascript&colon;alert(1))",
    "[a](<javascript:alert(1)>)",
    "[a](\\javascript:alert(1))",
    "[a][x]\n\n[x]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](DATA:image/svg+xml,<svg onload=alert(1)>)",
    "[a](vbscript:x)",
    "[a](file:///etc/passwd)",
    "[a](blob:https://b.c/d)",
    "[a](view-source:https://b.c)",
    "[a](//b.c/d)",
    "[a](/v2/_catalog)",
    "[a](model.md)",
    "[a](?x)",
    "[a](#part)",
    "[a]()",
    "[a](https://github.com@b.c/)",
    "[a](https://user:password@b.c/)",
    `[a](https://b.c/${"d".repeat(2000)})`,
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "![a](javascript:alert(1))",
    "![a](picture.png)",
  ];
  for (const text of refused) {
    await context.step(text.slice(0, 60), async () => {
      const html = await render(text);
      assertHarmless(html, text);
      assert.doesNotMatch(html, /href/);
    });
  }
});

Deno.test("renderMarkdown() makes pictures their words, with a link to them", async () => {
  const linked = '<a href="https://b.c/d.png" rel="noopener noreferrer nofollow">';
  assert.equal(
    await render("![a <b>*c*](https://b.c/d.png)"),
    `<p>${linked}a &lt;b&gt;c</a></p>\n`,
  );
  assert.equal(await render("![](https://b.c/d.png)"), `<p>${linked}image</a></p>\n`);
  const badge = await render(
    "[![badge](https://e.f/g.svg)](https://b.c/d.png) ![x](https://b.c/d.png)",
  );
  assert.equal(badge, `<p>${linked}badge</a> ${linked}x</a></p>\n`);
});

Deno.test("renderMarkdown() shows tags as text", async (context) => {
  const texts = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "a <b onmouseover=alert(1)>b</b>",
    "<!-- --><style>*{}</style>",
    "<iframe srcdoc='<script>1</script>'>",
    "&lt;script&gt;",
    "&#60;script&#62;",
    '```"><script>\n</script>\n```',
    '~~~a" onload="x\nb\n~~~',
    "`<script>`",
    "|<script>|\n|-|\n|<img onerror=x>|",
    "# <base href=//b.c>",
    "[<script>](https://b.c)",
    "<https://b.c/<script>>",
    "<math><mi xlink:href='javascript:x'>",
    "\u0000<script>",
    "<\u202escript>",
  ];
  for (const text of texts) {
    await context.step(JSON.stringify(text), async () => assertHarmless(await render(text), text));
  }
});

Deno.test("renderMarkdown() makes nothing harmful of any text", async () => {
  const piece = fc.constantFrom(
    ..."<>\"'`*_[]()!&#:;|-~\n\t \\/=@",
    "javascript:",
    "data:",
    "https://b.c",
    "script",
    "onload=",
    "&colon;",
    "&#x3c;",
    "```",
    "](",
    "![",
    "]: ",
    "\u0000",
    "\u202e",
  );
  const text = fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }).map((all) => all.join(""));
  await fc.assert(fc.asyncProperty(text, async (text) => assertHarmless(await render(text), text)));
});

Deno.test("renderMarkdown() keeps plain text as it is", async () => {
  const html = await renderMarkdown({ text: "*a* <b>\n  c", isMarkdown: false });
  assert.equal(html, "<pre>*a* &lt;b&gt;\n  c</pre>\n");
});

Deno.test("renderMarkdown() gives no more than some times what it is given", async (context) => {
  const size = 128 * 1024;
  const fill = (part: string) => part.repeat(size / part.length);
  const texts: Readonly<Record<string, string>> = {
    "an address that is used everywhere": `[a]: https://b.c/${"d".repeat(1900)}\n\n${fill("[a] ")}`,
    "a long address": `[a]: https://b.c/${fill("d")}\n\n${fill("[a] ")}`,
    "a wide table": `${fill("|a")}|\n${fill("|-")}|\n${fill("|\n")}`,
    "quotes": fill('"'),
    "pictures": fill("![a](https://b.c)"),
  };
  for (const [name, text] of Object.entries(texts)) {
    await context.step(name, async () => {
      const html = await render(text);
      assert.ok(html.length <= 8 * text.length, `${html.length} of ${text.length}`);
      assertHarmless(html.slice(0, html.lastIndexOf(">") + 1), name);
    });
  }
});

Deno.test("renderMarkdown() comes to an end with what is nested and never closed", async (context) => {
  const parts: Readonly<Record<string, string>> = {
    "emphasis": "*a **b ",
    "emphasis that closes": "*a_ ",
    "brackets": "[",
    "pictures": "![[",
    "quotes": "> ",
    "lists": "- ",
    "links that do not end": "[a](",
    "code": "`a",
    "tags that do not end": "<a ",
  };
  for (const [name, part] of Object.entries(parts)) {
    await context.step(name, async () => {
      const text = part.repeat(32 * 1024 / part.length);
      assertHarmless(await render(text), name);
    });
  }
});

Deno.test("renderMarkdown() loses nothing of what is nested deeply, nor of what comes after it", async (context) => {
  for (const [name, part] of Object.entries({ quotes: "> ", lists: "- ", numbers: "1. " })) {
    for (const depth of [5, 40, 49, 50, 60, 98, 99, 100, 101, 1000]) {
      await context.step(`${name}, ${depth}`, async () => {
        const html = await render(`# Before\n\n${part.repeat(depth)}within\n\nafter\n`);
        for (const word of ["Before", "within", "after"]) assert.ok(html.includes(word), word);
        if (depth < 49) assert.match(html, /^<h1>Before/);
        if (depth > 100) assert.match(html, /^<pre># Before/);
      });
    }
  }
});
