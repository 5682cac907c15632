import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../src/core/errors.ts";
import { matchesNoProxy, parseProxy, proxyFor } from "../../src/http/proxies.ts";

const matches = (url: string, list: string) => matchesNoProxy(new URL(url), list);

const CASES: readonly (readonly [list: string, url: string, expected: boolean])[] = [
  ["*", "https://any.test", true],
  ["a.test", "https://a.test", true],
  ["a.test", "https://b.a.test", true],
  [".a.test", "https://b.a.test", true],
  ["*.a.test", "https://b.a.test", true],
  ["a.test", "https://ba.test", false],
  ["A.Test", "https://a.test", true],
  ["a.test.", "https://a.test", true],
  ["a.test.", "https://a.test.", true],
  [".a.test.", "https://b.a.test", true],
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
  ["0:0:0:0:0:0:0:1", "http://[::1]:5000", true],
  ["[2001:DB8:0::0001]:5000", "http://[2001:db8::1]:5000", true],
  ["2001:db8::1", "http://[2001:db8::2]", false],
  ["fe80::1%eth0", "http://[fe80::2]", false],
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
  assert.equal(proxyFor(new URL("http://a.test"), settings), "http://h.test/");
  assert.equal(proxyFor(new URL("https://a.test"), settings), "http://s.test/");
  assert.equal(proxyFor(new URL("https://direct.test"), settings), undefined);
  assert.equal(proxyFor(new URL("https://direct.test"), "http://one.test"), "http://one.test/");
  assert.equal(proxyFor(new URL("https://a.test"), undefined), undefined);
  assert.equal(
    proxyFor(new URL("https://a.test"), { http: "http://h.test", https: "" }),
    undefined,
  );
});

const WITHOUT_SCHEME: readonly (readonly [string, string])[] = [
  ["127.0.0.1:3128", "http://127.0.0.1:3128/"],
  ["proxy.corp.test:8080", "http://proxy.corp.test:8080/"],
  ["localhost", "http://localhost/"],
  ["[::1]:3128", "http://[::1]:3128/"],
  ["me:secret@proxy.test:3128/", "http://me:secret@proxy.test:3128/"],
  ["https://proxy.test", "https://proxy.test/"],
];

for (const [text, href] of WITHOUT_SCHEME) {
  Deno.test(`a proxy ${text} is ${href}`, () => assert.equal(parseProxy(text).href, href));
}

const NO_PROXIES: readonly (readonly [string, RegExp])[] = [
  ["socks5://me:secret@127.0.0.1:1080", /"socks5:\/\/" are not supported/],
  ["socks5h://proxy.test", /"socks5h:\/\/" are not supported/],
  ["socks4://proxy.test", /"socks4:\/\/" are not supported/],
  ["ftp://me:secret@proxy.test", /"ftp:\/\/" are not supported/],
  ["http://", /no URL/],
  ["a secret b", /no URL/],
  ["http://me:secret%@proxy.test", /write %25/],
  ["http://secret%zz@proxy.test", /write %25/],
  ["me:secret%ff@proxy.test:3128", /write %25/],
];

for (const [text, reason] of NO_PROXIES) {
  Deno.test(`a proxy ${text} is refused by its scheme, and not repeated`, () => {
    assert.throws(() => parseProxy(text), (error) => {
      assert(error instanceof InvalidInputError);
      assert.match(error.message, reason);
      assert(!error.message.includes("secret"));
      return true;
    });
  });
}

Deno.test("a proxy that cannot be used is no fault for hosts that are reached directly", () => {
  const settings = { http: "socks5://proxy.test", noProxy: "direct.test" };
  assert.equal(proxyFor(new URL("http://direct.test"), settings), undefined);
  assert.throws(() => proxyFor(new URL("http://a.test"), settings), InvalidInputError);
});

Deno.test("parseProxy() gives an HTTP URL or its own error for any text", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      assert.match(parseProxy(text).protocol, /^https?:$/);
    } catch (error) {
      assert(error instanceof InvalidInputError);
    }
  }));
});
