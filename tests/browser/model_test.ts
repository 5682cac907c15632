/** A model in the browser: found, opened, looked at, and fetched. */
import assert from "node:assert/strict";
import { serveSamples } from "./sample.ts";
import { browserTests, keepPicture } from "./support.ts";

const LLAMA = "/?repository=team/llama&reference=v2";

browserTests("the page shows a model", serveSamples, {
  async "a repository is found by its words and opened by a click"({ open }) {
    await using shown = await open();
    const { page } = shown;
    await page.getByRole("heading", { name: "4 repositories" }).waitFor();
    await page.getByRole("searchbox", { name: "Search repositories" }).fill("LLAMA team");
    await page.getByText("1 found").waitFor();
    assert.equal(await page.getByRole("listitem").count(), 1);
    await page.getByRole("link", { name: "team/llama" }).click();
    await page.getByRole("heading", { level: 1, name: "team/llama" }).waitFor();
    assert.equal(new URL(page.url()).search, "?repository=team/llama");
    for (const fact of ["Apache-2.0", "text-generation", "bfloat16", "safetensors"]) {
      await page.getByLabel("In short").getByText(fact).waitFor();
    }
    assert.deepEqual([shown.errors, shown.foreign], [[], []]);
  },

  async "the overview has the README, what is in it, and the facts"({ open }) {
    await using shown = await open(LLAMA);
    const { page } = shown;
    await page.getByRole("region", { name: "README.md" })
      .getByRole("heading", { level: 2, name: "Llama, small" }).waitFor();
    await page.getByRole("cell", { name: "HellaSwag" }).waitFor();
    const facts = page.getByRole("complementary", { name: "Facts" });
    const said = await facts.innerText();
    for (const fact of ["team/llama-base", "LlamaForCausalLM", "8,192", "3,200", "Datasets"]) {
      assert.ok(said.includes(fact), `${fact} in ${said}`);
    }
    const link = page.getByRole("link", { name: "public text" });
    assert.equal(await link.getAttribute("href"), "https://example.com/text");
    assert.equal(await link.getAttribute("rel"), "noopener noreferrer nofollow");
    await keepPicture(page, "overview-light");
    assert.deepEqual([shown.errors, shown.foreign], [[], []]);
  },

  async "a command is copied by a click, for the tool that was chosen"({ open, url }) {
    await using shown = await open(LLAMA, { permissions: ["clipboard-read", "clipboard-write"] });
    const { page } = shown;
    const address = new URL(url).host;
    const copied = async (tool: string) => {
      await page.getByRole("button", { name: tool, exact: true }).click();
      await page.getByRole("button", { name: `Copy the command for ${tool}` }).click();
      await page.getByText("Copied", { exact: true }).waitFor();
      return await page.evaluate("navigator.clipboard.readText()");
    };
    assert.equal(
      await copied("modelops"),
      `modelops pull ${address}/team/llama:v2 --extract-dir ./llama`,
    );
    assert.equal(
      await copied("oras"),
      `oras copy --from-plain-http ${address}/team/llama:v2 --to-oci-layout ./llama:v2`,
    );
    assert.equal(
      await copied("skopeo"),
      `skopeo copy --src-tls-verify=false docker://${address}/team/llama:v2 oci:./llama:v2`,
    );
  },

  async "where the clipboard is closed the command is selected, and copied so"({ open }) {
    await using shown = await open(LLAMA);
    const { page } = shown;
    await page.getByRole("button", { name: "Copy the command for modelops" }).waitFor();
    // As on plain HTTP of another machine, which is no secure context.
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await page.evaluate("document.addEventListener('copy', () => globalThis.copies = 1)");
    await page.getByRole("button", { name: "Copy the command for modelops" }).click();
    await page.getByText("Copied", { exact: true }).waitFor();
    assert.match(await page.evaluate("String(getSelection())"), /^modelops pull /);
    assert.equal(await page.evaluate("globalThis.copies"), 1);
  },

  async "the treemap shows the files by size, and arrows go through it"({ open }) {
    await using shown = await open(`${LLAMA}&view=files`);
    const { page, panel } = shown;
    const map = panel.getByRole("group", { name: "Files by size" });
    const largest = map.getByRole("button", { name: /^model\.safetensors 1\.\d MiB, \d+%$/ });
    await largest.waitFor();
    assert.equal(await map.locator(".tile").count(), 7);
    const areas = await map.locator(".tile").evaluateAll((tiles) =>
      tiles.map((tile) => tile.getBoundingClientRect()).map(({ width, height }) => width * height)
    );
    assert.deepEqual(areas, areas.toSorted((a, b) => b - a));
    await largest.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await panel.getByRole("status").getByText("eval/questions.jsonl").waitFor();
    assert.equal(await panel.getByRole("table", { name: "Files" }).getByRole("row").count(), 8);
    await keepPicture(page, "files-light");
  },

  async "a file is downloaded with its own name, and is the file"({ open }) {
    await using shown = await open(`${LLAMA}&view=files`);
    const { page, panel } = shown;
    await panel.getByRole("button", { name: "config.json", exact: true }).click();
    const arriving = page.waitForEvent("download");
    await panel.getByRole("link", { name: "Download" }).click();
    const download = await arriving;
    assert.equal(download.suggestedFilename(), "config.json");
    const text = await Deno.readTextFile(await download.path());
    assert.equal(JSON.parse(text).model_type, "llama");
  },

  async "tensors are shown by layer, with their shapes and types"({ open }) {
    await using shown = await open(`${LLAMA}&view=tensors`);
    const { page, panel } = shown;
    const tree = panel.getByRole("treegrid", { name: "Tensors by layer" });
    await tree.getByRole("row", { name: /lm_head\.weight 3200 × 64 bfloat16 400\.0 KiB/ })
      .waitFor();
    const run = tree.getByRole("row", { name: /model\.layers\.0 … 11 12 layers alike/ });
    await run.click();
    await tree.getByRole("row", { name: /^model\.layers\.11 / }).click();
    await tree.getByRole("row", { name: /layers\.11\.mlp\.up_proj\.weight 256 × 64/ }).waitFor();
    await keepPicture(page, "tensors-light");
    await panel.getByRole("searchbox", { name: "Find a tensor" }).fill("k_proj");
    await panel.getByText("12 tensors").waitFor();
  },

  async "tags lead to what they name, and tell what is the same"({ open }) {
    await using shown = await open(`${LLAMA}&view=tags`);
    const { page, panel } = shown;
    const row = (tag: string) => panel.getByRole("row").filter({ hasText: tag });
    await row("latest").getByText("the same").waitFor();
    assert.equal(await row("v1").getByText("the same").count(), 0);
    await panel.getByRole("link", { name: "v1" }).click();
    await page.waitForURL(/reference=v1/);
    await page.getByRole("combobox", { name: "Tag" }).selectOption("v2");
    await page.waitForURL(/reference=v2/);
    await page.getByRole("region", { name: "README.md" }).waitFor();
  },

  async "a tag leads to what it named before"({ open }) {
    await using shown = await open(`${LLAMA}&view=tags`);
    const { page, panel } = shown;
    const table = panel.getByRole("table", { name: "What latest named before" });
    assert.equal(await table.count(), 0, "of v2, which named nothing else");
    await panel.getByRole("link", { name: "latest" }).click();
    await table.getByRole("link", { name: /^sha256:/ }).click();
    await page.waitForURL(/reference=sha256/);
    assert.equal(await table.count(), 0);
    await page.getByRole("tab", { name: /^Tags/ }).click();
    const v1 = panel.getByRole("row").filter({ hasText: "v1" });
    await v1.getByText("the same").waitFor();
  },

  async "an address leads to the same view again, and back goes back"({ open }) {
    await using shown = await open();
    const { page } = shown;
    await page.getByRole("link", { name: "team/llama" }).click();
    await page.getByRole("tab", { name: /^Tensors/ }).click();
    await page.getByRole("treegrid").waitFor();
    const address = page.url();
    await page.goBack();
    await page.getByRole("complementary", { name: "Facts" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "4 repositories" }).waitFor();
    await page.goto(address);
    await page.getByRole("treegrid").waitFor();
    assert.equal(await page.title(), "team/llama · Models");
  },
});
