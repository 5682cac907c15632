/** The page of `serve` in a real browser. @module */
import { fileURLToPath } from "node:url";
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { requireTool } from "../../scripts/services.ts";
import { descriptions } from "../../src/library/descriptions.ts";
import { createRegistryHandler, listen } from "../../src/server/mod.ts";
import { pagePaths } from "../../src/server/page/paths.ts";
import { pageApiPaths } from "../../src/server/page_api/paths.ts";
import { withPaths } from "../../src/server/paths.ts";
import type { Catalog } from "../../src/oci/store.ts";
import { e2eTest } from "../support/registry.ts";

/** A window of the browser, and what went on in it. */
export interface Watched extends AsyncDisposable {
  readonly page: Page;
  /** The view of the tab that is open. */
  readonly panel: Locator;
  /** What the page wrote to its console as an error, and what it threw. */
  readonly errors: readonly string[];
  /** Addresses that it asked for, the server's own aside. */
  readonly foreign: readonly string[];
}

/** What a test of the page has. */
export interface InBrowser {
  /** Base URL of the server. */
  readonly url: string;
  /** Opens a window at a path of the server. */
  open(path?: string, options?: BrowserContextOptions): Promise<Watched>;
}

/** Something that is served while tests look at it. */
export type Serving = AsyncDisposable & { readonly url: string };

/** Registers tests, by their names, that share a browser and what is served to it. */
export function browserTests(
  name: string,
  serve: () => Promise<Serving>,
  tests: Readonly<Record<string, (browser: InBrowser) => Promise<void>>>,
): void {
  e2eTest(name, { needs: ["chromium"] }, async (context) => {
    await using server = await serve();
    const browser = await chromium.launch({
      executablePath: requireTool("chromium"),
      // Root has no sandbox, and what is shown is ours.
      args: ["--no-sandbox", "--disable-gpu"],
    });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => browser.close());
    const { url } = server;
    for (const [title, test] of Object.entries(tests)) {
      const open: InBrowser["open"] = (path = "/", options) =>
        openWindow(browser, url + path, options);
      await context.step(title, () => test({ url, open }));
    }
  });
}

async function openWindow(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    colorScheme: "light",
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const errors: string[] = [];
  const foreign: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  context.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) foreign.push(request.url());
  });
  await page.goto(url);
  return {
    page,
    panel: page.getByRole("tabpanel"),
    errors,
    foreign,
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Serves a catalog with its page. */
export async function servePage(catalog: Catalog): Promise<Serving> {
  const handler = withPaths(createRegistryHandler(catalog), {
    ...pagePaths(),
    ...pageApiPaths(catalog, { describe: async () => descriptions }),
  }, {});
  return await listen(handler, { address: { hostname: "127.0.0.1", port: 0 } });
}

/** Where pictures of the page are kept for people to look at. */
const PICTURES = new URL("../../dist/screenshots/", import.meta.url);

/** Keeps a picture of a shown. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, PICTURES)) });
}
