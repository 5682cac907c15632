import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { readPort } from "../../scripts/docs_serve.ts";
import { staticFiles } from "../../scripts/static_files.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("the documentation is served by its files' names, and a folder by its index", async () => {
  await using folder = await tempFolder();
  await folder.write("api/index.html", "<p>index");
  await folder.write("api/page.css", "p {}");
  await folder.write("secret.html", "secret");
  const answer = staticFiles(pathToFileURL(`${folder.join("api")}/`));
  const ask = async (path: string) => {
    const response = await answer(new Request(`http://localhost${path}`));
    return [response.status, response.headers.get("content-type"), await response.text()];
  };
  assert.deepEqual(await ask("/"), [200, "text/html; charset=utf-8", "<p>index"]);
  assert.deepEqual(await ask("/page.css"), [200, "text/css; charset=utf-8", "p {}"]);
  const outside = ["/../secret.html", "/%2e%2e/secret.html", "/..%2fsecret.html", "/a%5c..%5cb.js"];
  for (const path of ["/missing.html", "/index", ...outside, "//secret.html"]) {
    assert.equal((await ask(path))[0], 404, path);
  }
});

Deno.test("a port is a number that a server can have", () => {
  assert.deepEqual(["0", "8080", "65535"].map(readPort), [0, 8080, 65535]);
  assert.deepEqual(
    ["", "-1", "65536", "80a", "1e3", "999999"].map(readPort),
    Array(6).fill(undefined),
  );
});
