import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { mirrorRules } from "../../../src/registry/mirrors/document.ts";
import { placeAt, ruleFor } from "../../../src/registry/mirrors/rules.ts";

const FILE = "/etc/containers/registries.conf";

const rulesOf = (...registry: object[]) => mirrorRules({ registry }, { file: FILE });

function place(name: string) {
  const slash = name.indexOf("/");
  return { registry: name.slice(0, slash), repository: name.slice(slash + 1) };
}

function prefixFor(name: string, ...prefixes: string[]): string | undefined {
  const rules = rulesOf(...prefixes.map((prefix) => ({ prefix, location: "there.test" })));
  return ruleFor(rules, place(name))?.prefix;
}

Deno.test("a rule holds for the names below its prefix, and the longest prefix wins", () => {
  assert.equal(prefixFor("a.test/x/y", "a.test"), "a.test");
  assert.equal(prefixFor("a.test/x/y", "a.test/x"), "a.test/x");
  assert.equal(prefixFor("a.test/x/y", "a.test/x/y"), "a.test/x/y");
  assert.equal(prefixFor("a.test/x/y", "a.test", "a.test/x/y", "a.test/x"), "a.test/x/y");
  assert.equal(prefixFor("a.test:5000/x", "a.test:5000"), "a.test:5000");
});

Deno.test("a prefix ends where a part of a name ends", () => {
  assert.equal(prefixFor("a.test/xy", "a.test/x"), undefined);
  assert.equal(prefixFor("a.testing/x", "a.test"), undefined);
  assert.equal(prefixFor("b.a.test/x", "a.test"), undefined);
  assert.equal(prefixFor("a.test/x", "a.test/x/y"), undefined);
});

Deno.test("*. stands for any names before a domain, and not for none", () => {
  assert.equal(prefixFor("b.a.test/x", "*.a.test"), "*.a.test");
  assert.equal(prefixFor("c.b.a.test/x/y", "*.a.test"), "*.a.test");
  assert.equal(prefixFor("b.a.test:5000/x", "*.a.test"), "*.a.test");
  assert.equal(prefixFor("a.test/x", "*.a.test"), undefined);
  assert.equal(prefixFor("ba.test/x", "*.a.test"), undefined);
  assert.equal(prefixFor("other.test/b.a.test/x", "*.a.test"), undefined);
});

Deno.test("the location of a place stands for the prefix", () => {
  const [rule] = rulesOf({ prefix: "a.test/x", location: "b.test/cache" });
  assert.ok(rule);
  assert.deepEqual(
    placeAt("b.test/cache", rule, place("a.test/x/m")),
    place("b.test/cache/x/m".replace("/x", "")),
  );
  assert.deepEqual(placeAt("b.test:5000", rule, place("a.test/x/m")), place("b.test:5000/m"));
  const [wild] = rulesOf({ prefix: "*.a.test", location: "b.test/w" });
  assert.deepEqual(placeAt("b.test/w", wild!, place("c.a.test/m")), place("b.test/w/m"));
  assert.throws(
    () => placeAt("b.test", rule, place("a.test/x")),
    (error) => error instanceof InvalidInputError && error.message.includes(FILE),
  );
});

Deno.test("the rule that is found is the longest of those that hold", () => {
  const part = fc.constantFrom("a", "b", "ab");
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  fc.assert(fc.property(fc.array(path, { maxLength: 6 }), path, (prefixes, path) => {
    const name = `r.test/${path}`;
    const found = prefixFor(name, ...prefixes.map((prefix) => `r.test/${prefix}`));
    const holding = prefixes.map((prefix) => `r.test/${prefix}`)
      .filter((prefix) => `${name}/`.startsWith(`${prefix}/`))
      .sort((a, b) => b.length - a.length);
    assert.equal(found, holding[0]);
  }));
});
