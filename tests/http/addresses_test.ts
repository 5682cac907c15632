import assert from "node:assert/strict";
import fc from "fast-check";
import { isInternalHost, resolvesInside } from "../../src/http/addresses.ts";

/** The host as every request sees it: the URL parser has normalised it. */
const hostOf = (host: string) => new URL(`http://${host}/`).hostname;

Deno.test("isInternalHost() knows private, link-local and unspecified addresses", () => {
  const inside = [
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
  ];
  const more = [
    "169.254.169.254",
    "[::]",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "224.0.0.1",
  ];
  for (const host of [...inside, ...more, "localhost"]) assert(isInternalHost(hostOf(host)), host);
  for (const host of ["8.8.8.8", "172.32.0.1", "[2606:4700::1]", "[::ffff:8.8.8.8]", "a.test"]) {
    assert(!isInternalHost(hostOf(host)), host);
  }
});

Deno.test("isInternalHost() takes any text", () => {
  fc.assert(fc.property(fc.string(), (text) => typeof isInternalHost(text) === "boolean"));
});

Deno.test("isInternalHost() knows private addresses that IPv6 ones wrap", () => {
  const inside = [
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1:ffff::1]",
    "[2002:7f00:1::]",
    "[2002:c0a8:1::5]",
    "[2001:0:a00:1::1]",
    "[2001:0:808:808:0:0:80ff:fffe]",
    "[2606:4700::5efe:10.0.0.1]",
    "[::10.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[::ffff:0:a9fe:a9fe]",
    "[0:0:0:0:ffff:0:c0a8:1]",
    "[fec0::1]",
  ];
  for (const host of inside) assert(isInternalHost(hostOf(host)), host);
  const outside = [
    "[64:ff9b::8.8.8.8]",
    "[2002:808:808::1]",
    "[2001:0:808:808:0:0:f7f7:f7f7]",
    "[2606:4700::5efe:8.8.8.8]",
    "[::ffff:0:8.8.8.8]",
    "[2606:4700:7f00:1::a00:1]",
  ];
  for (const host of outside) assert(!isInternalHost(hostOf(host)), host);
});

Deno.test("isInternalHost() judges an address by what it wraps, whatever it is", () => {
  const word = fc.integer({ min: 0, max: 0xffff });
  fc.assert(fc.property(word, word, (high, low) => {
    const [a, b] = [high.toString(16), low.toString(16)];
    const plain = isInternalHost(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`);
    for (const host of [`[64:ff9b::${a}:${b}]`, `[2002:${a}:${b}::1]`, `[::ffff:${a}:${b}]`]) {
      assert.equal(isInternalHost(hostOf(host)), plain, host);
    }
  }));
});

Deno.test("resolvesInside() looks names up, and needs every address to be inside", async () => {
  assert(await resolvesInside("localhost"));
  assert(await resolvesInside("[::1]"));
  assert(!await resolvesInside("8.8.8.8"));
  assert(!await resolvesInside("no-such-name.invalid"));
});
