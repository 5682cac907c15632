/** The JSON of a server, over HTTP: the same as that of the commands. */
import assert from "node:assert/strict";
import { Home } from "../../cli/support.ts";
import { safetensors } from "../../model/facts/support.ts";
import { build, serveHome } from "./support.ts";

const FILES = {
  "config.json": '{"model_type":"llama","num_hidden_layers":2}',
  "README.md": "---\nlicense: mit\n---\n# Tiny\n",
  "model.safetensors": safetensors({
    "a.weight": { dtype: "F32", shape: [2, 3], width: 4 },
    "b.weight": { dtype: "F32", shape: [4], width: 4 },
  }),
};

Deno.test("a model is described as inspect describes it, by name and by digest", async () => {
  await using home = await Home.open();
  await build(home, "localhost/team/tiny:v1", FILES);
  await using server = await serveHome(home);
  const flags = ["--json", "--card", "--files"];
  const card = JSON.parse(await home.done("inspect", "localhost/team/tiny:v1", ...flags));
  const byTag = await server.json("/_/model", { repository: "team/tiny", reference: "v1" });
  const more = { kind: "model", fileCount: 3, tags: ["v1"] };
  assert.deepEqual(byTag, { ...card, ...more, reference: "team/tiny:v1" });
  const { digest } = card;
  const byDigest = await server.json("/_/model", { repository: "team/tiny", reference: digest });
  assert.deepEqual(byDigest, { ...byTag, reference: `team/tiny@${digest}` });
  const whole = await server.json("/_/model", {
    repository: "localhost/team/tiny",
    reference: "v1",
  });
  assert.deepEqual(whole, { ...byTag, reference: "localhost/team/tiny:v1" });
});

Deno.test("what a tag named before is told as inspect tells it", async () => {
  await using home = await Home.open();
  await build(home, "localhost/team/tiny:v1", FILES);
  const asked = { repository: "team/tiny", reference: "v1" };
  const before = await home.done("inspect", "localhost/team/tiny:v1", "--json", "--card");
  await build(home, "localhost/team/tiny:v1", { ...FILES, "README.md": "# Another\n" });
  await using server = await serveHome(home);
  const { earlier, digest } = await server.json("/_/model", asked);
  assert.deepEqual(earlier.map((each: { digest: string }) => each.digest), [
    JSON.parse(before).digest,
  ]);
  const after = await home.done("inspect", "localhost/team/tiny:v1", "--json", "--card");
  assert.deepEqual(JSON.parse(after).earlier, earlier);
  const byDigest = await server.json("/_/model", { ...asked, reference: digest });
  assert.equal(byDigest.earlier, undefined);
  const old = await server.json("/_/model", { ...asked, reference: earlier[0].digest });
  assert.equal(old.digest, JSON.parse(before).digest);
});

Deno.test("tensors are listed as inspect lists them", async () => {
  await using home = await Home.open();
  await build(home, "localhost/team/tiny:v1", FILES);
  await using server = await serveHome(home);
  const asked = { repository: "localhost/team/tiny", reference: "v1" };
  const listed = JSON.parse(
    await home.done("inspect", "localhost/team/tiny:v1", "--json", "--tensors"),
  );
  assert.deepEqual(await server.json("/_/tensors", asked), { ...listed, tensorCount: 2 });
});

Deno.test("repositories are found by words of their names, page by page", async () => {
  await using home = await Home.open();
  const names = ["team/qwen-chat", "team/qwen-base", "other/qwen-chat"];
  for (const name of names) await build(home, `localhost/${name}:v1`, FILES);
  await home.done("tag", "localhost/team/qwen-chat:v1", "localhost/team/qwen-chat:v2");
  await using server = await serveHome(home);
  assert.deepEqual(await server.json("/_/repositories"), {
    repositories: [
      { name: "other/qwen-chat", tags: 1 },
      { name: "team/qwen-base", tags: 1 },
      { name: "team/qwen-chat", tags: 2 },
    ],
    total: 3,
  });
  const found = await server.json("/_/repositories", { search: "CHAT  team" });
  assert.deepEqual(found, { repositories: [{ name: "team/qwen-chat", tags: 2 }], total: 1 });
  const first = await server.json("/_/repositories", { search: "qwen", n: "2" });
  assert.deepEqual([first.total, first.next], [3, "team/qwen-base"]);
  const rest = await server.json("/_/repositories", { search: "qwen", n: "2", last: first.next });
  assert.deepEqual(rest, { repositories: [{ name: "team/qwen-chat", tags: 2 }], total: 3 });
});

Deno.test("tags are listed with what they name, the newest first", async () => {
  await using home = await Home.open();
  await build(home, "localhost/team/tiny:v1", FILES);
  await using server = await serveHome(home);
  const { repository, tags, total } = await server.json("/_/tags", { repository: "team/tiny" });
  assert.deepEqual([repository, total], ["team/tiny", 1]);
  assert.deepEqual([tags[0].tag, tags[0].kind], ["v1", "model"]);
});

Deno.test("parameters that are wrong are refused in words", async (context) => {
  await using home = await Home.open();
  await using server = await serveHome(home);
  const wrong: readonly (readonly [path: string, words: RegExp])[] = [
    ["/_/repositories?serach=x", /A parameter is unknown: there are only search, n, last/],
    ["/_/repositories?n=0", /from 1 to 1000/],
    ["/_/repositories?n=1001", /from 1 to 1000/],
    ["/_/repositories?n=1e2", /from 1 to 1000/],
    ["/_/repositories?search=a&search=b", /given twice/],
    [`/_/repositories?search=${"a".repeat(1001)}`, /more than 1000 characters/],
    ["/_/tags", /repository is missing/],
    ["/_/tags?repository=..%2Fetc", /can be no name/],
    ["/_/tags?repository=%3Cb%3E", /can be no name/],
    ["/_/model?repository=a", /reference is missing/],
    ["/_/model?repository=a&reference=%3Cscript%3E", /neither a tag nor a digest/],
    ["/_/tensors?repository=a&reference=sha256:12", /neither a tag nor a digest/],
    ["/_/readme?repository=a&reference=", /neither a tag nor a digest/],
  ];
  for (const [path, words] of wrong) {
    await context.step(path.slice(0, 60), async () => {
      const { status, text, headers } = await server.ask(path);
      assert.equal(status, 400);
      assert.match(text, words);
      assert.doesNotMatch(text, /serach|etc|script|aaaa/);
      assert.equal(headers.get("content-type"), "application/json");
    });
  }
});

Deno.test("paths of the API are for reading, and say so", async () => {
  await using home = await Home.open();
  await using server = await serveHome(home);
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    const { status, headers } = await server.ask("/_/repositories", { method });
    assert.deepEqual([status, headers.get("allow")], [405, "GET, HEAD"]);
  }
  assert.equal((await server.ask("/_/nothing")).status, 404);
  assert.equal((await server.ask("/_/tags?repository=none")).status, 404);
  assert.equal((await server.ask("/_/model?repository=none&reference=v1")).status, 404);
});

Deno.test("an answer has a tag, and is not sent again to who knows it", async () => {
  await using home = await Home.open();
  await build(home, "localhost/team/tiny:v1", FILES);
  await using server = await serveHome(home);
  const { digest } = await server.json("/_/model", { repository: "team/tiny", reference: "v1" });
  const paths = {
    "/_/repositories": "private, no-cache",
    "/_/tags?repository=team/tiny": "private, no-cache",
    "/_/model?repository=team/tiny&reference=v1": "private, no-cache",
    [`/_/model?repository=team/tiny&reference=${digest}`]: "private, no-cache",
    "/_/readme?repository=team/tiny&reference=v1": "private, no-cache",
    [`/_/readme?repository=team/tiny&reference=${digest}`]: "private, max-age=86400, immutable",
    [`/_/tensors?repository=team/tiny&reference=${digest}`]: "private, max-age=86400, immutable",
  };
  for (const [path, caching] of Object.entries(paths)) {
    const first = await server.ask(path);
    assert.deepEqual([first.status, first.headers.get("cache-control")], [200, caching], path);
    const etag = first.headers.get("etag") ?? "";
    const again = await server.ask(path, { headers: { "if-none-match": etag } });
    assert.deepEqual([again.status, again.text, again.headers.get("etag")], [304, "", etag]);
    const head = await server.ask(path, { method: "HEAD" });
    assert.deepEqual([head.status, head.text, head.headers.get("etag")], [200, "", etag]);
    assert.equal(head.headers.get("content-length"), first.headers.get("content-length"));
  }
  assert.equal((await server.ask("/_/tags")).headers.get("cache-control"), "no-store");
});

Deno.test("what is pushed, tagged and removed is in the next answer", async () => {
  await using home = await Home.open();
  await build(home, "localhost/team/one:v1", FILES);
  await using server = await serveHome(home);
  const names = async (search = "") => {
    const { repositories } = await server.json("/_/repositories", { search });
    return repositories.map(({ name, tags }: Record<string, unknown>) => `${name} ${tags}`);
  };
  assert.deepEqual(await names(), ["team/one 1"]);
  await home.done("tag", "localhost/team/one:v1", "localhost/team/one:v2");
  await home.done("tag", "localhost/team/one:v1", "localhost/team/one/nested:v1");
  assert.deepEqual(await names(), ["team/one 2", "team/one/nested 1"]);
  assert.deepEqual(await names("NEST"), ["team/one/nested 1"]);
  const { tags } = await server.json("/_/model", { repository: "team/one", reference: "v1" });
  assert.deepEqual(tags, ["v2", "v1"]);
  await home.done("rm", "localhost/team/one:v1");
  await home.done("rm", "localhost/team/one/nested:v1");
  assert.deepEqual(await names(), ["team/one 1", "team/one/nested 0"]);
  assert.deepEqual(await server.json("/_/tags", { repository: "team/one/nested" }), {
    repository: "team/one/nested",
    tags: [],
    total: 0,
    warnings: [],
  });
  const gone = await server.ask("/_/model?repository=team/one&reference=v1");
  assert.equal(gone.status, 404);
});

Deno.test("the README is rendered, without its front matter", async () => {
  await using home = await Home.open();
  await build(home, "localhost/team/tiny:v1", FILES);
  const { "README.md": _, ...others } = FILES;
  await build(home, "localhost/team/silent:v1", others);
  await build(home, "localhost/team/plain:v1", { ...others, "README.txt": "*a* <b>" });
  await build(home, "localhost/team/packed:v1", FILES, "--raw=false", "--compression", "gzip");
  await build(home, "localhost/team/long:v1", { ...others, "README.md": "# A\n".repeat(50_000) });
  await using server = await serveHome(home);
  const readme = (name: string) =>
    server.json("/_/readme", { repository: `team/${name}`, reference: "v1" });
  const tiny = { path: "README.md", html: "<h1>Tiny</h1>\n", truncated: false };
  assert.deepEqual(await readme("tiny"), tiny);
  assert.deepEqual(await readme("packed"), tiny);
  assert.equal((await readme("plain")).html, "<pre>*a* &lt;b&gt;</pre>\n");
  const long = await readme("long");
  assert.equal(long.truncated, true);
  assert.match(long.html, /^<h1>A<\/h1>\n<h1>A<\/h1>/);
  const none = await server.ask("/_/readme?repository=team/silent&reference=v1");
  assert.equal(none.status, 404);
  assert.match(none.text, /The model has no README/);
});
