/**
 * `deno run -A scripts/page_picture.ts`: takes the picture of the page of `serve` that README shows,
 * of models that are built and served for it, into `docs/page.png`. It needs Chromium.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serveSamples } from "../tests/browser/sample.ts";
import { requireTool } from "./services.ts";

const PICTURE = fileURLToPath(new URL("../docs/page.png", import.meta.url));

await using server = await serveSamples();
const browser = await chromium.launch({
  executablePath: requireTool("chromium"),
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  await page.goto(`${server.url}/?repository=team/llama&reference=v2`);
  await page.getByRole("region", { name: "README.md" }).waitFor();
  await page.screenshot({ path: PICTURE });
} finally {
  await browser.close();
}
console.log(PICTURE);
