/** The files of the page, as the server has them. */
import assert from "node:assert/strict";
import { ASSETS, DOCUMENT } from "../../../src/server/page/assets.ts";
import { pagePaths } from "../../../src/server/page/paths.ts";
import { withPaths } from "../../../src/server/paths.ts";
import { CLIENT, pageFiles } from "../../support/page.ts";

const handle = withPaths(() => Promise.resolve(new Response("registry")), pagePaths(), {});

function ask(path: string, init?: RequestInit): Promise<Response> {
  return handle(new Request(`http://localhost${path}`, init));
}

Deno.test("every file of the client is served, as what it is", async () => {
  const files = await pageFiles();
  assert.ok(files.length > 20);
  assert.deepEqual(Object.keys(ASSETS).sort(), files);
  const types = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8" };
  for (const path of files) {
    const answer = await ask(`/_/${path}`);
    assert.equal(answer.status, 200);
    const ending = path.slice(path.lastIndexOf(".") + 1);
    const type = ending === "svg" ? "image/svg+xml" : types[ending as keyof typeof types];
    assert.equal(answer.headers.get("content-type"), type, path);
    assert.equal(await answer.text(), await Deno.readTextFile(new URL(path, CLIENT)), path);
  }
});

Deno.test("what the page names is there, and nothing of it is elsewhere", () => {
  const served = new Set(Object.keys(ASSETS).map((path) => `_/${path}`));
  const named = [...DOCUMENT.matchAll(/(?:href|src)="([^"#?]+)"/g)].map(([, path]) => path!);
  assert.ok(named.length >= 5);
  for (const path of named) assert.ok(served.has(path), path);
  for (const [path, text] of [["", DOCUMENT] as const, ...Object.entries(ASSETS)]) {
    const addresses = text.replace(/\/\*\*?[^]*?\*\//g, "").match(/https?:\/\/[^\s"'`]+/g) ?? [];
    const others = addresses.filter((one) => one !== "http://www.w3.org/2000/svg");
    assert.deepEqual(others, [], path);
  }
});

Deno.test("text becomes markup in one file, and nothing becomes code", () => {
  const markup = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|setHTML|DOMParser/;
  const code = /\beval\(|\bFunction\(|setTimeout\(\s*["'`]|import\(|setAttribute\(\s*["'`]on/;
  const found = Object.entries(ASSETS).filter(([, text]) => {
    const plain = text.replace(/\/\*[^]*?\*\//g, "");
    return markup.test(plain) || code.test(plain);
  });
  assert.deepEqual(found.map(([path]) => path), ["parts/readme.js"]);
  // Bundlers rewrite these, also where they are text: a form of the program would have another
  // page.
  const rewritten = /import\(|import\.meta|createRequire|"\.\/worker\.ts"|from\s*"node:/;
  for (const [path, text] of Object.entries(ASSETS)) assert.doesNotMatch(text, rewritten, path);
  assert.doesNotMatch(DOCUMENT, /<style|<script(?! (type="module" )?src="_\/)|\son\w+=|\sstyle=/);
});

Deno.test("browsers keep the page, and ask whether it is still the same", async () => {
  const first = await ask("/");
  const etag = first.headers.get("etag") ?? "";
  assert.equal(await first.text(), DOCUMENT);
  const again = await ask("/", { headers: { "if-none-match": etag } });
  assert.deepEqual([again.status, await again.text()], [304, ""]);
  const other = await ask("/", { headers: { "if-none-match": '"sha256:00"' } });
  assert.equal(other.status, 200);
  await other.body?.cancel();
  const head = await ask("/_/page.js", { method: "HEAD" });
  assert.deepEqual([head.status, head.body], [200, null]);
  assert.equal((await ask("/", { method: "POST" })).status, 405);
});

Deno.test("a link of another site leads to the page, and its scripts do not get its parts", async () => {
  const from = { "sec-fetch-site": "cross-site" };
  const link = { ...from, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  assert.equal((await ask("/?repository=a/b", { headers: link })).status, 200);
  assert.equal((await ask("/", { headers: { ...link, "sec-fetch-dest": "iframe" } })).status, 403);
  assert.equal((await ask("/_/page.js", { headers: from })).status, 403);
});

Deno.test("only what the page has itself may run in it", async () => {
  for (const path of ["/", "/_/page.js", "/_/icon.svg"]) {
    const answer = await ask(path);
    await answer.body?.cancel();
    const policy = answer.headers.get("content-security-policy") ?? "";
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
      assert.ok(policy.split("; ").includes(rule), `${rule} in ${policy}`);
    }
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  }
});
