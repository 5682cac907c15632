import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { mirrorRules } from "../../../src/registry/mirrors/document.ts";

const FILE = "/etc/containers/registries.conf";

function problem(document: unknown, strict = false): string {
  try {
    mirrorRules(document, { file: FILE, strict });
  } catch (error) {
    assert.ok(error instanceof InvalidInputError, String(error));
    return error.message;
  }
  return "none";
}

Deno.test("a table says prefix, place, mirrors, and for which reads each is", () => {
  const [rule] = mirrorRules({
    "unqualified-search-registries": ["docker.io"],
    registry: [{
      prefix: "a.test/x/",
      location: "b.test",
      insecure: true,
      mirror: [
        { location: "m.test/", "pull-from-mirror": "digest-only" },
        { location: "n.test", insecure: true, "pull-from-mirror": "" },
      ],
    }],
  }, { file: FILE });
  assert.deepEqual(rule, {
    prefix: "a.test/x",
    location: "b.test",
    insecure: true,
    blocked: false,
    mirrors: [
      { location: "m.test", insecure: false, use: "digest-only" },
      { location: "n.test", insecure: true, use: "all" },
    ],
    file: FILE,
  });
});

Deno.test("mirror-by-digest-only holds for all mirrors of a table; without a prefix the location is it", () => {
  const table = {
    location: "a.test",
    "mirror-by-digest-only": true,
    mirror: [{ location: "m.test" }],
  };
  const [rule] = mirrorRules({ registry: [table] }, { file: FILE });
  assert.equal(rule?.prefix, "a.test");
  assert.deepEqual(rule?.mirrors.map(({ use }) => use), ["digest-only"]);
});

Deno.test("the lists of the first version are rules too, and not beside the second one", () => {
  const lists = {
    registries: {
      search: { registries: ["x"] },
      insecure: { registries: ["a.test"] },
      block: { registries: ["b.test"] },
    },
  };
  const rules = mirrorRules(lists, { file: FILE });
  assert.deepEqual(rules.map(({ prefix, insecure, blocked }) => [prefix, insecure, blocked]), [
    ["a.test", true, false],
    ["b.test", false, true],
  ]);
  assert.match(problem({ ...lists, registry: [{ location: "a.test" }] }), /two versions/);
});

Deno.test("what cannot be meant is refused, with the table and the file", () => {
  const rows: [object, RegExp][] = [
    [{}, /registry\.0: it has neither prefix nor location/],
    [{ prefix: "a.test" }, /prefix "a\.test" has no location/],
    [{ prefix: "a.*.test", location: "b.test" }, /not of the form \*\.example\.com/],
    [{ prefix: "*.a.test/x", location: "b.test" }, /not of the form \*\.example\.com/],
    [{ location: "https://a.test" }, /"https:\/\/a\.test" is a URL/],
    [{ location: "a test/x" }, /does not begin with the host/],
    [{ location: "a.test", mirror: [{ location: "" }] }, /location.*is empty/],
    [{ location: "a.test", mirror: [{}] }, /location.*is missing/],
    [
      { location: "a.test", mirror: [{ location: "m.test", "pull-from-mirror": "some" }] },
      /is none of/,
    ],
    [{ location: "a.test", blocked: "yes" }, /blocked: is text, want true or false/],
    [{
      location: "a.test",
      "mirror-by-digest-only": true,
      mirror: [{ location: "m.test", "pull-from-mirror": "all" }],
    }, /exclude each other/],
  ];
  for (const [table, expected] of rows) {
    const message = problem({ registry: [table] });
    assert.match(message, expected);
    assert.ok(message.includes(FILE), message);
  }
  assert.match(problem("text"), /is text, want a map/);
});

Deno.test("in our own file a key that nothing reads is refused", () => {
  assert.match(problem({ mirrors: [] }, true), /keys that it must not have: "mirrors"/);
  assert.match(problem({ registry: [{ location: "a.test", mirrors: [] }] }, true), /"mirrors"/);
  assert.equal(problem({ mirrors: [], registry: [{ location: "a.test", more: 1 }] }), "none");
});

Deno.test("whatever a document is, there are rules or an error of ours", () => {
  fc.assert(fc.property(fc.anything(), fc.boolean(), (document, strict) => {
    for (const each of [document, { registry: document }, { registry: [document] }]) {
      try {
        for (const rule of mirrorRules(each, { file: FILE, strict })) assert.ok(rule.prefix !== "");
      } catch (error) {
        assert.ok(error instanceof InvalidInputError, String(error));
      }
    }
  }));
});
