/** Who may ask for the JSON of a server: whoever may pull. */
import assert from "node:assert/strict";
import { textResponse } from "../../../src/server/documents.ts";
import { createRegistryHandler } from "../../../src/server/handler.ts";
import { withPaths } from "../../../src/server/paths.ts";
import { memoryCatalog } from "../../../src/oci/memory_store.ts";
import { Home } from "../../cli/support.ts";
import { pushModel, scriptedRegistry } from "../../support/scripted_registry.ts";
import { tempFolder } from "../../support/temp.ts";
import { build, serveFolder, serveHome } from "./support.ts";

/** The bcrypt hash of "correct horse", at the lowest cost. */
const HASH = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
const ADA = { authorization: `Basic ${btoa("ada:correct horse")}` };

const PATHS = [
  "/_/repositories",
  "/_/tags?repository=team/a",
  "/_/model?repository=team/a&reference=v1",
  "/_/tensors?repository=team/a&reference=v1",
  "/_/readme?repository=team/a&reference=v1",
];

Deno.test("who needs a password to pull needs it to look", async () => {
  await using home = await Home.open();
  await build(home, "localhost/team/a:v1", { "README.md": "# A", "model.bin": "a" });
  const htpasswd = await home.folder.write("users", `ada:${HASH}\n`);
  await using closed = await serveHome(home, { htpasswd });
  for (const path of PATHS) {
    const { status, headers } = await closed.ask(path);
    assert.deepEqual([status, headers.get("www-authenticate")], [401, 'Basic realm="modelops"']);
    assert.equal((await closed.ask(path, { headers: ADA })).status, 200, path);
  }
  await using open = await serveHome(home, { htpasswd, anonymous: "pull" });
  for (const path of PATHS) {
    assert.equal((await open.ask(path)).status, 200, path);
    const wrong = { authorization: `Basic ${btoa("ada:wrong")}` };
    assert.equal((await open.ask(path, { headers: wrong })).status, 401);
  }
});

Deno.test("pages of other sites are refused, and so are foreign names of this machine", async () => {
  await using folder = await tempFolder();
  await using server = await serveFolder(folder.path);
  const { hostname, port } = new URL(server.url);
  const foreign = [
    "sec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document",
    "sec-fetch-site: same-site",
    "origin: http://evil.test",
  ].map((header) => `host: ${hostname}:${port}\r\n${header}`);
  for (const path of ["/_/repositories", "/_/tags?repository=a"]) {
    for (const headers of [...foreign, "host: evil.test"]) {
      using connection = await Deno.connect({ hostname, port: Number(port) });
      const request = `GET ${path} HTTP/1.1\r\n${headers}\r\nconnection: close\r\n\r\n`;
      await connection.write(new TextEncoder().encode(request));
      const answer = await new Response(connection.readable).text();
      assert.match(answer, /^HTTP\/1\.1 403 /, headers);
    }
  }
});

Deno.test("a link of another site may lead to a page, and nothing of that site may read it", async () => {
  const registry = createRegistryHandler(memoryCatalog());
  const handle = withPaths(registry, {
    "/": { isPage: true, answer: () => textResponse("page") },
    "/_/data": { answer: () => textResponse("data") },
  }, {});
  const status = async (path: string, headers: Record<string, string>, method = "GET") =>
    (await handle(new Request(`http://localhost${path}`, { method, headers }))).status;
  const link = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
  };
  assert.equal(await status("/", link), 200);
  assert.equal(await status("/", { ...link, "sec-fetch-dest": "iframe" }), 403);
  assert.equal(await status("/", { ...link, "sec-fetch-mode": "no-cors" }), 403);
  assert.equal(await status("/", { ...link, origin: "http://evil.test" }), 403);
  assert.equal(await status("/", link, "POST"), 403);
  assert.equal(await status("/_/data", link), 403);
  assert.equal(await status("/_/data", { "sec-fetch-site": "same-origin" }), 200);
});

Deno.test("hosts that differ on a tag are named, and each can be asked for", async () => {
  await using home = await Home.open();
  for (const host of ["one.test", "two.test"]) {
    await build(home, `${host}/team/a:v1`, { "README.md": `# ${host}`, "model.bin": host });
    await build(home, `${host}/team/a:${host}`, { "model.bin": host });
  }
  await using server = await serveHome(home);
  const { status, text } = await server.ask(PATHS[2]!);
  assert.equal(status, 404);
  assert.match(text, /Several hosts have team\/a:v1.*one\.test\/team\/a.*two\.test\/team\/a/);
  const { tags, total, warnings } = await server.json("/_/tags", { repository: "team/a" });
  assert.deepEqual(tags.map(({ tag }: { tag: string }) => tag).sort(), ["one.test", "two.test"]);
  assert.deepEqual([total, warnings.length], [3, 1]);
  const one = { repository: "one.test/team/a", reference: "v1" };
  assert.equal((await server.json("/_/readme", one)).html, "<h1>one.test</h1>\n");
});

Deno.test("a look at what a cache keeps fetches nothing from its upstream", async () => {
  await using upstream = scriptedRegistry();
  await pushModel(upstream, { "large.bin": new Uint8Array(9), "README.md": new Uint8Array(9) });
  await using folder = await tempFolder();
  await using cache = await serveFolder(folder.path, { upstream: `http://${upstream.host}` });
  assert.deepEqual(await cache.json("/_/repositories"), {
    repositories: [],
    total: 0,
    readOnly: true,
  });
  const name = upstream.scripted((_request, pass) => pass()).replace(/^.*\//, "");
  const { config } = JSON.parse((await cache.ask(`/v2/${name}/manifests/v1`)).text);
  await cache.ask(`/v2/${name}/blobs/${config.digest}`);
  upstream.ledger.length = 0;
  const { repositories } = await cache.json("/_/repositories");
  assert.deepEqual(repositories, [{ name, tags: 1 }]);
  const tags = await cache.ask(`/_/tags?repository=${name}`);
  const model = await cache.ask(`/_/model?repository=${name}&reference=v1`);
  const readme = await cache.ask(`/_/readme?repository=${name}&reference=v1`);
  assert.deepEqual([tags.status, model.status, readme.status], [200, 200, 404]);
  assert.deepEqual(upstream.ledger, []);
});
