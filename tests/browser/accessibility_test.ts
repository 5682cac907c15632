/** The page as axe judges it: names, roles, order, contrast, and what keys reach. */
import assert from "node:assert/strict";
import axe from "axe-core";
import { serveSamples } from "./sample.ts";
import { browserTests } from "./support.ts";

const PATHS = [
  "/",
  "/?repository=team/llama",
  "/?repository=team/llama&view=files",
  "/?repository=team/llama&view=tensors",
  "/?repository=team/llama&view=tags",
  "/?repository=team/llama&view=referrers",
  "/?repository=team/nobody",
];

const RUN = `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
    [id, html, failureSummary].join(": "))))`;

browserTests("axe finds nothing to object to", serveSamples, {
  async "in wide and narrow windows, light and dark"({ open }) {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1280, 360]) {
        for (const path of PATHS) {
          await using shown = await open(path, { colorScheme, viewport: { width, height: 800 } });
          const { page } = shown;
          await page.getByText("4 repositories").first().waitFor({ state: "attached" });
          if (path !== "/") await page.locator(".panel > *, [role=alert]").first().waitFor();
          await page.getByRole("status", { name: "Loading" }).waitFor({ state: "detached" });
          await page.evaluate(axe.source);
          const found = await page.evaluate<string[]>(RUN);
          assert.deepEqual(found, [], `${path}, ${width}, ${colorScheme}`);
        }
      }
    }
  },
});
