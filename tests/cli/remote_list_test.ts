/** What a registry holds, and tags that are nearly right. */
import assert from "node:assert/strict";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import type { ContentStore } from "../../src/oci/store.ts";
import { Home } from "./support.ts";

const REPOSITORY = "registry.test/models/demo";

/** A home whose registry has a model under some tags, and a chart beside it. */
async function homeWithTags(...tags: readonly string[]): Promise<Home> {
  const home = await Home.open();
  for (const tag of tags) {
    const name = `${REPOSITORY}:${tag}`;
    const env = { SOURCE_DATE_EPOCH: String(1_770_000_000 + tags.indexOf(tag) * 86_400) };
    const built = await home.run(["build", home.at("model"), "-t", name], { env });
    assert.equal(built.code, 0, built.stderr);
    await home.done("push", name);
  }
  return home;
}

/** Puts an artifact of one layer under a tag. */
async function putArtifact(
  store: ContentStore,
  tag: string,
  { type, text, layer }: Record<"type" | "text" | "layer", string>,
): Promise<void> {
  const put = async (type: string, text: string) => {
    const bytes = new TextEncoder().encode(text);
    const descriptor = describeBytes(type, bytes);
    await store.write(descriptor, bytesSource(bytes));
    return descriptor;
  };
  const config = await put(type, text);
  const layers = [await put(layer, "layer")];
  const mediaType = MediaType.imageManifest;
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers });
  await store.tag(await put(mediaType, manifest), tag);
}

async function putChart(home: Home, repository: string, tag: string): Promise<void> {
  const type = "application/vnd.cncf.helm.config.v1+json";
  const chart = { type, text: "{}", layer: "application/x-tar" };
  await putArtifact(home.registry.catalog.repository(repository), tag, chart);
}

/** Puts a model that says that it was made at a time which is none. */
async function putTimeless(store: ContentStore, tag: string, createdAt: string): Promise<void> {
  await putArtifact(store, tag, {
    type: "application/vnd.cncf.model.config.v1+json",
    text: JSON.stringify({
      descriptor: { createdAt },
      config: {},
      modelfs: { type: "layers", diffIds: [] },
    }),
    layer: "application/vnd.cncf.model.weight.v1.raw",
  });
}

Deno.test("list of a repository shows tags with size, time, digest and kind, newest first", async () => {
  await using home = await homeWithTags("v1", "v2");
  await putChart(home, "models/demo", "chart-1");
  const person = await home.run(["ls", REPOSITORY], { terminal: true, columns: 80 });
  assert.equal(person.code, 0, person.stderr);
  const lines = person.stdout.trimEnd().split("\n");
  assert.match(lines[0] ?? "", /^TAG {2,}KIND {2,}SIZE {2,}CREATED {2,}DIGEST$/);
  assert.match(
    lines[1] ?? "",
    /^v2 {2,}model {2,}[\d.]+ (B|KiB) {2,}3 weeks ago {2,}sha256:\w{12}$/,
  );
  assert.match(lines[2] ?? "", /^v1 {2,}model/);
  assert.match(lines[3] ?? "", /^chart-1 {2,}chart {2,}\d+ B {2,}unknown/);
  const piped = (await home.done("list", REPOSITORY)).split("\n");
  assert.deepEqual(piped[1]?.split(/ +/).toSpliced(2, 2), [
    "v2",
    "model",
    "2026-02-03T02:40:00Z",
    `${REPOSITORY}:v2`,
  ]);
  const { repository, total, tags } = JSON.parse(await home.done("list", REPOSITORY, "--json"));
  assert.deepEqual([repository, total, tags.map(({ kind }: { kind: string }) => kind)], [
    REPOSITORY,
    3,
    ["model", "model", "chart"],
  ]);
});

Deno.test("a model whose time is none is listed all the same, here and at its registry", async () => {
  await using home = await homeWithTags("v1");
  const times = { a: "not a time", b: "99999-01-01T00:00:00Z", c: "2026-02-30T25:61:00Z" };
  for (const [tag, time] of Object.entries(times)) {
    await putTimeless(home.registry.catalog.repository("models/demo"), tag, time);
    await putTimeless(home.store.repository(REPOSITORY), tag, time);
  }
  for (const place of [[], [REPOSITORY]]) {
    const { code, stdout, stderr } = await home.run(["list", ...place]);
    assert.deepEqual([code, stderr], [0, ""]);
    const rows = stdout.trimEnd().split("\n").slice(1);
    assert.equal(rows.length, 4);
    assert.match(rows[0]!, /v1/);
    for (const row of rows.slice(1)) assert.match(row, /unknown/);
    const { code: documented } = await home.run(["list", ...place, "--json"]);
    assert.equal(documented, 0);
  }
});

Deno.test("--limit reads the newest versions, and says how many there are", async () => {
  await using home = await homeWithTags("v9", "v10", "v2");
  const { code, stdout, stderr } = await home.run(["list", REPOSITORY, "--limit", "2"]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    stdout.trim().split("\n").slice(1).map((line) => line.split(" ")[0]),
    ["v10", "v9"],
  );
  assert.match(stderr, /^2 of 3 names: --limit shows more$/m);
  assert.equal((await home.done("list", "--limit", "1")).trim().split("\n").length, 2);
  const wrong = await home.run(["list", "--limit", "0"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Cannot use --limit "0"/);
});

Deno.test("list fits its terminal, whatever the names", async () => {
  await using home = await homeWithTags("v1", `nightly-${"x".repeat(100)}`);
  for (const columns of [80, 40]) {
    for (const args of [["list", REPOSITORY], ["list"]]) {
      const { stdout } = await home.run(args, { terminal: true, columns });
      for (const line of stdout.split("\n")) assert.ok(line.length <= columns, line);
    }
  }
});

Deno.test("list of a registry shows its repositories", async () => {
  await using home = await homeWithTags("v1");
  await putChart(home, "charts/other", "v1");
  assert.equal(
    await home.done("list", "registry.test"),
    "registry.test/charts/other\nregistry.test/models/demo\n",
  );
  const document = JSON.parse(await home.done("list", "registry.test/", "--limit", "1", "--json"));
  assert.deepEqual(document, {
    registry: "registry.test",
    repositories: ["registry.test/charts/other"],
    total: 2,
    warnings: [],
  });
});

Deno.test("a registry without a catalogue says so, and what to name instead", async () => {
  await using home = await Home.open((_request, { url }) =>
    url.pathname === "/v2/_catalog" ? new Response("", { status: 404 }) : undefined
  );
  const { code, stderr } = await home.run(["list", "registry.test"]);
  assert.equal(code, 10);
  assert.match(stderr, /Cannot list the repositories of "registry\.test": it has no catalogue/);
  assert.match(stderr, /hint: name a repository: modelops list registry\.test\/…/);
});

Deno.test("a place that is neither a registry nor a repository is refused", async () => {
  await using home = await homeWithTags("v1");
  const cases: readonly [string, number, RegExp][] = [
    ["models", 2, /neither a registry nor a repository with its registry/],
    [`${REPOSITORY}:v1`, 2, /it names one artifact\nhint: list its repository with/],
    ["registry.test/nothing/here", 1, /it has none\nhint: run `modelops list registry\.test` to/],
    ["registry.test/UPPER", 2, /must be lower case/],
  ];
  for (const [place, code, message] of cases) {
    const result = await home.run(["list", place]);
    assert.equal(result.code, code, place);
    assert.match(result.stderr, message);
  }
});

Deno.test("the error of a wrong tag names near tags, here and in the registry", async () => {
  await using home = await homeWithTags("v1.0.0", "v1.1.0");
  const wrong = `${REPOSITORY}:v1.0.1`;
  const commands = [
    ["inspect", wrong],
    ["inspect", "--remote", wrong],
    ["pull", wrong],
    ["push", wrong],
    ["extract", wrong, "--output", home.at("out")],
    ["fetch", wrong, "--output", home.at("out"), "--patterns", "*"],
    ["rm", wrong],
    ["tag", wrong, `${REPOSITORY}:x`],
  ];
  for (const args of commands) {
    const { code, stderr } = await home.run(args);
    assert.equal(code, 1, args.join(" "));
    assert.match(
      stderr,
      /hint: did you mean "registry\.test\/models\/demo:v1\.0\.0"/,
      args.join(" "),
    );
  }
});

Deno.test("where no tag is near, the newest are named", async () => {
  await using home = await homeWithTags("v9", "v10");
  const { code, stderr } = await home.run(["pull", `${REPOSITORY}:latest`]);
  assert.equal(code, 1);
  assert.match(stderr, /hint: it has v10, v9$/m);
});

Deno.test("a registry that does not list tags leaves the error as it is", async () => {
  await using home = await Home.open((_request, { url }) =>
    url.pathname.endsWith("/tags/list") ? new Response("", { status: 403 }) : undefined
  );
  const { code, stderr } = await home.run(["pull", `${REPOSITORY}:v1`]);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot find "registry\.test\/models\/demo:v1"/);
});
