/** What must never happen, one test each. */
import assert from "node:assert/strict";
import { wrapped } from "../../src/oci/wrapped.ts";
import { IntegrityError, InvalidInputError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { memoryStore } from "../../src/oci/memory_store.ts";
import type { ContentStore } from "../../src/oci/store.ts";
import { createModelBackend } from "../../src/model/backend.ts";
import { generateModelfile } from "../../src/model/modelfile/generate.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { tempFolder } from "../support/temp.ts";
import { build, fixture, MODELFILE, TARGET } from "./fixture.ts";

Deno.test("a build straight to the registry moves a tag that names something else", async () => {
  await using fx = await fixture();
  const workspace = await fx.workspace();
  await fx.backend.build(workspace, build({ outputRemote: true }));
  await Deno.writeTextFile(`${workspace}/README.md`, "# second\n");
  const second = await fx.backend.build(workspace, build({ outputRemote: true }));
  const first = await fx.backend.build(await fx.workspace("again"), build({ outputRemote: true }));
  assert.notEqual(first.digest, second.digest);
  const remote = fx.registry.repository("localhost:5000/demo");
  assert.equal((await remote.resolve("v1")).digest, first.digest, "back to the first");
});

/** A store whose layers have other bytes of the right size. */
function lyingStore(name: string): ContentStore {
  const store = memoryStore(name);
  return wrapped(store, {
    open: (descriptor, options) =>
      descriptor.mediaType.includes(".weight.v1.")
        ? bytesSource(new Uint8Array(descriptor.size)).open(options)
        : store.open(descriptor, options),
  });
}

Deno.test("a lying registry is found out on the first try, and on every later one", async () => {
  await using fx = await fixture();
  const lying = lyingStore("localhost:5000/demo");
  const honest = createModelBackend({
    catalog: diskCatalog(fx.folder.join("author")),
    connect: (): ContentStore => lying,
  });
  await honest.build(await fx.workspace(), build());
  await honest.push(TARGET);
  const extractDir = fx.folder.join("out");
  for (let attempt = 0; attempt < 3; attempt++) {
    const reader = createModelBackend({
      catalog: diskCatalog(fx.folder.join("reader")),
      connect: (): ContentStore => lying,
    });
    const pulling = reader.pull(TARGET, { extractDir, extractFromRemote: true });
    await assert.rejects(pulling, IntegrityError);
    await assert.rejects(Deno.stat(`${extractDir}/model.safetensors`), Deno.errors.NotFound);
    await assert.rejects(reader.pull(TARGET), IntegrityError);
  }
});

Deno.test("a target without a tag is refused by tag, and the listing is none the worse", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build());
  await assert.rejects(fx.backend.tag(TARGET, "localhost:5000/other"), InvalidInputError);
  const { models, warnings } = await fx.backend.list();
  assert.deepEqual([models.length, warnings], [1, []]);
});

Deno.test("a file that several patterns match is one layer", async () => {
  await using fx = await fixture();
  const modelfile = "MODEL *.safetensors\nMODEL model.safetensors\nMODEL model.*\n";
  const workspace = await fx.workspace("workspace", { Modelfile: modelfile });
  const { layers } = await fx.backend.build(workspace, build());
  assert.deepEqual(layers.map((layer) => layer.path), ["model.safetensors"]);
});

for (const head of [undefined, "ref: refs/heads/main\n", "garbage"]) {
  Deno.test(`a git folder without origin and commits does not fail a build (HEAD: ${head})`, async () => {
    await using fx = await fixture();
    const workspace = await fx.workspace();
    await Deno.mkdir(`${workspace}/.git`);
    if (head !== undefined) await Deno.writeTextFile(`${workspace}/.git/HEAD`, head);
    await fx.backend.build(workspace, build());
    const { config } = await fx.backend.inspect(TARGET);
    assert.equal(config.descriptor.revision, undefined);
  });
}

Deno.test("credentials of a git remote are never published", async () => {
  await using fx = await fixture();
  const workspace = await fx.workspace();
  await Deno.mkdir(`${workspace}/.git/refs/heads`, { recursive: true });
  await Deno.writeTextFile(`${workspace}/.git/HEAD`, "ref: refs/heads/main\n");
  await Deno.writeTextFile(`${workspace}/.git/refs/heads/main`, `${"ab".repeat(20)}\n`);
  await Deno.writeTextFile(
    `${workspace}/.git/config`,
    '[remote "origin"]\n\turl = https://me:s3cret@git.test/models/demo.git\n',
  );
  await fx.backend.build(workspace, build());
  const { config } = await fx.backend.inspect(TARGET);
  assert.equal(config.descriptor.sourceURL, "https://git.test/models/demo.git");
  // Git does not take this for a repository, and so cannot tell whether files were changed.
  assert.equal(config.descriptor.revision, undefined);
  assert.ok(!JSON.stringify(config).includes("s3cret"));
});

Deno.test("a source revision that is given counts, with and without a git folder", async () => {
  await using fx = await fixture();
  const workspace = await fx.workspace();
  for (const prepare of [() => {}, () => Deno.mkdir(`${workspace}/.git`)]) {
    await prepare();
    await fx.backend.build(workspace, build({ sourceRevision: "r1" }));
    assert.equal((await fx.backend.inspect(TARGET)).config.descriptor.revision, "r1");
  }
});

Deno.test("a data set becomes a layer of its kind, and comes back", async () => {
  await using fx = await fixture();
  const files = { "train.csv": "a,b\n", Modelfile: `${MODELFILE}DATASET train.csv\n` };
  const { layers } = await fx.backend.build(await fx.workspace("workspace", files), build());
  assert.equal(layers.at(-1)?.mediaType, "application/vnd.cncf.model.dataset.v1.raw");
  const output = fx.folder.join("out");
  await fx.backend.extract(TARGET, { output });
  assert.equal(await Deno.readTextFile(`${output}/train.csv`), "a,b\n");
});

Deno.test("a concurrency of 0 means the default, and nothing hangs", async () => {
  await using fx = await fixture();
  await fx.backend.build(await fx.workspace(), build({ concurrency: 0 }));
  await fx.backend.push(TARGET, { concurrency: 0 });
  const other = fx.open("other");
  await other.pull(TARGET, { concurrency: 0 });
  await other.extract(TARGET, { output: fx.folder.join("out"), concurrency: 0 });
});

Deno.test("nothing about the machine is sent to a registry", async () => {
  await using fx = await fixture();
  const handler = createRegistryHandler(memoryCatalog());
  const sent = new Set<string>();
  await using client = new RegistryClient({
    transport: (request) => {
      for (const [name, value] of request.headers) sent.add(`${name}: ${value}`);
      return handler(request);
    },
  });
  const backend = createModelBackend({
    catalog: diskCatalog(fx.folder.join("author")),
    connect: (reference) => client.repository(reference),
  });
  await backend.build(await fx.workspace(), build());
  await backend.push(TARGET);
  await backend.pull(TARGET);
  const all = [...sent].join("\n").toLowerCase();
  const { hostname } = await import("node:os");
  assert.ok(!all.includes(hostname().toLowerCase()), all);
  assert.doesNotMatch(all, /x-host|x-cpu|\b(amd64|x86_64|arm64|aarch64)\b/);
});

Deno.test("files that may hold secrets are pointed out, hidden ones are left out", async () => {
  await using folder = await tempFolder();
  for (
    const name of ["ws/model.bin", "ws/prod.env", "ws/server.pem", "ws/.env", "ws/.git/config"]
  ) {
    await folder.write(name, "x");
  }
  const options = { include: ["**/.*"] };
  const { modelfile, warnings } = await generateModelfile(folder.join("ws"), options);
  const paths = modelfile.entries.map((entry) => entry.pattern);
  assert.ok(!paths.some((path) => path.includes(".git")), paths.join());
  for (const name of ["prod.env", "server.pem", ".env"]) {
    assert.ok(warnings.some((text) => text.startsWith(`"${name}" may hold secrets`)), name);
  }
  const plain = await generateModelfile(folder.join("ws"));
  assert.ok(!plain.modelfile.entries.some(({ pattern }) => pattern === ".env"));
});

/** An artifact with layers of both families and every form, as other programs make them. */
Deno.test("mixed families, all forms and several files in one layer are read", async () => {
  await using fx = await fixture();
  const author = fx.open("author");
  const workspace = await fx.workspace();
  const layers: Descriptor[] = [];
  const store = fx.catalog.repository("localhost:5000/demo");
  const parts = [
    { files: "CONFIG config.json", options: { mediaTypes: "cnai" } },
    { files: "MODEL model.safetensors", options: { raw: false } },
    { files: "CODE tokenizer.py", options: { raw: false, compression: "gzip" } },
    { files: "DOC README.md", options: { raw: false, compression: "zstd", mediaTypes: "cnai" } },
  ] as const;
  for (const [index, { files, options }] of parts.entries()) {
    await Deno.writeTextFile(`${workspace}/Modelfile`, `${files}\n`);
    const targets = [`localhost:5000/part${index}:v1`];
    const built = await author.build(workspace, build({ ...options, targets }));
    const from = diskCatalog(fx.folder.join("author")).repository(
      `localhost:5000/part${index}`,
    );
    const { digest, size, mediaType } = built.layers[0]!;
    const layer = { digest, size, mediaType };
    await store.write(layer, { size, open: (how) => from.open(layer, how) });
    const path = files.split(" ")[1]!;
    layers.push({
      ...layer,
      annotations: {
        [`org.${index === 0 ? "cnai" : "cncf"}.model.filepath`]: path,
        "org.cnai.model.file.metadata": '{"mode":384,"mtime":"2020-01-01T00:00:00Z"}',
      },
    });
  }
  const { packTar } = await import("../../src/archive/tar_writer.ts");
  const { readAll } = await import("../../src/core/streams.ts");
  const entry = { mode: 0o644, uid: 0, gid: 0, uname: "", gname: "", mtime: new Date(0) };
  const text = (value: string) => bytesSource(new TextEncoder().encode(value));
  const many = packTar([
    { entry: { ...entry, name: "extra/a..b.txt", size: 1 }, content: text("a") },
    { entry: { ...entry, name: "extra/deep/c.txt", size: 2 }, content: text("cc") },
  ]);
  const tar = await readAll(await many.open(), 1 << 20);
  const tarLayer = describeBytes("application/vnd.cnai.model.doc.v1.tar", tar);
  await store.write(tarLayer, bytesSource(tar));
  layers.push(tarLayer);
  const configBytes = new TextEncoder().encode(
    JSON.stringify({ descriptor: {}, modelfs: { type: "layers", diff_ids: [] }, config: {} }),
  );
  const config = describeBytes("application/vnd.cnai.model.config.v1+json", configBytes);
  await store.write(config, bytesSource(configBytes));
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, config, layers }));
  const manifest = describeBytes("application/vnd.oci.image.manifest.v1+json", bytes);
  await store.write(manifest, bytesSource(bytes));
  await store.tag(manifest, "v1");

  const output = fx.folder.join("out");
  await fx.backend.extract(TARGET, { output });
  for (const name of ["config.json", "model.safetensors", "tokenizer.py", "README.md"]) {
    assert.deepEqual(
      await Deno.readFile(`${output}/${name}`),
      await Deno.readFile(`${workspace}/${name}`),
    );
  }
  assert.equal((await Deno.stat(`${output}/config.json`)).mode! & 0o777, 0o600);
  assert.equal(await Deno.readTextFile(`${output}/extra/a..b.txt`), "a");
  assert.equal(await Deno.readTextFile(`${output}/extra/deep/c.txt`), "cc");
});
