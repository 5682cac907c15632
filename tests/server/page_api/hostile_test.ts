/** Content that somebody made to do harm to who looks at it, and to the server that shows it. */
import assert from "node:assert/strict";
import { digestBytes } from "../../../src/core/digest.ts";
import { safetensors } from "../../model/facts/support.ts";
import { tempFolder } from "../../support/temp.ts";
import {
  CONFIG_TYPE,
  MANIFEST_TYPE,
  NO_LAYERS,
  type PushedFile,
  pusher,
  serveFolder,
} from "./support.ts";

const NAMES = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '"><svg onload=alert(1)>',
  "'-alert(1)-'",
  "</script><script>",
  "\u202egnp.exe",
  "\u2066a\u2069",
  "a\u0000b",
  "javascript:alert(1)",
  "__proto__",
  "constructor",
];

Deno.test("names of files and tensors are data, whatever they look like", async () => {
  await using folder = await tempFolder();
  await using server = await serveFolder(folder.path);
  const tensor = { dtype: "U8", shape: [1], width: 1 };
  const weights = safetensors(
    Object.fromEntries(NAMES.filter((name) => name !== "__proto__").map((name) => [name, tensor])),
  );
  const files = NAMES.map((name) => ({ path: `${name}.safetensors`, content: weights }));
  await pusher(server, "team/hostile").model("v1", files, {
    descriptor: { name: NAMES[0], description: NAMES[1], authors: NAMES },
  });
  const asked = { repository: "team/hostile", reference: "v1" };
  const model = await server.json("/_/model", asked);
  assert.deepEqual(model.files.map(({ path }: PushedFile) => path), files.map(({ path }) => path));
  assert.equal(model.facts.name, NAMES[0]);
  assert.deepEqual(model.source.authors, NAMES);
  const { tensors } = await server.json("/_/tensors", asked);
  const found = new Set(tensors.map(({ name }: { name: string }) => name));
  for (const name of NAMES) if (name !== "__proto__") assert.ok(found.has(name), name);
  for (const path of ["model", "tensors", "tags", "readme"]) {
    const query = new URLSearchParams(path === "tags" ? { repository: "team/hostile" } : asked);
    const { headers } = await server.ask(`/_/${path}?${query}`);
    assert.equal(headers.get("content-type"), "application/json");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.match(headers.get("content-security-policy") ?? "", /^default-src 'none'; sandbox/);
  }
});

Deno.test("a model of more files, tensors and words than anybody reads is cut, and says so", async () => {
  await using folder = await tempFolder();
  await using server = await serveFolder(folder.path);
  const push = pusher(server, "team/large");
  const count = 40_000;
  const tensors = Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`t${at}`, { dtype: "U8", shape: [1], width: 1 }]),
  );
  await push.model("tensors", [{ path: "a.safetensors", content: safetensors(tensors) }]);
  const listed = await server.json("/_/tensors", {
    repository: "team/large",
    reference: "tensors",
  });
  if (listed.unread.length === 0) {
    assert.equal(listed.tensorCount, count);
    assert.ok(listed.tensors.length > 1000 && listed.tensors.length < count);
  } else assert.deepEqual(listed.unread, ["a.safetensors"]);
  const layer = await push.blob("weights", "application/vnd.cncf.model.weight.v1.raw");
  const config = await push.blob(JSON.stringify(NO_LAYERS), CONFIG_TYPE);
  const layers = Array.from({ length: 12_000 }, (_, at) => ({
    ...layer,
    annotations: { "org.cncf.model.filepath": `folder/of/weights-${at}.safetensors` },
  }));
  await push.manifest("files", { config, layers });
  const answer = await server.ask("/_/model?repository=team/large&reference=files");
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.text.length < 1024 * 1024);
  const model = JSON.parse(answer.text);
  assert.equal(model.fileCount, layers.length);
  assert.ok(model.files.length > 1000 && model.files.length < layers.length);
  assert.ok(model.unread.length + model.warnings.length > 100);
  const words = { descriptor: { description: "a".repeat(2 * 1024 * 1024) } };
  await push.model("words", [{ path: "a.bin", content: "a" }], words);
  const refused = await server.ask("/_/model?repository=team/large&reference=words");
  assert.equal(refused.status, 400);
  assert.match(refused.text, /The description has more than 1048576 characters/);
});

Deno.test("documents that are broken, deep or large tell nothing, and the rest is shown", async (context) => {
  await using folder = await tempFolder();
  await using server = await serveFolder(folder.path);
  const documents: Readonly<Record<string, string | Uint8Array>> = {
    "deep": "[".repeat(100_000),
    "deep objects": '{"a":'.repeat(50_000) + "1" + "}".repeat(50_000),
    "large": `{"a":"${"b".repeat(3 * 1024 * 1024)}"}`,
    "cut": '{"model_type":"llama"',
    "no text": Uint8Array.of(0xff, 0xfe, 0xfd),
    "nothing": "",
  };
  const weights = safetensors({ a: { dtype: "F32", shape: [2], width: 4 } });
  for (const [name, content] of Object.entries(documents)) {
    await context.step(name, async () => {
      const repository = `team/${name.replace(" ", "-")}`;
      await pusher(server, repository).model("v1", [
        { path: "config.json", content },
        { path: "adapter_config.json", content },
        { path: "README.md", content },
        { path: "b.gguf", content },
        { path: "model.safetensors", content: weights },
      ]);
      const model = await server.json("/_/model", { repository, reference: "v1" });
      assert.equal(model.files.length, 5);
      const { tensors } = await server.json("/_/tensors", { repository, reference: "v1" });
      assert.deepEqual(tensors.map((tensor: { name: string }) => tensor.name), ["a"]);
      await server.json("/_/readme", { repository, reference: "v1" });
    });
  }
});

Deno.test("a model whose times are none is listed and described without them", async () => {
  await using folder = await tempFolder();
  await using server = await serveFolder(folder.path);
  const times = [
    "not a time",
    "99999-01-01T00:00:00Z",
    "0000-00-00",
    "2026-02-30T25:61:00Z",
    "\u0000",
  ];
  for (const [index, createdAt] of times.entries()) {
    const name = `team/t${index}`;
    await pusher(server, name).model("v1", [], { descriptor: { createdAt } });
    const { tags: [tag], warnings } = await server.json("/_/tags", { repository: name });
    assert.deepEqual([tag.tag, tag.createdAt, warnings], ["v1", undefined, []], createdAt);
    const model = await server.json("/_/model", { repository: name, reference: "v1" });
    assert.equal(model.kind, "model");
  }
});

Deno.test("what is no model says what it is", async () => {
  await using folder = await tempFolder();
  await using server = await serveFolder(folder.path);
  const push = pusher(server, "team/others");
  const image = "application/vnd.oci.image.config.v1+json";
  const layer = await push.blob("layer", "application/vnd.oci.image.layer.v1.tar", "<b>");
  await push.manifest("image", { config: await push.blob("{}", image), layers: [layer] });
  const found = await server.json("/_/model", { repository: "team/others", reference: "image" });
  const { digest, size, ...rest } = found;
  assert.match(digest, /^sha256:/);
  assert.ok(size > 0);
  assert.deepEqual(rest, {
    kind: "image",
    reference: "team/others:image",
    title: "a container image",
    mediaType: MANIFEST_TYPE,
    artifactType: image,
    files: [{ path: "<b>", mediaType: layer.mediaType, digest: layer.digest, size: layer.size }],
    fileCount: 1,
    tags: ["image"],
  });
  for (const path of ["tensors", "readme"]) {
    const { status, text } = await server.ask(`/_/${path}?repository=team/others&reference=image`);
    assert.equal(status, 404);
    assert.match(text, /The artifact is no model/);
  }
});

Deno.test("content that is not here, or damaged, is left out, and no path of the machine is told", async () => {
  await using folder = await tempFolder();
  await using server = await serveFolder(folder.path, { sparse: true });
  const push = pusher(server, "team/broken");
  const weights = safetensors({ a: { dtype: "F32", shape: [2], width: 4 } });
  const here = await push.blob(
    weights,
    "application/vnd.cncf.model.weight.v1.raw",
    "a.safetensors",
  );
  const config = await push.blob(JSON.stringify(NO_LAYERS), CONFIG_TYPE);
  const digest = digestBytes(new TextEncoder().encode("elsewhere"));
  const annotations = { "org.cncf.model.filepath": "b.safetensors" };
  await push.manifest("v1", { config, layers: [here, { ...here, digest, annotations }] });
  const asked = { repository: "team/broken", reference: "v1" };
  assert.deepEqual((await server.json("/_/model", asked)).unread, ["b.safetensors"]);
  const tensors = await server.ask(`/_/tensors?${new URLSearchParams(asked)}`);
  assert.deepEqual(JSON.parse(tensors.text).unread, ["b.safetensors"]);
  const { digest: manifest } = JSON.parse(tensors.text);
  const hex = manifest.slice("sha256:".length);
  const blob = folder.join("content.v1/docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex);
  await Deno.writeTextFile(`${blob}/data`, "damaged");
  for (const path of ["model", "tensors", "readme", "tags"]) {
    const query = new URLSearchParams(path === "tags" ? { repository: "team/broken" } : asked);
    const { status, text } = await server.ask(`/_/${path}?${query}`);
    assert.equal(status, path === "tags" ? 200 : 500);
    assert.match(text, path === "tags" ? /Skipped v1: The stored content is damaged/ : /damaged/);
    assert.ok(!text.includes(folder.path), text);
  }
});
