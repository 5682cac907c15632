/** The page without a mouse, in narrow windows, and in both themes. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { serveSamples } from "./sample.ts";
import { browserTests, keepPicture } from "./support.ts";

/** The words of what has the focus. */
const focused = (page: Page) =>
  page.evaluate(
    "document.activeElement.title || document.activeElement.id || document.activeElement.textContent",
  );

browserTests("the page fits everybody", serveSamples, {
  async "a model is found, opened and left by keys alone"({ open }) {
    await using shown = await open();
    const { page } = shown;
    await page.getByRole("link", { name: "team/llama" }).waitFor();
    await page.keyboard.press("/");
    assert.equal(await focused(page), "search");
    await page.keyboard.type("s");
    await page.getByText("3 found").waitFor();
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(page), "search/bge-small");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(page), "speech/whisper");
    await page.keyboard.press("End");
    assert.equal(await focused(page), "vision/siglip");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "vision/siglip" }).waitFor();
    assert.equal(await focused(page), "main");
    await page.keyboard.press("Escape");
    assert.equal(await focused(page), "vision/siglip");
    await page.keyboard.press("Escape");
    assert.equal(await focused(page), "search");
    await page.keyboard.press("Escape");
    await page.getByText("4 repositories").first().waitFor();
  },

  async "tabs and the tree of tensors are gone through by arrows"({ open }) {
    await using shown = await open(`/?repository=team/llama&reference=v2`);
    const { page } = shown;
    await page.getByRole("tab", { name: "Overview" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.getByRole("treegrid").waitFor();
    assert.equal(await page.getByRole("tab", { selected: true }).innerText(), "Tensors\n63");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(page), "lm_head.weight\nmodel.safetensors");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(page), "model.layers.0 … 11");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(page), "model.layers.0");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await page.getByRole("row", { expanded: false }).count(), 1);
  },

  async "what has the focus is seen, and everything has a name"({ open }) {
    await using shown = await open(`/?repository=team/llama&reference=v2&view=files`);
    const { page } = shown;
    await page.getByRole("group", { name: "Files by size" }).waitFor();
    await page.locator("body").press("Tab");
    const reached: unknown[] = [];
    for (let count = 0; count < 40; count++) {
      const [name, outline] = await page.evaluate<[string, string]>(`(() => {
        const now = document.activeElement;
        const label = now.getAttribute("aria-label") ?? now.labels?.[0]?.textContent;
        return [label || now.title || now.textContent, getComputedStyle(now).outlineStyle];
      })()`);
      if (await page.evaluate("document.activeElement === document.body")) break;
      reached.push(name);
      assert.notEqual(outline, "none", `"${name}" shows no focus`);
      assert.notEqual(name, "");
      await page.keyboard.press("Tab");
    }
    assert.ok(reached.length > 10, `${reached.length} places`);
    const unnamed = await page.locator("button, a, input, select").evaluateAll((all) =>
      all.filter((one) => !one.textContent?.trim() && !one.getAttribute("aria-label")).length
    );
    assert.equal(unnamed, 0);
    for (const landmark of ["banner", "main", "navigation"] as const) {
      assert.equal(await page.getByRole(landmark).count(), 1, landmark);
    }
  },

  async "nothing is cut off in narrow windows, which show one thing at a time"({ open }) {
    for (const width of [320, 360, 800]) {
      await using shown = await open("/", { viewport: { width, height: 700 } });
      const { page } = shown;
      await page.getByRole("link", { name: "team/llama" }).click();
      assert.equal(await page.getByRole("navigation").count(), 0);
      for (const view of ["Overview", "Files", "Tensors", "Tags", "Referrers"]) {
        await page.getByRole("tab", { name: view }).click();
        await page.getByRole("tabpanel", { name: view }).locator("> *").first().waitFor();
        const wider = await page.evaluate<string[]>(`[document.documentElement,
          ...document.querySelectorAll("main, article, header, section")]
          .filter((part) => part.scrollWidth > part.clientWidth + 1)
          .map((part) => part.tagName + "." + part.className)`);
        assert.deepEqual(wider, [], `${view} at ${width}`);
        if (width === 360) await keepPicture(page, `narrow-${view.toLowerCase()}`);
      }
      await page.getByRole("link", { name: "Repositories", exact: true }).click();
      await page.getByRole("link", { name: "vision/siglip" }).waitFor();
    }
  },

  async "on paper there is the model alone, all of it, and dark on light"({ open }) {
    const options = { colorScheme: "dark", viewport: { width: 1280, height: 400 } } as const;
    await using shown = await open(`/?repository=team/llama`, options);
    const { page } = shown;
    await page.getByRole("region", { name: "README.md" }).waitFor();
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const [height, ink] = await page.evaluate<[number, string]>(
      "[document.documentElement.scrollHeight, getComputedStyle(document.querySelector('h1')).color]",
    );
    assert.ok(height > 800, `${height}`);
    assert.equal(ink, "rgb(27, 31, 35)");
    assert.equal(
      await page.locator("button, [role=tab], nav, .back").locator("visible=true").count(),
      0,
    );
    await page.getByText("Vocabulary").waitFor();
    await keepPicture(page, "print");
  },

  async "without scripts the page says so, and nothing that would do nothing is shown"({ open }) {
    await using shown = await open("/", { javaScriptEnabled: false });
    const { page } = shown;
    await page.locator("noscript p").first().waitFor();
    assert.equal(await page.locator("button, input, nav").locator("visible=true").count(), 0);
  },

  async "the theme is that of the system until another one is chosen, and stays then"({ open }) {
    const paper = (page: Page) =>
      page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
    await using shown = await open(`/?repository=team/llama`, { colorScheme: "dark" });
    const { page } = shown;
    await page.getByRole("complementary", { name: "Facts" }).waitFor();
    await keepPicture(page, "overview-dark");
    const dark = await paper(page);
    await page.getByRole("button", { name: "Theme: system" }).click();
    const light = await paper(page);
    assert.notEqual(light, dark);
    await page.reload();
    assert.equal(await paper(page), light);
    await page.getByRole("button", { name: "Theme: light" }).click();
    assert.equal(await paper(page), dark);
    await page.getByRole("button", { name: "Theme: dark" }).click();
    await page.emulateMedia({ colorScheme: "light" });
    assert.equal(await paper(page), light);
  },
});
