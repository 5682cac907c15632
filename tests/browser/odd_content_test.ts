/** Content that is odd rather than evil: large, unseen, or not of the form that the page knows. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { safetensors } from "../model/facts/support.ts";
import { pusher, serveFolder } from "../server/page_api/support.ts";
import { tempFolder } from "../support/temp.ts";
import { browserTests, keepPicture, type Serving } from "./support.ts";

/** Names as they are, and as they are shown. */
const NAMES: Readonly<Record<string, string>> = {
  "\u202egnp.exe": "\\u202egnp.exe",
  "model\u200b.bin": "model\\u200b.bin",
  "a\u2066b\u2069c": "a\\u2066b\\u2069c",
  "line\u2028end\u2029": "line\\u2028end\\u2029",
  "null\u0000\u0007": "null\\u0000\\u0007",
  "\ufeffmark": "\\ufeffmark",
  // What people write with these stays.
  "نموذج-模型-👩\u200d🔬": "نموذج-模型-👩\u200d🔬",
  "\"quotes' `and` \\\\": "\"quotes' `and` \\\\",
};

const CELLS = 100_000;

async function serveOdd(): Promise<Serving> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempFolder());
  const server = stack.use(await serveFolder(folder.path));
  const tensor = { dtype: "F32", shape: [2], width: 4 };
  const names = Object.keys(NAMES);
  await pusher(server, "team/unseen").model("v1", [
    ...names.map((path) => ({ path, content: path })),
    {
      path: "model.safetensors",
      content: safetensors(Object.fromEntries(names.map((name) => [name, tensor]))),
    },
  ], { descriptor: { name: names[0], authors: names, description: "Long. ".repeat(500) } });
  const half = `${"a".repeat(299)}👩 and so on`;
  await pusher(server, "team/half").model("v1", [], { descriptor: { description: half } });
  const readmes = {
    table: `# Table\n\n|${"a|".repeat(100)}\n|${"-|".repeat(100)}\n` +
      `|${"b|".repeat(100)}\n`.repeat(CELLS / 100),
    long: `# Long\n\n${"word ".repeat(1024 * 1024)}`,
    nested: `# Nested\n\n${">".repeat(20_000)} deep\n\n${"[".repeat(50_000)}\n\n${
      "*a_".repeat(50_000)
    }`,
    steps: `# Steps\n\n${"- ".repeat(40)}item\n\n${"> ".repeat(60)}said`,
    exact: "# Exact\n\nA \u200fmark. `rm\u202e -rf` [to\u2066 it](https://example.com) " +
      "![a\u200bb](https://example.com/c.png)\n\n```\nsudo\u200b make\n```\n",
  };
  for (const [name, content] of Object.entries(readmes)) {
    await pusher(server, `team/${name}`).model("v1", [{ path: "README.md", content }]);
  }
  const kept = stack.move();
  return { url: server.url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Whether the page can still be used: another view comes, and the list is there. */
async function assertUsable(page: Page): Promise<void> {
  await page.getByRole("tab", { name: /^Tags/ }).click();
  await page.getByRole("table", { name: "Tags, the newest first" }).waitFor();
  await page.getByRole("searchbox", { name: "Search repositories" }).fill("unseen");
  await page.getByText("1 found").waitFor();
}

browserTests("the page of odd content", serveOdd, {
  async "a name shows what nobody would see in it"({ open }) {
    for (const view of ["files", "tensors", "overview"]) {
      await using shown = await open(`/?repository=team/unseen&view=${view}`);
      const { page, panel } = shown;
      for (const text of Object.values(NAMES)) {
        await panel.getByText(text).locator("visible=true").first().waitFor();
      }
      const html = await page.content();
      assert.doesNotMatch(html, /[\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029\ufeff]/);
      if (view === "files") await keepPicture(page, "unseen-names");
      assert.deepEqual(shown.errors, []);
    }
    await using shown = await open(`/?repository=${encodeURIComponent("a\u202eb")}`);
    await shown.page.getByRole("heading", { name: "a\\u202eb" }).waitFor();
    assert.equal(await shown.page.title(), "a\\u202eb · Models");
  },

  async "what is copied or followed from a README is what it looks like"({ open }) {
    await using shown = await open("/?repository=team/exact");
    const readme = shown.page.getByRole("region", { name: "README.md" });
    const exact = ["rm\\u202e -rf", "sudo\\u200b make", "to\\u2066 it", "a\\u200bb"];
    for (const text of exact) await readme.getByText(text).waitFor();
    await readme.getByText("A \u200fmark.").waitFor();
  },

  async "steps in a README leave a narrow window as wide as it is"({ open }) {
    const options = { viewport: { width: 360, height: 700 } };
    await using shown = await open("/?repository=team/steps", options);
    const { page } = shown;
    await page.getByRole("region", { name: "README.md" }).getByText("said").waitFor();
    const wider = await page.evaluate<string[]>(`[document.documentElement,
      ...document.querySelectorAll("main, article, section")]
      .filter((part) => part.scrollWidth > part.clientWidth + 1)
      .map((part) => part.tagName + "." + part.className)`);
    assert.deepEqual(wider, []);
  },

  async "a long description leaves room for the rest, and is there whole"({ open }) {
    await using shown = await open("/?repository=team/unseen");
    const { page } = shown;
    const head = await page.locator(".described").innerText();
    assert.ok(head.length < 310 && head.endsWith("…"), head);
    const facts = await page.getByRole("complementary", { name: "Facts" }).innerText();
    assert.ok(facts.includes("Long. ".repeat(500).trim()));
    await page.goto(new URL("/?repository=team/half", page.url()).href);
    assert.equal(await page.locator(".described").innerText(), `${"a".repeat(299)}…`);
  },

  async "a README that is large, wide or deep is shown as far as it goes"({ open }) {
    for (const name of ["table", "long", "nested"]) {
      await using shown = await open(`/?repository=team/${name}`);
      const { page } = shown;
      const readme = page.getByRole("region", { name: "README.md" });
      // What is nested too deeply is shown as it was written.
      await (name === "nested"
        ? readme.getByText("# Nested")
        : readme.getByRole("heading", { name })).waitFor();
      const nodes = await page.evaluate<number>("document.querySelectorAll('.readme *').length");
      assert.ok(nodes < 20_000, `${nodes} elements of ${name}`);
      await page.getByText("README.md goes on: this is its beginning").waitFor();
      await assertUsable(page);
      assert.deepEqual(shown.errors, []);
    }
  },
});

/** Answers that are none, by what they are. */
const WRONG: Readonly<Record<string, unknown>> = {
  "a text": "<script>globalThis.harm=1</script>",
  "keys of other types": {
    repositories: 5,
    tags: "x",
    tensors: { length: 3 },
    kind: [],
    digest: {},
    html: ["<img src=x onerror=globalThis.harm=1>"],
    path: 1,
  },
  "items of other types": {
    repositories: [null, { name: { toString: "x" }, tags: [] }],
    tags: [1],
    tensors: [[]],
    total: "9",
    warnings: [{}],
    kind: "model",
    digest: "x",
    facts: [],
    files: [null],
  },
};

const PATHS = {
  repositories: "/",
  tags: "/?repository=team/table",
  model: "/?repository=team/table&reference=v1",
  tensors: "/?repository=team/table&reference=v1&view=tensors",
  readme: "/?repository=team/table&reference=v1",
};

browserTests("the page of a registry whose answers are of another form", serveOdd, {
  async "says so wherever it is, and goes on"({ open, url }) {
    for (const [name, path] of Object.entries(PATHS)) {
      await using shown = await open();
      const { page } = shown;
      let answer: Parameters<Awaited<Parameters<Parameters<Page["route"]>[1]>[0]>["fulfill"]>[0];
      await page.route(`**/_/${name}?*`, (route) => route.fulfill(answer));
      for (const [kind, json] of Object.entries(WRONG)) {
        answer = { json };
        await page.goto(url + path);
        const alert = page.getByRole("alert");
        await alert.getByText("The answer is not that of this registry").waitFor();
        assert.equal(await page.evaluate("globalThis.harm"), undefined, `${name}: ${kind}`);
      }
      for (const body of ['{"repositories":[{"na', "<html>Bad gateway</html>"]) {
        answer = { body, contentType: "application/json" };
        await page.goto(url + path);
        await page.getByRole("alert").getByText("The answer was cut off").waitFor();
      }
      await page.unroute(`**/_/${name}?*`);
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByRole("alert").waitFor({ state: "detached" });
      assert.deepEqual([shown.errors, shown.foreign], [[], []], name);
    }
  },
});
