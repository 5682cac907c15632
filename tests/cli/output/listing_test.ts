import assert from "node:assert/strict";
import { formatListing } from "../../../src/cli/output/listing.ts";
import type { Digest } from "../../../src/core/digest.ts";
import type { ListedModel } from "../../../src/model/operations/looking.ts";

const now = new Date("2026-03-01T12:00:00Z");
const digest: Digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const models: ListedModel[] = [
  {
    repository: "localhost:5000/models/demo",
    tag: "dev-7",
    kind: "model",
    digest,
    size: 1.5 * 1024 ** 3,
    createdAt: "2026-03-01T10:00:00.5Z",
  },
  { repository: "registry.test/old", tag: "v1", kind: "model", digest, size: 900 },
];

Deno.test("a terminal gets aligned columns with relative times", () => {
  const text = formatListing(models, { isTerminal: true, columns: () => 160 }, now);
  assert.equal(
    text,
    "REPOSITORY                    TAG      DIGEST" + " ".repeat(69) + "CREATED        SIZE\n" +
      `localhost:5000/models/demo    dev-7    ${digest}    2 hours ago    1.5 GiB\n` +
      `registry.test/old             v1       ${digest}    unknown        900 B`,
  );
});

Deno.test("a narrow terminal gets short digests", () => {
  const text = formatListing(models, { isTerminal: true, columns: () => 100 }, now);
  assert.match(text, /dev-7 {2}sha256:0123456789ab {2}2 hours ago/);
});

Deno.test("no line is wider than the terminal, and what is cut is cut in its middle", () => {
  const repository = `registry.example.test:5000/${"team/".repeat(12)}models/demo`;
  const long = [{ ...models[0]!, repository, tag: "release-".repeat(9), kind: "model" as const }];
  for (const columns of [120, 80, 60]) {
    const text = formatListing(long, { isTerminal: true, columns: () => columns }, now);
    const [header = "", row = ""] = text.split("\n");
    assert.ok(header.length <= columns && row.length <= columns, text);
    assert.match(row, /^registry.*….*demo {2}rele.*….*-/);
    assert.match(row, / {2}1\.5 GiB$/, "sizes are never cut");
  }
});

Deno.test("a listing with kinds is no wider than the terminal either: digests and times give way", () => {
  const mixed = [
    { ...models[0]!, tag: "2026-01-01" },
    { ...models[1]!, createdAt: "2026-02-20T10:00:00Z", kind: "bundle" as const },
  ];
  for (let columns = 44; columns < 90; columns++) {
    const text = formatListing(mixed, { isTerminal: true, columns: () => columns }, now);
    assert.ok(text.split("\n").every((line) => line.length <= columns), text);
    assert.match(text, / {2}model *$/m);
  }
});

Deno.test("scripts get one word a column, an ISO date in the fifth, and the reference", () => {
  const text = formatListing(models, { isTerminal: false, columns: () => undefined }, now);
  assert.deepEqual(text.split("\n").map((line) => line.split(/ +/)), [
    ["REPOSITORY", "TAG", "DIGEST", "SIZE", "CREATED", "REFERENCE"],
    [
      "localhost:5000/models/demo",
      "dev-7",
      digest,
      "1.5GiB",
      "2026-03-01T10:00:00Z",
      "localhost:5000/models/demo:dev-7",
    ],
    ["registry.test/old", "v1", digest, "900B", "unknown", "registry.test/old:v1"],
  ]);
  const places = text.split("\n").map((line) => /v1|dev-7|TAG/.exec(line)?.index);
  assert.equal(new Set(places).size, 1, "the columns are aligned");
});

Deno.test("what is no model is listed in a last column as what it is", () => {
  const mixed = [...models, { ...models[1]!, tag: "v2", kind: "chart" }];
  const script = formatListing(mixed, { isTerminal: false, columns: () => undefined }, now);
  assert.deepEqual(script.split("\n").map((line) => line.split(/ +/).at(-1)), [
    "KIND",
    "model",
    "model",
    "chart",
  ]);
  const terminal = formatListing(mixed, { isTerminal: true, columns: () => 200 }, now);
  assert.match(terminal, /SIZE {7}KIND\n.*1\.5 GiB {4}model\n/);
});

Deno.test("neither the header nor an unknown age sorts before a date", () => {
  assert.ok("CREATED" > "2026-03-01T10:00:00Z");
  assert.ok("unknown" > "2026-03-01T10:00:00Z");
});

Deno.test("an empty store gives the header", () => {
  const script = formatListing([], { isTerminal: false, columns: () => undefined }, now);
  assert.equal(script, "REPOSITORY TAG DIGEST SIZE CREATED REFERENCE");
  const terminal = formatListing([], { isTerminal: true, columns: () => 80 }, now);
  assert.equal(terminal, "REPOSITORY    TAG    DIGEST    CREATED    SIZE");
});
