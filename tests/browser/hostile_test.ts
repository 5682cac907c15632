/** Models that mean harm: what they say is shown, and nothing of it runs or leaks. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { Home } from "../cli/support.ts";
import { safetensors } from "../model/facts/support.ts";
import { build, serveHome } from "../server/page_api/support.ts";
import { browserTests, type Serving, type Watched } from "./support.ts";

/** Where harm would tell that it was done. */
const BEACON = "http://127.0.0.1:9/beacon";

const RUN = `globalThis.harm=1;fetch("${BEACON}")`;

/** Markup that would run or fetch something. */
const MARKUP = [
  `<script>${RUN}</script>`,
  `<img src="${BEACON}" onerror='${RUN}'>`,
  `<svg><script>${RUN}</script><a xlink:href="javascript:${RUN}"><text>x</text></a></svg>`,
  `<svg onload='${RUN}'></svg>`,
  `<math><mtext><table><mglyph><style><img src=x onerror='${RUN}'></style></table></math>`,
  `<iframe srcdoc="<script>parent.harm=1</script>"></iframe>`,
  `<iframe src="${BEACON}"></iframe>`,
  `<object data="${BEACON}"></object><embed src="${BEACON}">`,
  `<link rel="stylesheet" href="${BEACON}"><style>@import "${BEACON}";</style>`,
  `<p style="background:url(${BEACON})">styled</p>`,
  `<meta http-equiv="refresh" content="0;url=${BEACON}"><base href="${BEACON}/">`,
  `<form action="${BEACON}"><button>send</button></form>`,
  `<details open ontoggle='${RUN}'>x</details>`,
  `<video src="${BEACON}" onerror='${RUN}'></video><audio src="${BEACON}"></audio>`,
  `<template><script>${RUN}</script></template>`,
  `<noscript><p title="</noscript><img src=x onerror='${RUN}'>"></noscript>`,
  `<a href="javascript:${RUN}">run me</a>`,
  `<a href=" java\nscript:${RUN}">run me too</a>`,
  `<a href="data:text/html,<script>1</script>">and me</a>`,
  `<input autofocus onfocus='${RUN}'>`,
  `<svg><animate attributeName=href values="javascript:${RUN}"/><set onbegin='${RUN}'/></svg>`,
  `<svg><use href="data:image/svg+xml,<svg id=x onload='${RUN}'/>#x"/></svg>`,
  `<svg><foreignObject><iframe onload='${RUN}'></iframe></foreignObject></svg>`,
  `<svg></p><style><a id="</style><img src=x onerror='${RUN}'>">`,
  `<math><maction actiontype="statusline" xlink:href="javascript:${RUN}">x</maction></math>`,
  `<math><mi//xlink:href="data:x,<script>${RUN}</script>">`,
  `<form><math><mtext></form><form><mglyph><style></math><img src onerror='${RUN}'>`,
  `<!--><img src=x onerror='${RUN}'>--><![CDATA[><img src=x onerror='${RUN}'>]]>`,
  `<a href="&#106;avascript:${RUN}">call me</a><a href="//127.0.0.1:9/beacon" ping="${BEACON}">me</a>`,
  `<form id="main" name="getElementById"><input name="children"></form><a id="search">me</a>`,
  `<marquee onstart='${RUN}'>x</marquee><dialog open oncancel='${RUN}'>x</dialog>`,
  `<div popover id=p onbeforetoggle='${RUN}'>x</div><button popovertarget=p>x</button>`,
  `<img srcset="${BEACON} 1x"><picture><source srcset="${BEACON}"></picture><input type=image src="${BEACON}">`,
  `<body background="${BEACON}"><table background="${BEACON}"><td style="background:url(${BEACON})">x</table>`,
  `<style>@font-face{font-family:x;src:url(${BEACON})}*{font-family:x!important;display:none}</style>`,
].join("\n\n");

const MARKDOWN = `
[run me](javascript:${RUN})
[and me](<data:text/html,<script>1</script>>)
![seen](${BEACON}.png "a picture")
[ref]: ${BEACON}
<${BEACON}/followed>
[titled](https://example.com "\\"onmouseover='${RUN}' x=\\"")
![x](x "\\"><img src=x onerror='${RUN}'>")
[and me][run] [vb me](vbscript:${RUN}) [enc me](java&#x73;cript:${RUN}) <javascript:${RUN}>
[run]: javascript:${RUN}

| <b>a</b> | [run me](javascript:${RUN}) |
| --- | --- |
| <img src=x onerror='${RUN}'> | \`</code><script>${RUN}</script>\` |

\`\`\`"><script>${RUN}</script>
</code></pre><script>${RUN}</script>
\`\`\`
`;

/** A name that would be markup, without what no path may hold. */
const NAME = `<img src=x onerror=globalThis.harm=1>"'&amp;`;

/** Serves a model that is hostile in all that it can say. */
async function serveHostile(): Promise<Serving> {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(await Home.open());
  await build(home, "localhost/team/hostile:v1", {
    "README.md": `---\nlicense: "<script>globalThis.harm=1</script>"\n` +
      `pipeline_tag: '"><img src=x onerror=globalThis.harm=1>'\n---\n# Harm\n${MARKUP}\n${MARKDOWN}`,
    "config.json": JSON.stringify({ model_type: NAME, architectures: [NAME] }),
    [`${NAME}.txt`]: "text",
    [`${NAME}.py`]: "code",
    "model.safetensors": safetensors({
      [`${NAME}.weight`]: { dtype: "F32", shape: [2], width: 4 },
      "</script><script>globalThis.harm=1</script>": { dtype: "F32", shape: [2], width: 4 },
      // A plain key would be the prototype.
      ["__proto__"]: { dtype: "F32", shape: [2], width: 4 },
    }),
  });
  const server = stack.use(await serveHome(home));
  const kept = stack.move();
  return { url: server.url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Counts what the policy of the page had to stop, from the start of each document. */
async function countViolations(page: Page): Promise<void> {
  await page.addInitScript(
    "globalThis.stopped = []; document.addEventListener('securitypolicyviolation', " +
      "({ violatedDirective, blockedURI }) => stopped.push(violatedDirective + ' ' + blockedURI))",
  );
  await page.reload();
}

/** Nothing ran, nothing was asked of others, and the policy was not even needed. */
async function assertHarmless({ page, foreign, errors }: Watched): Promise<void> {
  assert.equal(await page.evaluate("globalThis.harm"), undefined);
  assert.deepEqual(await page.evaluate("stopped"), []);
  assert.deepEqual([foreign, errors], [[], []]);
}

const HOSTILE = "/?repository=team/hostile&reference=v1";

browserTests("a hostile model is shown and does nothing", serveHostile, {
  async "a README runs nothing and fetches nothing"({ open }) {
    await using shown = await open(HOSTILE);
    await countViolations(shown.page);
    const readme = shown.page.getByRole("region", { name: "README.md" });
    await readme.getByRole("heading", { name: "Harm" }).waitFor();
    for (const link of await readme.getByRole("link").all()) {
      assert.match(await link.getAttribute("href") ?? "", /^(https?|mailto):/);
    }
    assert.equal(
      await readme.locator("img, script, style, iframe, form, svg, [style], [onerror]").count(),
      0,
    );
    await assertHarmless(shown);
  },

  async "names of files and tensors, and facts, are text in every view"({ open }) {
    await using shown = await open(HOSTILE);
    const { page, panel } = shown;
    await countViolations(page);
    await page.getByLabel("In short").getByText(NAME).waitFor();
    await page.getByRole("tab", { name: /^Files/ }).click();
    await panel.getByRole("table").getByText(`${NAME}.txt`).click();
    await panel.getByRole("status").getByText(`${NAME}.txt`).waitFor();
    await page.getByRole("tab", { name: /^Tensors/ }).click();
    await panel.getByText(`${NAME}.weight`).waitFor();
    await panel.getByText("</script><script>globalThis.harm=1</script>").waitFor();
    await panel.getByText("__proto__").waitFor();
    for (const view of ["Tags", "Referrers"]) {
      await page.getByRole("tab", { name: view }).click();
      await panel.locator("> *").first().waitFor();
    }
    await assertHarmless(shown);
  },

  async "an address that names no repository says so, with its name as text"({ open }) {
    await using shown = await open("/");
    await countViolations(shown.page);
    for (const name of [NAME, "../../v2/_catalog", "<script>globalThis.harm=1</script>"]) {
      await shown.page.goto(
        `${new URL(shown.page.url()).origin}/?repository=${encodeURIComponent(name)}&view=files`,
      );
      await shown.page.getByRole("heading", { level: 1 }).getByText(name).waitFor();
      await shown.page.getByRole("alert").waitFor();
    }
    // The registry refused each, which browsers note.
    const refused = shown.errors.filter((text) => !/status of 40[04]/.test(text));
    await assertHarmless({ ...shown, errors: refused });
  },

  async "the page holds where a registry behind it does not sanitise"({ open }) {
    await using shown = await open("/");
    const { page } = shown;
    await page.route("**/_/readme?*", (route) =>
      route.fulfill({
        json: { path: NAME, html: `<h1>Raw</h1>${MARKUP}<p>after</p>`, truncated: false },
      }));
    await countViolations(page);
    await page.goto(new URL(HOSTILE, page.url()).href);
    const readme = page.getByRole("region", { name: NAME });
    await readme.getByText("after").waitFor();
    for (const link of await readme.getByText(/me/).all()) {
      assert.equal(await link.getAttribute("href"), null);
      await link.click();
    }
    assert.equal(await page.evaluate("globalThis.harm"), undefined);
    assert.deepEqual(shown.foreign, []);
    // The browser tells of what it does not make in the inert document; nothing else was tried.
    for (const stopped of await page.evaluate<string[]>("stopped")) {
      assert.match(stopped, /^(script-src-attr inline|style-src-(elem|attr) inline|base-uri) ?/);
    }
  },

  async "the policy stops what would be put into the page from outside of it"({ open }) {
    await using shown = await open("/");
    const { page } = shown;
    await countViolations(page);
    const tried = await page.evaluate<string[]>(`(async () => {
      const refused = [];
      const attempt = async (name, work) => {
        try { await work(); } catch { refused.push(name); }
      };
      await attempt("markup", () => { document.body.innerHTML = "<b>x</b>"; });
      await attempt("policy", () => trustedTypes.createPolicy("other", {}));
      await attempt("second policy", () => trustedTypes.createPolicy("readme", {}));
      await attempt("foreign", () => fetch("${BEACON}"));
      return refused;
    })()`);
    assert.deepEqual(tried, ["markup", "policy", "second policy", "foreign"]);
  },
});
