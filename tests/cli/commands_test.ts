import assert from "node:assert/strict";
import fc from "fast-check";
import { Interruption } from "../../src/cli/interrupt.ts";
import type { Digest } from "../../src/core/digest.ts";
import { streamOf } from "../../src/core/streams.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import type { Manifest } from "../../src/oci/manifest.ts";
import type { Catalog } from "../../src/oci/store.ts";
import { huggingFaceServer } from "../hubs/support.ts";
import { Home, runIn } from "./support.ts";

/** A model where it is stored. */
interface StoredModel {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly config: ModelConfig;
  /** Paths of the files, in the order of the layers. */
  readonly paths: readonly (string | undefined)[];
  /** Media types of the layers without the words that all have. */
  readonly types: readonly string[];
}

/** Reads a model of the local store or of the registry. */
async function readModel(catalog: Catalog, repository: string, tag: string): Promise<StoredModel> {
  const store = catalog.repository(repository);
  const root = await store.resolve(tag);
  const manifest: Manifest = await new Response(await store.open(root)).json();
  const config = await new Response(await store.open(manifest.config!)).json();
  return {
    digest: root.digest,
    manifest,
    config,
    paths: manifest.layers.map(({ annotations = {} }) =>
      annotations["org.cncf.model.filepath"] ?? annotations["org.cnai.model.filepath"]
    ),
    types: manifest.layers.map(({ mediaType }) =>
      mediaType.replace(/^application\/vnd\.(\w+)\.model\.([\w.]+)\.v1\./, "$1 $2 ")
    ),
  };
}

/** The names of the models of the local store. */
async function names(home: Home): Promise<string[]> {
  const { models } = JSON.parse(await home.done("list", "--json"));
  return models.map(({ repository, tag }: Record<string, string>) => `${repository}:${tag}`).sort();
}

/** The text of a file of the home. */
async function text(home: Home, ...parts: string[]): Promise<string> {
  return await Deno.readTextFile(home.at(...parts));
}

Deno.test("build has its defaults, and says what it did and what it noticed", async () => {
  await using home = await Home.open();
  const { code, stdout, stderr } = await home.run(["build", "-t", "r.test/m:v1", home.at("model")]);
  const { digest, manifest, config, types, paths } = await readModel(home.store, "r.test/m", "v1");
  assert.deepEqual(types, ["cncf weight.config raw", "cncf weight raw"]);
  assert.deepEqual(paths, ["config.json", "model.bin"]);
  assert.equal(config.descriptor.name, "<m>");
  assert.ok(config.descriptor.createdAt);
  assert.deepEqual(Object.keys(manifest.annotations ?? {}), ["org.cncf.modctl.modelfile"]);
  assert.equal(code, 0);
  assert.equal(stdout, "Successfully built model artifact: r.test/m:v1\n");
  assert.match(stderr, new RegExp(`\n${digest}, 2 layers, \\d\\.\\d KiB\n$`));
  assert.deepEqual(home.registry.log, []);
  await Deno.remove(home.at("model", "Modelfile"));
  const again = await home.run(["build", "-t", "r.test/m:v1", home.at("model")]);
  assert.match(again.stderr, /^warning: No Modelfile in ".*": generated one in memory$/m);
});

/** What a build has to have made. */
type Look = (model: StoredModel, home: Home) => unknown;

for (
  const flags of [
    ["--raw", "--compression", "gzip"],
    ["--compression=zstd", "--raw=true"],
    ["--raw=false", "--raw=1", "--compression=gzip"],
  ]
) {
  Deno.test(`build ${flags.join(" ")} is refused: a raw layer has no compression`, async () => {
    await using home = await Home.open();
    const { code, stderr } = await home.run([
      "build",
      home.at("model"),
      "-t",
      "r.test/m:v1",
      ...flags,
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /^error: Cannot build raw layers with compression (?:gzip|zstd): /m);
    assert.match(stderr, /^hint: leave out --raw /m);
  });
}

Deno.test("flags of build may stand anywhere, in either form, and repeat", async () => {
  const raw: Look = ({ types }) => types.every((type) => type.endsWith(" raw"));
  const tar: Look = ({ types }) => types.every((type) => type.endsWith(" tar"));
  const twoNames: Look = async (_model, home) =>
    (await names(home)).join() === "r.test/m:v1,r.test/m:v2";
  const timed: Look = ({ config }) => config.descriptor.createdAt !== undefined;
  const rows: [string[], Look][] = [
    [["--raw=false"], tar],
    [["--raw=true"], raw],
    [["--raw", "--raw=false"], tar],
    [["--raw=false", "--raw"], raw],
    [["--output-remote=false"], (_model, { registry }) => registry.log.length === 0],
    [["--no-creation-time"], ({ config }) => config.descriptor.createdAt === undefined],
    [["--no-creation-time=false"], timed],
    [
      ["--reasoning=TRUE", "--follow-links", "-f", "Modelfile.all"],
      ({ config, paths }) =>
        config.config.capabilities?.reasoning === true && paths.includes("linked.bin"),
    ],
    [["-t", "r.test/m:v2"], twoNames],
    [["--target=r.test/m:v2"], twoNames],
    [["-f", "Modelfile.dev"], ({ config }) => config.descriptor.name === "dev"],
    [["-c", "9"], raw],
    [["-c9"], raw],
    [
      ["--annotation", "a=1=2:3", "--annotation=b="],
      ({ manifest }) => manifest.annotations?.["a"] === "1=2:3" && manifest.annotations["b"] === "",
    ],
    [
      ["--platform", "linux/amd64,linux/arm64", "--platform=darwin/arm64"],
      ({ manifest }) =>
        manifest.annotations?.["org.modelops.platforms"] === "linux/amd64,linux/arm64,darwin/arm64",
    ],
    [
      ["--exclude", "*.json", "--exclude", "a,b", "-f", "Modelfile.none"],
      ({ paths }) => paths.includes("model.bin") && !paths.some((path) => path?.match(/json|^a,b/)),
    ],
    [
      ["--raw=false", "--compression", "zstd", "--media-types=cnai"],
      ({ types }) => types.join() === "cnai weight.config tar+zstd,cnai weight tar+zstd",
    ],
    [
      ["--source-url", "u", "--source-revision", "r"],
      ({ config: { descriptor } }) => descriptor.sourceURL === "u" && descriptor.revision === "r",
    ],
    [["--plain-http", "--insecure"], raw],
    [["--no-progress", "--log-level", "warn"], raw],
  ];
  for (const [flags, look] of rows) {
    for (const before of [true, false]) {
      await using home = await Home.open();
      await home.folder.write("model/Modelfile.dev", "NAME dev\nMODEL model.bin\n");
      await home.folder.write("model/Modelfile.all", "MODEL *.bin\n");
      await home.folder.write(
        "model/Modelfile.none",
        "MODEL model.bin\nDOC [a,b]*\nCONFIG *.json\n",
      );
      await home.folder.write("model/a,b", "left out by its name");
      await home.folder.write("outside.bin", "weights");
      await Deno.symlink(home.at("outside.bin"), home.at("model", "linked.bin"));
      const args = ["build", "-t", "r.test/m:v1"];
      const folder = home.at("model");
      await home.done(...args, ...(before ? [...flags, folder] : [folder, ...flags]));
      const model = await readModel(home.store, "r.test/m", "v1");
      assert.ok(await look(model, home), `${flags}: ${JSON.stringify(model)}`);
    }
  }
});

Deno.test("--output-remote sends a build to the registry, and leaves nothing here", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1", "--output-remote");
  const { types } = await readModel(home.registry.catalog, "m", "v1");
  assert.deepEqual(types, ["cncf weight.config raw", "cncf weight raw"]);
  assert.deepEqual(await names(home), []);
});

Deno.test("--concurrency bounds the layers that are on the way at once", async () => {
  for (const limit of [1, 2, 3]) {
    let [now, most] = [0, 0];
    const full = Promise.withResolvers<void>();
    await using home = await Home.open(async ({ method }) => {
      if (method !== "PUT" && method !== "POST") return undefined;
      most = Math.max(most, ++now);
      if (now === limit) full.resolve();
      await full.promise;
      now--;
      return undefined;
    });
    for (const name of ["a", "b", "c"]) await home.folder.write(`model/${name}.bin`, name);
    await Deno.remove(home.at("model", "Modelfile"));
    await home.build("-t", "r.test/m:v1");
    await home.done("push", "r.test/m:v1", "-c", `${limit}`);
    assert.equal(most, limit);
  }
});

Deno.test("a switch never takes the next word", async () => {
  await using home = await Home.open();
  const { code, stderr } = await home.run(["build", "-t", "r.test/m:v1", "--raw", "false"]);
  assert.equal(code, 1);
  assert.equal(stderr, 'error: Cannot package "false": no such folder\n');
});

Deno.test("what stands behind the = of a flag is its value, whatever it looks like", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1", "--source-url=--raw=false");
  const { config, types } = await readModel(home.store, "r.test/m", "v1");
  assert.equal(config.descriptor.sourceURL, "--raw=false");
  assert.deepEqual(types, ["cncf weight.config raw", "cncf weight raw"]);
});

Deno.test("global flags may stand before the command and after it", async () => {
  await using home = await Home.open();
  for (const args of [["--json", "rm", "r.test/m:v1"], ["rm", "r.test/m:v1", "--json"]]) {
    await home.build("-t", "r.test/m:v1");
    assert.deepEqual(JSON.parse(await home.done(...args)), { removed: "r.test/m:v1" });
  }
});

Deno.test("words after -- are no flags", async () => {
  await using home = await Home.open();
  const { stderr } = await home.run(["build", "-t", "r.test/m:v1", "--", "--raw=false"]);
  assert.equal(stderr, 'error: Cannot package "--raw=false": no such folder\n');
});

Deno.test("build reads SOURCE_DATE_EPOCH, and other commands do not mind it", async () => {
  await using home = await Home.open();
  const args = ["build", "-t", "r.test/m:v1", home.at("model")];
  const good = await home.run(args, { env: { SOURCE_DATE_EPOCH: "12" } });
  assert.equal(good.code, 0, good.stderr);
  const { config } = await readModel(home.store, "r.test/m", "v1");
  assert.equal(config.descriptor.createdAt, "1970-01-01T00:00:12Z");
  const bad = await home.run(args, { env: { SOURCE_DATE_EPOCH: "today" } });
  assert.equal(bad.code, 2);
  const other = await home.run(["list"], { env: { SOURCE_DATE_EPOCH: "today" } });
  assert.equal(other.code, 0);
});

Deno.test("push, pull, extract, fetch, tag and rm say what they did", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  assert.equal(
    await home.done("push", "r.test/m:v1", "--insecure"),
    "Successfully pushed model artifact: r.test/m:v1\n",
  );
  // With --insecure a request without credentials asks first whether there is TLS.
  assert.equal(home.registry.log[0], "GET /v2/");
  assert.equal(await home.done("rm", "r.test/m:v1"), "Deleted: r.test/m:v1\n");
  assert.deepEqual(await names(home), []);
  assert.equal(
    await home.done("pull", "r.test/m:v1", "--extract-dir", home.at("pulled")),
    "Successfully pulled model artifact: r.test/m:v1\n",
  );
  assert.equal(await text(home, "pulled", "model.bin"), "weights");
  assert.deepEqual(await names(home), ["r.test/m:v1"]);
  assert.equal(
    await home.done("extract", "r.test/m:v1", "--output", home.at("out")),
    `Successfully extracted model artifact r.test/m:v1 to ${home.at("out")}\n`,
  );
  assert.equal(await text(home, "out", "model.bin"), "weights");
  assert.equal(await home.done("tag", "r.test/m:v1", "r.test/m:v2", "--plain-http"), "");
  assert.deepEqual(await names(home), ["r.test/m:v1", "r.test/m:v2"]);
  const fetch = ["fetch", "r.test/m:v1", "--output", home.at("some"), "--patterns"];
  assert.equal(
    await home.done(...fetch, "*.json,a/{b,c}", "--patterns=d/**"),
    "Successfully fetched model artifact: r.test/m:v1\n",
  );
  assert.equal(await text(home, "some", "config.json"), '{"model_type":"llama"}');
  await assert.rejects(text(home, "some", "model.bin"), Deno.errors.NotFound);
});

Deno.test("--plain-http, --insecure and --proxy decide how the registry is reached", async () => {
  await using home = await Home.open((_request, { url }) => {
    if (url.protocol === "https:") throw new TypeError("InvalidContentType");
    return undefined;
  });
  await home.build("-t", "r.test/m:v1");
  const commands = [
    ["push", "r.test/m:v1"],
    ["pull", "r.test/m:v1"],
    ["fetch", "r.test/m:v1", "--output", home.at("o"), "--patterns", "*"],
    ["inspect", "r.test/m:v1", "--remote"],
    ["attach", home.at("model", "config.json"), "-s", "r.test/m:v1", "-t", "r.test/m:v2"]
      .concat("--output-remote", "-d", "docs"),
    ["upload", home.at("model", "model.bin"), "--repo", "r.test/m"],
    ["build", home.at("model"), "-t", "r.test/m:v3", "--output-remote"],
    ["tag", "r.test/m:v2", "r.test/m:v4"],
    ["login", "r.test", "-u", "me", "--password-stdin"],
  ];
  for (const command of commands) {
    const run = (...flags: string[]) => home.run([...command, ...flags], { stdin: "secret" });
    assert.equal((await run()).code, 3, command[0]);
    const before = home.registry.requests.length;
    assert.equal((await run("--plain-http")).code, 0, command[0]);
    const origins = home.registry.requests.slice(before).map(({ origin }) => origin);
    assert.deepEqual([...new Set(origins)], ["http://r.test"], command[0]);
    assert.equal((await run("--insecure")).code, 0, command[0]);
    const proxied = await home.run([...command, "--proxy", "ftp://p.test"], {
      stdin: "secret",
      transport: undefined,
    });
    assert.match(proxied.stderr, /^error: Cannot use proxy: /m, command[0]);
  }
});

Deno.test("prune says what it removes, or would remove", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  const { digest } = await readModel(home.store, "r.test/m", "v1");
  await home.done("rm", "r.test/m:v1");
  const kept = await home.done("prune", "--dry-run", "--remove-untagged=false");
  assert.equal(kept, "Would free 0 B: 0 manifests, 0 blobs, 0 unfinished uploads\n");
  const dry = await home.done("prune", "--dry-run");
  assert.match(dry, new RegExp(`^Would delete manifest r\\.test/m@${digest}\n`));
  assert.match(dry, /\nWould delete blob sha256:\w+ \(7 B\)\n/);
  assert.match(dry, /\nWould free \d\.\d KiB: 1 manifest, 4 blobs, 0 unfinished uploads\n$/);
  const done = await home.done("prune");
  assert.equal(done, dry.replaceAll("Would delete", "Deleted").replace("Would free", "Freed"));
});

Deno.test("prune says what stopped transfers have left, how much, how old, and when it goes", async () => {
  await using home = await Home.open();
  await using ingest = await home.store.repository("r.test/m").ingest();
  await ingest.append(streamOf([new Uint8Array(2048)]));
  const kept = await home.done("prune", "--dry-run");
  assert.match(
    kept,
    /^Kept partial data of r\.test\/m \(2\.0 KiB, written .+\): prune frees it in .+\n/,
  );
  const [{ bytes, removed }] = JSON.parse(await home.done("prune", "--json")).unfinished;
  assert.deepEqual([bytes, removed], [2048, false]);
  await agePartialData(home.at(".modctl"));
  const dry = await home.done("prune", "--dry-run");
  assert.match(dry, /^Would delete partial data of r\.test\/m \(2\.0 KiB, written .+\)\n/);
  assert.match(dry, /\nWould free 2\.0 KiB: .*, 1 unfinished upload\n$/);
  assert.match(await home.done("prune"), /^Deleted partial data of .*\nFreed 2\.0 KiB: /);
  assert.match(await home.done("prune"), /^Freed 0 B: /);
});

/** Makes everything in a store two hours old. */
async function agePartialData(folder: string): Promise<void> {
  const then = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) await agePartialData(path);
    await Deno.utime(path, then, then);
  }
}

Deno.test("inspect shows the facts, the configuration, or a template filled in with them", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1", "--no-creation-time");
  const inspect = (...args: string[]) => home.done("inspect", "r.test/m:v1", ...args);
  const { digest, manifest, paths } = await readModel(home.store, "r.test/m", "v1");
  const facts = await inspect();
  const layers = manifest.layers.map(({ mediaType, digest, size }, index) =>
    `\t\t{\n\t\t\t"MediaType": "${mediaType}",\n\t\t\t"Digest": "${digest}",\n` +
    `\t\t\t"Size": ${size},\n\t\t\t"Filepath": "${paths[index]}"\n\t\t}`
  );
  assert.equal(
    facts,
    `{\n\t"Id": "${manifest.config?.digest}",\n\t"Digest": "${digest}",\n` +
      '\t"Architecture": "",\n\t"CreatedAt": "",\n\t"Family": "",\n\t"Format": "",\n' +
      '\t"Name": "\\u003cm\\u003e",\n\t"ParamSize": "",\n\t"Precision": "",\n' +
      `\t"Quantization": "",\n\t"Layers": [\n${layers.join(",\n")}\n\t]\n}\n`,
  );
  assert.match(
    await inspect("--config"),
    /^\{\n\t"descriptor": \{\n(?:.*\n)*\t\t"name": "\\u003cm/,
  );
  assert.equal(await inspect("--format", "{{.Name}} {{.Config.descriptor.vendor}}."), "<m> .\n");
  assert.equal(await inspect("--config", "--format", "{{.descriptor.name}}\\n"), "<m>\n");
  assert.deepEqual(home.registry.log, []);
  await home.done("push", "r.test/m:v1");
  await home.done("rm", "r.test/m:v1");
  assert.equal(await inspect("--remote"), facts);
});

Deno.test("attach adds a file, or replaces one or the configuration", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  const license = await home.folder.write("LICENSE", "free");
  const attach = (...args: string[]) => home.done("attach", ...args);
  assert.equal(
    await attach(license, "-s", "r.test/m:v1", "-t", "r.test/m:v2", "-d", "docs"),
    "Successfully attached model artifact: r.test/m:v2\n",
  );
  const added = await readModel(home.store, "r.test/m", "v2");
  assert.deepEqual(added.paths, ["config.json", "model.bin", "docs/LICENSE"]);
  assert.match(added.types.at(-1) ?? "", /^cncf doc raw$/);

  const again = [license, "--source=r.test/m:v2", "--target=r.test/m:v2", "-d", "docs"];
  assert.equal((await home.run(["attach", ...again])).code, 12);
  await attach(...again, "-f", "--raw=0", "--no-creation-time", "-c2");
  const replaced = await readModel(home.store, "r.test/m", "v2");
  assert.match(replaced.types.at(-1) ?? "", /^cncf doc tar$/);
  assert.equal(replaced.config.descriptor.createdAt, added.config.descriptor.createdAt);

  await home.done("push", "r.test/m:v1");
  const built = await readModel(home.store, "r.test/m", "v1");
  const config = JSON.stringify({ ...built.config, descriptor: { name: "other" } });
  const file = await home.folder.write("c.json", config);
  await attach(file, "-s", "r.test/m:v1", "-t", "r.test/m:v1", "--config", "--output-remote");
  const remote = await readModel(home.registry.catalog, "m", "v1");
  assert.equal(remote.config.descriptor.name, "other");
  assert.equal((await readModel(home.store, "r.test/m", "v1")).config.descriptor.name, "<m>");
});

Deno.test("upload sends a file to the repository that it is given", async () => {
  await using home = await Home.open();
  const file = home.at("model", "model.bin");
  const upload = async (...args: string[]) => {
    const { layer, ...result } = JSON.parse(await home.done("upload", ...args, "--json"));
    return { ...result, mediaType: layer.mediaType, path: layer.path };
  };
  assert.equal(
    await home.done("upload", file, "--repo", "r.test/m", "--destination-dir", "sub", "--insecure"),
    `Successfully uploaded ${file} to model artifact repository: r.test/m\n`,
  );
  assert.deepEqual(home.registry.uploaded.length, 1);
  assert.deepEqual(await upload(file, "--repo", "r.test/m", "--destination-dir", "sub"), {
    repository: "r.test/m",
    mediaType: "application/vnd.cncf.model.weight.v1.raw",
    path: "sub/model.bin",
  });
  const tar = await upload("-t", "r.test/m:v1", file, "--raw=false");
  assert.deepEqual([tar.repository, tar.mediaType], [
    "r.test/m",
    "application/vnd.cncf.model.weight.v1.tar",
  ]);
  const both = await home.run(["upload", "-t", "r.test/m:v1", "--repo", "r.test/m", file]);
  assert.equal(both.code, 2);
});

Deno.test("version says what the program is, whatever words follow", async () => {
  assert.equal(
    (await runIn(["version", "whatever"])).stdout,
    "Version:    0.1.0\nCommit:     unknown\nPlatform:   linux/amd64\nBuildTime:  unknown\n",
  );
  assert.deepEqual(JSON.parse((await runIn(["--version", "--json"])).stdout), { version: "0.1.0" });
});

/** Makes the manifest behind a tag unreadable. */
async function spoil(home: Home): Promise<void> {
  const { digest } = await readModel(home.store, "r.test/m", "v1");
  await home.build("-t", "r.test/broken:v1", "--no-creation-time", "--source-url", "x");
  const broken = await readModel(home.store, "r.test/broken", "v1");
  assert.notEqual(broken.digest, digest);
  const hex = broken.digest.slice("sha256:".length);
  const blobs = ["content.v1", "docker", "registry", "v2", "blobs", "sha256", hex.slice(0, 2), hex];
  await Deno.writeTextFile(home.at(".modctl", ...blobs, "data"), "{}");
}

Deno.test("--json gives the result as one document", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1", "--no-creation-time");
  const json = async (...args: string[]) => JSON.parse(await home.done(...args, "--json"));
  const { digest } = await readModel(home.store, "r.test/m", "v1");
  const { bytes, ...pushed } = await json("push", "r.test/m:v1");
  assert.deepEqual(pushed, { reference: "r.test/m:v1", digest, copied: 4, skipped: 0 });
  assert.deepEqual(await json("tag", "r.test/m:v1", "r.test/n:v1"), {
    source: "r.test/m:v1",
    target: "r.test/n:v1",
  });
  await home.done("rm", "r.test/n:v1");
  await spoil(home);
  const listed = await home.run(["list", "--json"]);
  assert.equal(listed.code, 10);
  const { models, warnings } = JSON.parse(listed.stdout);
  assert.deepEqual(models, [
    { repository: "r.test/m", tag: "v1", kind: "model", digest, size: bytes },
  ]);
  assert.deepEqual([warnings.length, /broken/.test(warnings[0])], [1, true]);
});

Deno.test("list and ls are one command, and end with 10 where a tag cannot be read", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1", "--no-creation-time");
  await spoil(home);
  for (const name of ["list", "ls"]) {
    const { stdout, stderr, code } = await home.run([name]);
    assert.equal(code, 10);
    assert.match(
      stdout,
      /^REPOSITORY .*\nr\.test\/m +v1 +sha256:\w+ \d\.\dKiB unknown r\.test\/m:v1\n$/,
    );
    assert.match(stderr, /^warning: Skipped r\.test\/broken:v1: .*\n$/);
  }
});

Deno.test("flags of earlier tools that nothing is done for are refused, whatever the command", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  const nydus = [
    ["push", "r.test/m:v1"],
    ["build", "-t", "r.test/m:v2", "."],
    ["attach", "f", "-s", "r.test/m:v1", "-t", "r.test/m:v2"],
    ["upload", "f", "--repo", "r.test/m"],
  ];
  for (const args of nydus) {
    const { code, stderr } = await home.run([...args, "--nydusify", "--no-progress"]);
    assert.equal(code, 10, stderr);
    assert.match(stderr, /^error: Cannot use --nydusify: .* Nydus\nhint: leave out --nydusify\n$/);
  }
  const unknown = ["modelfile", "generate", ".", "--ignore-unrecognized-file-types", "--json"];
  const { code, stdout } = await home.run(unknown);
  assert.equal(code, 10);
  assert.match(JSON.parse(stdout).error.hint, /leave out --ignore-unrecognized-file-types/);
});

Deno.test("what is said of Dragonfly has to name a daemon that can be asked", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  const rows: [string[], RegExp][] = [
    [["--dragonfly-required"], /Cannot use --dragonfly-required: no daemon is named\nhint: write /],
    [["--dragonfly-forward-auth"], /Cannot use --dragonfly-forward-auth: no daemon is named/],
    [
      ["--dragonfly-endpoint", "dns:///node:65000"],
      /"dns:\/\/" is not the scheme of an HTTP proxy/,
    ],
    [["--dragonfly-endpoint", "127.0.0.1:4001"], /neither a URL nor the path of a socket/],
    [
      ["--dragonfly-endpoint", "/run/none/x.sock"],
      /its HTTP proxy, and .*\nhint: write --dragonfly/,
    ],
    [["--dragonfly-endpoint", "unix:///run/x.sock"], /Cannot use the Dragonfly daemon at/],
  ];
  for (const [flags, expected] of rows) {
    for (
      const command of [
        ["pull", "r.test/m:v1"],
        ["fetch", "r.test/m:v1", "--output", "out", "--patterns", "*"],
        ["bundle", "materialize", "r.test/m:v1", "out"],
      ]
    ) {
      const { code, stderr } = await home.run([...command, ...flags, "--no-progress"]);
      assert.equal(code, 2, `${command.join(" ")}: ${stderr}`);
      assert.match(stderr, expected);
    }
  }
});

Deno.test("mistakes on the command line end with code 2 and say what helps", async () => {
  const rows: [string[], string][] = [
    [
      ["biuld", "."],
      'Cannot run "modelops": unknown command "biuld"\nhint: did you mean "build"?',
    ],
    [
      ["modelfile", "genrate"],
      'Cannot run "modelops modelfile": unknown command "genrate"\nhint: did you mean "generate"?',
    ],
    [
      ["build", ".", "--tagret", "x"],
      'Cannot run "modelops build": --target <reference> is missing\n' +
      "hint: write `modelops build ./llama -t registry.example.com/llama:v1`, or run `modelops build --help`",
    ],
    [
      ["build", ".", "-t", "x", "--tagret", "x"],
      'Cannot run "modelops build": unknown option "--tagret"\nhint: did you mean "--target"?',
    ],
    [
      ["--jsn", "list"],
      'Cannot run "modelops": unknown option "--jsn"\nhint: did you mean "--json"?',
    ],
    [
      ["push"],
      'Cannot run "modelops push": the argument "target" is missing\n' +
      "hint: write `modelops push registry.example.com/llama:v1`, or run `modelops push --help`",
    ],
    [
      ["list", "x", "y"],
      'Cannot run "modelops list": too many arguments, it takes 1: x, y\n' +
      "hint: write `modelops list`, or run `modelops list --help`",
    ],
    [
      ["extract", "x", "--output"],
      'Cannot run "modelops extract": after --output there is no <folder>\n' +
      "hint: write `modelops extract registry.example.com/llama:v1 --output ./llama`, or run `modelops extract --help`",
    ],
    [
      ["build", "-t", "x", ".", "--compression", "zip"],
      'Cannot use --compression "zip": it is one of none, gzip, zstd\nhint: did you mean "gzip"?',
    ],
    [
      ["build", "-t", "x", ".", "--raw=maybe"],
      "Cannot use --raw=maybe: the flag takes true or false",
    ],
    [
      ["push", "x", "-c", "0"],
      'Cannot use --concurrency "0": it must be a whole number greater than 0',
    ],
    [
      ["build", "-t", "x", ".", "--annotation", "novalue"],
      'Cannot use annotation "novalue": it is not of the form key=value',
    ],
    [
      ["attach", "f", "-s", "a"],
      'Cannot run "modelops attach": --target <reference> is missing\n' +
      "hint: write `modelops attach README.md -s registry.example.com/llama:v1 -t registry.example.com/llama:v2`, or run `modelops attach --help`",
    ],
    [
      ["attach", "-s", "a", "-t", "b"],
      'Cannot run "modelops attach": the argument "file" is missing\n' +
      "hint: write `modelops attach README.md -s registry.example.com/llama:v1 -t registry.example.com/llama:v2`, or run `modelops attach --help`",
    ],
    [
      ["upload", "w.bin"],
      'Cannot upload "w.bin": no repository given\nhint: add `--repo registry.example.com/name`',
    ],
    [
      ["fetch", "r.test/m:v1", "--output", "o"],
      'Cannot run "modelops fetch": --patterns <list> is missing\n' +
      "hint: write `modelops fetch registry.example.com/llama:v1 --output ./llama --patterns '*.json'`, or run `modelops fetch --help`",
    ],
    [
      ["fetch", "r.test/m:v1", "--output", "o", "--patterns", " , "],
      'Cannot use patterns " , ": there is none',
    ],
    [
      ["inspect", "r.test/m:v1", "--format", "{{.name}}"],
      'Cannot use template "{{.name}}": there is no field "name" at character 3\n' +
      'hint: did you mean ".Name"?',
    ],
    [
      ["inspect", "r.test/m:v1", "--format", "{{.Digest"],
      'Cannot use template "{{.Digest": there is no }} for the {{ at character 1',
    ],
    [
      ["modelfile", "generate", "-p", "hub", "--model-url", "a/b"],
      'Cannot use --provider "hub": it is one of huggingface, modelscope, mlflow',
    ],
    [
      ["modelfile", "generate", "model", "--model-url", "a/b"],
      'Cannot generate a Modelfile for "model": a path and --model-url exclude each other\n' +
      "hint: leave one of them out",
    ],
    [
      ["completion", "tcsh"],
      'Cannot use shell "tcsh": it is one of bash, zsh, fish, powershell\n' +
      'hint: did you mean "bash" or "zsh" or "fish"?',
    ],
    [
      ["pull", "r.test/m:v1", "--extract-from-remote"],
      "Cannot use --extract-from-remote without --extract-dir: no file is written into a folder\n" +
      "hint: leave out --extract-from-remote, or add --extract-dir",
    ],
  ];
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  for (const [args, text] of rows) {
    const { code, stdout, stderr } = await home.run(args);
    assert.deepEqual([code, stdout, stderr], [2, "", `error: ${text}\n`]);
  }
});

Deno.test("no arguments never crash the program", async () => {
  await using home = await Home.open();
  const word = fc.oneof(
    fc.constantFrom("build", "-t", "--raw", "--raw=", "--", "-", "help", "--json", "=", "--=x"),
    // A path would be the one of a folder that is there.
    fc.string({ maxLength: 6 }).map((text) => text.replace(/[./~]/g, "x")),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (args) => {
      const { code, stderr } = await home.run(args);
      assert.ok(code === 0 || code === 2, `${code} ${stderr}`);
    }),
    { numRuns: 200 },
  );
});

Deno.test("a failure is rendered once, and as a document with --json", async () => {
  await using home = await Home.open();
  const called = { programName: "modctl" };
  const message = 'Cannot find "r.test/m:v1": the local store does not have it';
  const hint = "run `modctl list` to see what the local store has";
  assert.deepEqual(await home.run(["push", "r.test/m:v1"], called), {
    code: 1,
    stdout: "",
    stderr: `error: ${message}\nhint: ${hint}\n`,
  });
  const { code, stdout, stderr } = await home.run(["push", "r.test/m:v1", "--json"], called);
  assert.deepEqual([code, stderr], [1, ""]);
  assert.deepEqual(JSON.parse(stdout), { error: { code: 1, kind: "not-found", message, hint } });
});

Deno.test("a mistake in the arguments is a document too when --json is among them", async () => {
  const { code, stdout } = await runIn(["biuld", "--json"]);
  assert.equal(code, 2);
  assert.equal(JSON.parse(stdout).error.hint, 'did you mean "build"?');
});

Deno.test("the log level debug shows where a failure came from", async () => {
  await using home = await Home.open();
  // Nobody answers the question for a user.
  const args = ["login", "r.test"];
  const quiet = await home.run(args, { terminal: true });
  assert.doesNotMatch(quiet.stderr, / at /);
  const loud = await home.run([...args, "--log-level", "debug"], { terminal: true });
  assert.equal(loud.code, 3);
  assert.match(loud.stderr, /Error: Nobody answers\n +at /);
});

Deno.test("an interrupted command ends with 128 and the number of the signal", async () => {
  const reasons = [
    [new DOMException("Interrupted", "AbortError"), 130],
    [new Interruption("SIGINT"), 130],
    [new Interruption("SIGTERM"), 143],
    [new Interruption("SIGHUP"), 129],
  ] as const;
  for (const [reason, code] of reasons) {
    const controller = new AbortController();
    await using home = await Home.open((request) => {
      controller.abort(reason);
      request.signal.throwIfAborted();
      return undefined;
    });
    const { signal } = controller;
    const finished = await home.run(["pull", "r.test/m:v1"], { signal });
    assert.deepEqual(finished, { code, stdout: "", stderr: "Interrupted\n" });
    const { stdout } = await home.run(["pull", "r.test/m:v1", "--json"], { signal });
    const { error } = JSON.parse(stdout);
    assert.deepEqual(error, { code, kind: "interrupted", message: "Interrupted" });
  }
});

Deno.test("modelfile generate writes the file, and replaces one only when told to", async () => {
  await using home = await Home.open();
  await home.folder.write("model/config.json", "no JSON");
  await home.folder.write("model/a.py", "");
  await home.folder.write("model/b.md", "");
  const args = ["modelfile", "generate", "model", "-n", "demo"];
  args.push("--exclude", "*.py", "--exclude", "*.md");
  const first = await home.run(args);
  const written = await text(home, "Modelfile");
  assert.deepEqual([first.code, first.stdout], [
    0,
    `Successfully generated modelfile:\n${written}`,
  ]);
  assert.match(first.stderr, /^Generating modelfile for .*\/model\nwarning: .*config\.json/);
  assert.match(written, /^# Generated at 2026-03-01T12:00:00/m);
  assert.match(written, /\nNAME demo\n/);
  assert.match(written, /\nMODEL model\.bin\n/);
  assert.doesNotMatch(written, /a\.py|b\.md/);
  const second = await home.run(args);
  assert.equal(second.code, 12);
  assert.match(second.stderr, /: it exists\nhint: add `--overwrite` to replace it\n$/);
  assert.equal((await home.run([...args, "--overwrite"])).code, 0);
});

Deno.test("modelfile generate downloads a model first, and keeps it", async () => {
  await using home = await Home.open();
  const files = { "config.json": "{}", "a.safetensors": "", "big.bin": "left out" };
  const hub = huggingFaceServer({ revisions: { main: files } });
  const seen: string[] = [];
  const transport = async (request: Request) => {
    seen.push(new URL(request.url).pathname);
    return await hub(request);
  };
  await home.folder.write("hub/demo/config.json", "{}");
  const args = ["modelfile", "generate", "--model-url", "owner/name", "-p", "huggingface"];
  const flags = ["--download-dir", "hub", "--exclude", "*.bin", "--family", "llama"];
  const { code, stderr } = await home.run([...args, ...flags, "--no-progress"], { transport });
  assert.equal(code, 0, stderr);
  const folder = home.at("hub", "name");
  assert.ok(
    stderr.startsWith(`Downloaded 2 files to ${folder}\nGenerating modelfile for ${folder}\n`),
  );
  assert.match(await text(home, "Modelfile"), /\nFAMILY llama\n/);
  assert.deepEqual(await text(home, "hub", "name", "config.json"), "{}");
  const again = await home.run([...args, ...flags, "--overwrite", "--no-progress"], { transport });
  assert.match(again.stderr, /^Downloaded 0 files to .*, 2 already there\n/);
  // What is there already is found before anything is asked for.
  const before = seen.length;
  assert.equal((await home.run(args, { transport })).code, 12);
  assert.equal(seen.length, before);
});

Deno.test("modelfile validate says what a Modelfile brings, and passes on how to look", async () => {
  await using home = await Home.open();
  await home.folder.write("model/empty.txt", "");
  await home.folder.write(
    "model/Modelfile",
    "MODEL model.bin\nCONFIG config.json\nDOC empty.txt\n",
  );
  const found = await home.run(["modelfile", "validate", "model/Modelfile"]);
  assert.deepEqual([found.code, found.stdout], [
    0,
    "model/Modelfile is valid: 3 files, 29 B\n",
  ]);
  await home.folder.write("Modelfile", "MODEL *.bin\nDOC *.txt\nCODE *,c\n");
  await home.folder.write("model/b,c", "");
  await home.folder.write("outside", "weights");
  await Deno.symlink(home.at("outside"), home.at("model", "linked.bin"));
  const flags = ["--workspace", "model", "--exclude", "empty.txt", "--exclude=b,c"];
  const refused = await home.run(["modelfile", "validate", ...flags]);
  assert.equal(refused.code, 2);
  await home.folder.write("Modelfile", "MODEL *.bin\n");
  const json = await home.done("modelfile", "validate", "--json", ...flags, "--follow-links");
  assert.deepEqual(JSON.parse(json), {
    path: home.at("Modelfile"),
    valid: true,
    files: 2,
    bytes: 14,
    warnings: [],
  });
});

Deno.test("modelfile validate takes the folder of a Modelfile, and looks for files beside it", async () => {
  await using home = await Home.open();
  for (const given of ["model", "model/", "./model/.", home.at("model"), "model/Modelfile"]) {
    assert.match(await home.done("modelfile", "validate", given), /is valid: 2 files, /, given);
  }
  // Named by hand, another folder is meant, and everything has to be there.
  await home.folder.write("other/config.json", "{}");
  const lines = [["model"], ["model/Modelfile"], [home.at("model")]];
  for (const [given = ""] of lines) {
    const args = ["modelfile", "validate", given, "--workspace", "other"];
    const { code, stderr } = await home.run(args);
    assert.deepEqual([code, /MODEL "model\.bin" does not exist/.test(stderr)], [2, true], stderr);
  }
  await home.folder.write("elsewhere/Modelfile", "MODEL w.bin\nCONFIG *.json\n");
  for (const given of ["elsewhere", "elsewhere/Modelfile"]) {
    const { code, stderr } = await home.run(["modelfile", "validate", given]);
    assert.deepEqual([code, /^warning: none of its files is in /.test(stderr)], [0, true], stderr);
  }
});

Deno.test("--compression alone means tar layers, but for none", async () => {
  await using home = await Home.open();
  const rows: readonly (readonly [flags: string[], form: string])[] = [
    [["--compression", "gzip"], "tar+gzip"],
    [["--compression=zstd"], "tar+zstd"],
    [["--compression=zstd", "--raw=false"], "tar+zstd"],
    [["--compression=none"], "raw"],
    [["--compression=none", "--raw=false"], "tar"],
  ];
  for (const [flags, form] of rows) {
    await home.build("-t", "r.test/m:v1", ...flags);
    const { Layers } = JSON.parse(await home.done("inspect", "r.test/m:v1"));
    for (const { MediaType } of Layers) assert.ok(MediaType.endsWith(`.v1.${form}`), MediaType);
  }
});

Deno.test("a model without layers is refused, whatever leaves all files out", async () => {
  await using home = await Home.open();
  await home.folder.write("bare/Modelfile", "NAME m\nARCH transformer\n");
  await home.folder.write("none/Modelfile", "NAME m\nMODEL *.none\nDOC docs/**\n");
  await Deno.mkdir(home.at("empty"));
  const rows = [["bare"], ["none"], ["empty"], ["model", "--exclude", "*"], [
    "model",
    `-f=${home.at("none/Modelfile")}`,
  ]];
  for (const [folder = "", ...flags] of rows) {
    for (const more of [[], ["--output-remote"], ["--dry-run"]]) {
      const args = ["build", home.at(folder), "-t", "r.test/m:v1", ...flags, ...more];
      const { code, stdout, stderr } = await home.run(args);
      assert.deepEqual([code, stdout], [2, ""], `${args}: ${stderr}`);
      assert.match(stderr, /^error: Cannot (package|generate) /m);
    }
  }
  assert.deepEqual(home.registry.log, []);
});

Deno.test("modelfile validate shows every problem with its line, as text and as a document", async () => {
  await using home = await Home.open();
  await home.folder.write("Modelfile", "MODLE x\nNAME a\nNAME b\n");
  const problems = [
    { line: 1, message: 'unknown instruction "MODLE"', suggestion: "MODEL" },
    { line: 3, message: "NAME is given a second time, first on line 2" },
  ];
  const { code, stdout, stderr } = await home.run(["modelfile", "validate"]);
  assert.deepEqual([code, stdout], [2, ""]);
  const lines = stderr.split("\n");
  assert.match(lines[0] ?? "", /^error: Cannot \w+ ".*\/Modelfile": 2 problems/);
  assert.deepEqual(lines.slice(1), [
    '  line 1: unknown instruction "MODLE" (did you mean "MODEL"?)',
    "  line 3: NAME is given a second time, first on line 2",
    "",
  ]);
  const json = await home.run(["modelfile", "validate", "--json"]);
  assert.deepEqual(JSON.parse(json.stdout).error.problems, problems);
});

Deno.test("serve says when it is ready, and ends when the server does", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  const controller = new AbortController();
  const ready = Promise.withResolvers<string>();
  const args = ["serve", "--address", "127.0.0.1:0", "--read-only"];
  const running = home.run(args, {
    signal: controller.signal,
    onStdout: (line) => ready.resolve(/^ready (.*)\n$/.exec(line)?.[1] ?? ""),
  });
  const address = await ready.promise;
  const url = `http://${address}/v2/r.test/m/manifests/v1`;
  const statuses = await Promise.all(["HEAD", "DELETE"].map(async (method) => {
    const response = await fetch(url, { method });
    await response.body?.cancel();
    return response.status;
  }));
  assert.deepEqual(statuses, [200, 405]);
  controller.abort(new DOMException("Interrupted", "AbortError"));
  const { code, stdout, stderr } = await running;
  assert.deepEqual([code, stdout], [0, `ready ${address}\n`]);
  const [serving, ...log] = stderr.trimEnd().split("\n");
  assert.equal(serving, `Serving ${home.at(".modctl")} on http://${address}`);
  assert.deepEqual(log.map((line) => line.replace(/ms=\d+/, "ms=N")).sort(), [
    `time="2026-03-01T12:00:00.000Z" level=info msg="Request answered" remote=127.0.0.1 ` +
    "method=DELETE path=/v2/r.test/m/manifests/v1 status=405 received=0 bytes=74 ms=N",
    `time="2026-03-01T12:00:00.000Z" level=info msg="Request answered" remote=127.0.0.1 ` +
    "method=HEAD path=/v2/r.test/m/manifests/v1 status=200 received=0 bytes=0 ms=N",
  ]);
});

Deno.test("serve refuses what belongs to clients, and times and forms that are none", async () => {
  await using home = await Home.open();
  const rows: [string[], RegExp][] = [
    [["--cert-file", "a.pem"], /^error: Cannot serve with --cert-file or --key-file/],
    [["--key-file", "a.pem"], /--tls-cert FILE --tls-key FILE/],
    [["--cert-file", "a.pem", "--key-file=a.pem"], /--tls-cert FILE --tls-key FILE/],
    [["--tls-cert", "b", "--tls-key", "b", "--cert-file=a.pem"], /Cannot serve with --cert-file/],
    [["--drain-timeout", "soon"], /Cannot use --drain-timeout "soon": expected a number/],
    [["--upload-age", "10"], /Cannot use --upload-age "10": expected a number/],
    [["--upload-age", "721h"], /at most 720h/],
    [["--anonymous", "push"], /Cannot use --anonymous "push": it is one of pull/],
    [["--anonymous", "pull"], /no passwords are set/],
    [["--log-format", "xml"], /Cannot use --log-format "xml": it is one of text, json/],
    [["--tls-cert", "a.pem"], /both a certificate and its key/],
  ];
  for (const [args, message] of rows) {
    const { code, stderr } = await home.run(["serve", "--address", "127.0.0.1:0", ...args]);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, message, args.join(" "));
  }
});

Deno.test("serve asks for the passwords of a file, and guards a public address", async () => {
  await using home = await Home.open();
  const missing = await home.run(["serve", "--htpasswd", home.at("none"), "--address", ":0"]);
  assert.equal(missing.code, 1);
  const open = await home.run(["serve", "--address", "0.0.0.0:0"]);
  assert.equal(open.code, 2);
  const controller = new AbortController();
  const allowed = await home.run(["serve", "--address", "0.0.0.0:0", "--allow-anonymous"], {
    signal: controller.signal,
    onStdout: () => controller.abort(),
  });
  assert.equal(allowed.code, 0, allowed.stderr);
});

Deno.test("what makes or moves an artifact ends with its digest; --quiet prints nothing else", async () => {
  await using home = await Home.open();
  await home.folder.write("extra.md", "more");
  const commands = [
    ["build", home.at("model"), "-t", "r.test/m:v1", "--no-creation-time"],
    ["push", "r.test/m:v1"],
    ["pull", "r.test/m:v1"],
    ["attach", home.at("extra.md"), "-s", "r.test/m:v1", "-t", "r.test/m:v2", "--no-creation-time"],
  ];
  for (const args of commands) {
    const loud = await home.run(args);
    assert.equal(loud.code, 0, loud.stderr);
    const [, digest] = /^(sha256:\w{64})/m.exec(loud.stderr) ?? [];
    assert.match(loud.stdout, /^Successfully \w+ model artifact: /);
    for (const flag of ["--quiet", "-q"]) {
      const quiet = await home.run([...args, flag]);
      assert.deepEqual(quiet, { code: 0, stdout: `${digest}\n`, stderr: "" });
    }
    const { digest: told } = JSON.parse((await home.run([...args, "--json", "-q"])).stdout);
    assert.equal(told, digest);
  }
});

Deno.test("a cache wants the address of a registry, and takes nothing in", async () => {
  await using home = await Home.open();
  const rows: [string[], RegExp][] = [
    [["--upstream", "registry"], /Cannot use "registry" as upstream: it is no registry's address/],
    [["--upstream", "https://u:secret@r.test"], /Cannot use \(it holds credentials\) as upstream/],
    [
      ["--upstream", "https://r.test", "--sparse"],
      /nobody writes to a cache\nhint: leave out --sparse/,
    ],
  ];
  for (const [flags, expected] of rows) {
    const { code, stderr } = await home.run(["serve", "--address", "127.0.0.1:0", ...flags]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
});

Deno.test("prune forgets what was pulled and is not used, and takes only times and sizes for it", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  await home.run(["push", "r.test/m:v1", "--no-progress"]);
  const kept = await home.run(["prune", "--unused-for", "0s", "--max-bytes", "1"]);
  assert.doesNotMatch(kept.stdout, /Forgot/);
  assert.match(kept.stderr, /no more of it was pulled/);
  await home.run(["pull", "r.test/m:v1", "--no-progress"]);
  const dry = await home.run(["prune", "--unused-for", "0s", "--dry-run"]);
  assert.match(dry.stdout, /^Would forget r\.test\/m:v1\n/);
  const { stdout } = await home.run(["prune", "--max-bytes", "1k", "--json"]);
  assert.deepEqual(JSON.parse(stdout).forgotten, ["r.test/m:v1"]);
  for (
    const flags of [
      ["--unused-for", "long"],
      ["--unused-for", "-1h"],
      ["--max-bytes", "0"],
      ["--max-bytes", "much"],
      ["--max-bytes", "5Mb"],
    ]
  ) {
    const { code, stderr } = await home.run(["prune", ...flags]);
    assert.equal(code, 2, stderr);
  }
});

Deno.test("what attach writes to the local store is copied, and uploaded with --output-remote", async () => {
  await using home = await Home.open();
  const name = "registry.test/m:v1";
  await home.build("-t", name);
  await home.done("push", name);
  await home.folder.write("more.md", "# More");
  const line = ["attach", home.at("more.md"), "-s", name, "-t", "registry.test/m:v2"];
  assert.match((await home.run([...line, "--output-remote"])).stderr, /^uploaded more\.md 6 B$/m);
  assert.match((await home.run(line)).stderr, /^copied more\.md 6 B$/m);
});
