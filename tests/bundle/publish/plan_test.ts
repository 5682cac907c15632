import assert from "node:assert/strict";
import { placedFiles, planStorage } from "../../../src/bundle/publish/plan.ts";
import { parseSpec } from "../../../src/bundle/spec/parse.ts";
import type { Inventory } from "../../../src/bundle/publish/scan.ts";
import { digestBytes, digestHex } from "../../../src/core/digest.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { bytesSource } from "../../../src/core/content/source.ts";

type Rules = readonly Record<string, unknown>[];

/** An inventory of files with these sizes, each of its own content. */
function inventoryOf(
  sizes: Record<string, number>,
  rules: Rules,
  limit = 100,
): Inventory {
  const spec = parseSpec(
    JSON.stringify({
      name: "epi",
      version: "1.0.0",
      layers: [{ name: "data", type: "data", files: ["**"] }],
      roles: { default: ["data"] },
      external_rules: rules,
      oras_size_limit: limit,
    }),
    "modelops.yaml",
  );
  const files = Object.entries(sizes).map(([path, size]) => ({
    path,
    layer: "data",
    size,
    mode: 0o644,
    digest: digestBytes(new TextEncoder().encode(path)),
    source: bytesSource(new Uint8Array(size)),
  }));
  return { workdir: "work", spec, layers: [{ name: "data", type: "data", files }], warnings: [] };
}

const BIN = { pattern: "data/*.bin", uri_template: "az://cont1/b/{path}" };

const DECISIONS: readonly (readonly [string, number, Rules, string, string])[] = [
  ["a", 100, [], "registry", "no external rule matches"],
  ["data/x.bin", 10, [BIN], "az://cont1/b/data/x.bin", 'matches rule "data/*.bin"'],
  ["data/deep/x.bin", 10, [BIN], "az://cont1/b/data/deep/x.bin", 'matches rule "data/*.bin"'],
  ["x.bin", 10, [BIN], "registry", "no external rule matches"],
  [
    "data/x.bin",
    10,
    [{ ...BIN, size_threshold: 10 }],
    "az://cont1/b/data/x.bin",
    'matches rule "data/*.bin", and has 10 bytes or more',
  ],
  [
    "data/x.bin",
    9,
    [{ ...BIN, size_threshold: 10 }],
    "registry",
    'smaller than the 10 bytes of rule "data/*.bin"',
  ],
  [
    "data/x.bin",
    9,
    [{ ...BIN, size_threshold: 10 }, { pattern: "*", uri_template: "file:///o/{path}" }],
    "file:///o/data/x.bin",
    'matches rule "*"',
  ],
  [
    "data/x.bin",
    1000,
    [{ ...BIN, uri_template: "az://one/{path}" }, BIN],
    "az://one/data/x.bin",
    'matches rule "data/*.bin"',
  ],
  ["data/x.bin", 0, [{ pattern: "*" }], "az://big/epi/data/x.bin", 'matches rule "*"'],
  [
    "d/x",
    5,
    [{ pattern: "*", uri_template: "az://c/{name}/{version}/{layer}/{sha256}" }],
    `az://c/epi/1.0.0/data/${digestHex(digestBytes(new TextEncoder().encode("d/x")))}`,
    'matches rule "*"',
  ],
];

for (const [path, size, rules, place, reason] of DECISIONS) {
  Deno.test(`planStorage() puts ${path} of ${size} bytes by ${JSON.stringify(rules)}`, () => {
    const plan = planStorage(inventoryOf({ [path]: size }, rules), { externalBase: "az://big" });
    const [file] = placedFiles(plan);
    const { decision } = file!;
    assert.equal(decision.kind === "external" ? decision.uri : "registry", place);
    assert.equal(decision.reason, reason);
  });
}

function refusal(inventory: Inventory): InvalidInputError {
  try {
    planStorage(inventory);
  } catch (error) {
    assert.ok(error instanceof InvalidInputError, String(error));
    return error;
  }
  throw new Error("the plan was accepted");
}

Deno.test("planStorage() reports every file that is too large for the registry", () => {
  const error = refusal(inventoryOf({ a: 100, b: 101, c: 102, "data/d.bin": 5000 }, [BIN]));
  assert.deepEqual(error.facts.problems?.map(({ message }) => message), [
    '"b" has 101 bytes, more than oras_size_limit (100), and no external rule takes it',
    '"c" has 102 bytes, more than oras_size_limit (100), and no external rule takes it',
  ]);
  assert.match(
    refusal(inventoryOf({ b: 101 }, [])).message,
    /^Cannot plan "work": "b" has 101 bytes/,
  );
});

Deno.test("planStorage() refuses external files whose pointers no system can hold", () => {
  const all = [{ pattern: "*", uri_template: "az://c/{sha256}" }];
  for (
    const name of [
      "x".repeat(251),
      `data/${"é".repeat(126)}`,
      `${"a/".repeat(3)}${"模".repeat(85)}`,
    ]
  ) {
    assert.match(
      refusal(inventoryOf({ [name]: 1 }, all)).message,
      /a part is longer than 255 bytes/,
    );
    assert.equal(planStorage(inventoryOf({ [name]: 1 }, [])).layers[0]?.files.length, 1);
  }
  assert.equal(planStorage(inventoryOf({ ["x".repeat(250)]: 1 }, all)).layers[0]?.files.length, 1);
});

Deno.test("planStorage() refuses one address for two contents, and addresses that are none", () => {
  const shared = [{ pattern: "*", uri_template: "az://c/same" }];
  assert.match(
    refusal(inventoryOf({ a: 1, b: 2 }, shared)).message,
    /"b" and "a" would both be az:\/\/c\/same/,
  );
  const all = [{ pattern: "*", uri_template: "az://c/{path}" }];
  assert.match(refusal(inventoryOf({ "a?sig=b": 1 }, all)).message, /"a\?sig=b": /);
});
