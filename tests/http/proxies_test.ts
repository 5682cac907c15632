import assert from "node:assert/strict";
import fc from "fast-check";
import { matchesNoProxy, proxyFor } from "../../src/http/proxies.ts";

const matches = (url: string, list: string) => matchesNoProxy(new URL(url), list);

const CASES: readonly (readonly [list: string, url: string, expected: boolean])[] = [
  ["*", "https://any.test", true],
  ["a.test", "https://a.test", true],
  ["a.test", "https://b.a.test", true],
  [".a.test", "https://b.a.test", true],
  ["*.a.test", "https://b.a.test", true],
  ["a.test", "https://ba.test", false],
  ["A.Test", "https://a.test", true],
  ["a.test:444", "https://a.test:444", true],
  ["a.test:443", "https://a.test", true],
  ["a.test:80", "https://a.test", false],
  ["b.test, a.test", "https://a.test", true],
  ["b.test a.test", "https://a.test", true],
  ["10.0.0.0/8", "http://10.1.2.3", true],
  ["10.0.0.0/8", "http://11.1.2.3", false],
  ["10.0.0.0/99", "http://10.1.2.3", false],
  ["fd00::/8", "http://[fd00::1]", true],
  ["::1", "http://[::1]:5000", true],
  ["[::1]:5000", "http://[::1]:5000", true],
  ["[::1]:5000", "http://[::1]:5001", false],
  ["127.0.0.1", "http://127.0.0.1:5000", true],
  ["0.0.1", "http://127.0.0.1", false],
  ["", "https://a.test", false],
  [",,", "https://a.test", false],
];

for (const [list, url, expected] of CASES) {
  Deno.test(`matchesNoProxy() says ${expected} for ${url} in "${list}"`, () => {
    assert.equal(matches(url, list), expected);
  });
}

Deno.test("matchesNoProxy() takes any list", () => {
  fc.assert(
    fc.property(fc.string(), (list) => typeof matches("https://a.test", list) === "boolean"),
  );
});

Deno.test("proxyFor() chooses by the scheme of the URL, and gives one proxy to all where one is named", () => {
  const settings = { http: "http://h.test", https: "http://s.test", noProxy: "direct.test" };
  assert.equal(proxyFor(new URL("http://a.test"), settings), "http://h.test");
  assert.equal(proxyFor(new URL("https://a.test"), settings), "http://s.test");
  assert.equal(proxyFor(new URL("https://direct.test"), settings), undefined);
  assert.equal(proxyFor(new URL("https://direct.test"), "http://one.test"), "http://one.test");
  assert.equal(proxyFor(new URL("https://a.test"), undefined), undefined);
  assert.equal(
    proxyFor(new URL("https://a.test"), { http: "http://h.test", https: "" }),
    undefined,
  );
});
