/** The page of many repositories, of none, and of registries that refuse. */
import assert from "node:assert/strict";
import { hash } from "bcryptjs";
import { digestBytes } from "../../src/core/digest.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import type { ServeOptions } from "../../src/library/serve.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { serveHome } from "../server/page_api/support.ts";
import { browserTests, keepPicture, servePage } from "./support.ts";
import { Home } from "../cli/support.ts";

const MANY = 5000;

/** Serves five thousand repositories that share one small artifact. */
async function serveMany() {
  const catalog = memoryCatalog();
  const empty = new TextEncoder().encode("{}");
  const config = {
    mediaType: "application/vnd.oci.empty.v1+json",
    digest: digestBytes(empty),
    size: empty.byteLength,
  };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    mediaType,
    artifactType: "application/vnd.example",
    config,
    layers: [config],
  }));
  const descriptor = { mediaType, digest: digestBytes(manifest), size: manifest.byteLength };
  for (let number = 0; number < MANY; number++) {
    const store = catalog.repository(`team-${number % 50}/model-${`${number}`.padStart(4, "0")}`);
    await store.write(config, bytesSource(empty));
    await store.write(descriptor, bytesSource(manifest));
    await store.tag(descriptor, "v1");
  }
  return await servePage(catalog);
}

browserTests("the page of 5,000 repositories", serveMany, {
  async "draws what is seen, and reaches the last one"({ open }) {
    await using shown = await open();
    const { page } = shown;
    await page.getByRole("heading", { name: "5,000 repositories" }).waitFor();
    const rows = page.getByRole("listitem");
    assert.ok(await rows.count() < 60, `${await rows.count()} rows`);
    await rows.first().getByRole("link").focus();
    for (let shown = 500; shown <= MANY; shown += 500) {
      const last = page.locator(`[aria-posinset='${shown}']`);
      // The end is where it is once the next part has come.
      while (!await last.isVisible()) await page.keyboard.press("End");
    }
    const last = page.getByRole("link", { name: "team-9/model-4959" });
    await last.and(page.locator(":focus")).waitFor();
    assert.ok(await rows.count() < 80, `${await rows.count()} rows`);
    assert.deepEqual(shown.errors, []);
  },

  async "finds one among all, and no part of the page is long at work"({ open }) {
    await using shown = await open();
    const { page } = shown;
    await page.getByRole("heading", { name: "5,000 repositories" }).waitFor();
    await page.getByRole("searchbox").fill("model-4321");
    await page.getByText("1 found").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "team-21/model-4321" }).waitFor();
    await page.getByRole("complementary", { name: "Facts" }).getByText("application/vnd.example")
      .first().waitFor();
    // Every row that exists costs each change of the page: this is what keeps them few.
    assert.ok(await page.evaluate<number>("document.querySelectorAll('*').length") < 1500);
  },
});

/** Serves a store that nobody has pushed to. */
async function serveNothing(options: Partial<ServeOptions> = {}) {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(await Home.open());
  const server = stack.use(await serveHome(home, options));
  const kept = stack.move();
  return { url: server.url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

browserTests(
  "the page of an empty store that takes nothing",
  () => serveNothing({ readOnly: true }),
  {
    async "does not ask for a push"({ open }) {
      await using shown = await open();
      await shown.page.getByText("Nothing can be pushed here").waitFor();
      assert.equal(await shown.page.getByText("modelops push").count(), 0);
    },
  },
);

const REPOSITORIES = "**/_/repositories?*";

browserTests("the page without content", () => serveNothing(), {
  async "says how to push the first model, in narrow windows too"({ open, url }) {
    for (const width of [1280, 360]) {
      await using shown = await open("/", { viewport: { width, height: 700 } });
      const { page } = shown;
      await page.getByRole("heading", { name: "No models yet" }).waitFor();
      await page.getByText(`modelops push --plain-http ${new URL(url).host}/team/llama:v1`)
        .waitFor();
      await keepPicture(page, `empty-${width}`);
    }
  },

  async "says that it is waiting, and then what went wrong"({ open }) {
    await using shown = await open();
    const { page } = shown;
    let answer: (status: number) => void = () => {};
    await page.route(REPOSITORIES, async (route) => {
      const status = await new Promise<number>((resolve) => answer = resolve);
      if (status === 0) await route.abort();
      else await route.fulfill({ status, json: { errors: [{ code: "X", message: "Said so" }] } });
    });
    const asked = () => page.waitForRequest(REPOSITORIES);
    for (
      const [status, title] of [
        [0, "The registry does not answer"],
        [401, "A password is needed"],
        [403, "The registry refused"],
        [500, "Something went wrong"],
      ] as const
    ) {
      const asking = asked();
      await page.reload();
      await asking;
      await page.getByRole("status", { name: "Loading" }).waitFor();
      answer(status);
      const alert = page.getByRole("alert");
      await alert.getByText(title).waitFor();
      if (status !== 0) await alert.getByText("Said so").waitFor();
    }
    const asking = asked();
    await page.getByRole("button", { name: "Try again" }).click();
    await asking;
  },
});

/** Serves a store with a password. */
async function servePrivate() {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(await Home.open());
  const lowestCost = 4;
  const line = `anna:${await hash("secret", lowestCost)}\n`;
  const htpasswd = await home.folder.write("htpasswd", line);
  const server = stack.use(await serveHome(home, { htpasswd }));
  const kept = stack.move();
  return { url: server.url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

browserTests("the page of a registry with passwords", servePrivate, {
  async "is shown to its users"({ open }) {
    const httpCredentials = { username: "anna", password: "secret" };
    await using shown = await open("/", { httpCredentials });
    await shown.page.getByRole("heading", { name: "No models yet" }).waitFor();
  },

  async "and to nobody else"({ open, url }) {
    await using shown = await open("/", { httpCredentials: { username: "eve", password: "?" } });
    assert.equal(await shown.page.getByRole("heading").count(), 0);
    const { status, headers, body } = await fetch(`${url}/_/page.js`);
    await body?.cancel();
    assert.equal(status, 401);
    assert.match(headers.get("www-authenticate") ?? "", /^Basic /);
  },
});
