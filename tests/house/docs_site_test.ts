import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync, inflateSync } from "node:zlib";
import { writeSite } from "../../scripts/docs_site.ts";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

/** The files of a site by their path in it. */
async function* pagesBelow(folder: string, prefix = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(folder, prefix))) {
    const path = prefix === "" ? name : `${prefix}/${name}`;
    if (isDirectory) yield* pagesBelow(folder, path);
    else yield path;
  }
}

/** The file that a link of a page leads to; nothing for one that leads elsewhere. */
function target(page: string, link: string): string | undefined {
  if (/^([a-z][a-z+.-]*:|#)/i.test(link)) return undefined;
  const { pathname } = new URL(link.replaceAll("&amp;", "&"), pathToFileURL(page));
  return decodeURIComponent(pathname);
}

e2eTest("the site has guides, commands and the library, and no link in it leads nowhere", {
  needs: ["typedoc"],
}, async () => {
  await using folder = await tempFolder();
  const site = folder.join("site");
  await writeSite(site);
  const files = await Array.fromAsync(pagesBelow(site));
  for (const page of ["docs_commands", "docs_serve", "docs_permissions", "CONTRIBUTING"]) {
    assert.ok(files.includes(`documents/${page}.html`), page);
  }
  assert.ok(files.includes("functions/mod.openModels.html"));

  const there = new Set(files.map((file) => join(site, file)));
  for (const file of files.filter((file) => file.endsWith(".html"))) {
    const page = join(site, file);
    for (
      const [, link = ""] of (await Deno.readTextFile(page)).matchAll(/ (?:href|src)="([^"]*)"/g)
    ) {
      const path = target(page, link);
      assert.ok(path === undefined || there.has(path) || path === `${site}/`, `${file}: ${link}`);
    }
  }

  const script = await Deno.readTextFile(join(site, "assets/search.js"));
  const [, packed = ""] = /"([A-Za-z0-9+/=]+)"/.exec(script) ?? [];
  const bytes = Uint8Array.fromBase64(packed);
  const index = new TextDecoder().decode(
    bytes[0] === 0x1f ? gunzipSync(bytes) : inflateSync(bytes),
  );
  for (const word of ["openModels", "docs/commands", "docs/modignore"]) {
    assert.ok(index.includes(word), `the search does not know ${word}`);
  }
});
