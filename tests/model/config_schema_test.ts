import assert from "node:assert/strict";
import { checkConfig } from "../../src/model/config_schema.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

function check(document: unknown, layers = 1): void {
  checkConfig(new TextEncoder().encode(JSON.stringify(document)), layers, {
    action: "read",
    what: "config",
  });
}

function config(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    descriptor: { name: "m", createdAt: "2025-01-31T12:00:00.5+01:00" },
    config: { paramSize: "7b", capabilities: { inputTypes: ["text"], languages: ["en"] } },
    modelfs: { type: "layers", diffIds: [DIGEST] },
    ...changes,
  };
}

Deno.test("a configuration of the specification is accepted", () => {
  check(config());
  check(config({ descriptor: {}, config: {} }));
  check(config({ descriptor: { createdAt: "2024-02-29t23:59:59.999999999-12:00" } }));
});

Deno.test("a configuration that the specification does not allow is refused, with what is wrong", () => {
  const rows: readonly (readonly [unknown, RegExp])[] = [
    [{}, /descriptor|config|modelfs/],
    [config({ extra: 1 }), /extra/],
    [config({ descriptor: { name: "" } }), /descriptor\.name/],
    [config({ descriptor: { owner: "x" } }), /owner/],
    // What everybody may read holds no passwords.
    [config({ descriptor: { sourceURL: "https://u:s3cret@git.test/a" } }), /sourceURL: it holds a/],
    [config({ descriptor: { docURL: "https://x.test/?token=s3cret" } }), /docURL: it holds a URL/],
    [config({ descriptor: { datasetsURL: ["a", "https://t@x.test"] } }), /datasetsURL\.1: it hol/],
    [config({ descriptor: { description: "see https://u:p@x.test" } }), /description: it holds/],
    [config({ descriptor: { name: "ftp://u:p@x.test/n" } }), /name: it holds a URL/],
    [config({ descriptor: { createdAt: "yesterday" } }), /descriptor\.createdAt/],
    // Days and hours that there are not: the tools in Go read no such document.
    ...[
      "2025-02-30T00:00:00Z",
      "2023-02-29T00:00:00Z",
      "2025-13-01T00:00:00Z",
      "2025-01-01T24:00:00Z",
      "2025-01-01T00:60:00Z",
      "2025-01-01T00:00:00+25:00",
    ].map((createdAt) => [config({ descriptor: { createdAt } }), /descriptor\.createdAt/] as const),
    [config({ config: { capabilities: { languages: ["english"] } } }), /languages/],
    [config({ config: { capabilities: { inputTypes: ["smell"] } } }), /inputTypes/],
    [config({ modelfs: { type: "layers", diffIds: [] } }), /diffIds/],
    [config({ modelfs: { type: "files", diffIds: [DIGEST] } }), /modelfs\.type/],
    [config({ modelfs: { type: "layers", diffIds: ["sha256:x"] } }), /diffIds/],
    [config({ modelfs: { type: "layers", diff_ids: [DIGEST] } }), /diff/],
  ];
  for (const [document, says] of rows) {
    assert.throws(() => check(document), says, JSON.stringify(document));
  }
});

Deno.test("a configuration of another number of layers is refused", () => {
  for (const layers of [0, 2, 20]) {
    assert.throws(() => check(config(), layers), /1 digests, and the model \d+ layers/);
  }
});
