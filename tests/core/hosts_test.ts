import assert from "node:assert/strict";
import fc from "fast-check";
import { isLoopbackHost } from "../../src/core/hosts.ts";

/** The host as every request sees it: the URL parser has normalised it. */
const hostOf = (host: string) => new URL(`http://${host}/`).hostname;

Deno.test("isLoopbackHost() knows every spelling of this machine that a URL can have", () => {
  const hosts = ["localhost", "LOCALHOST", "a.localhost", "localhost.", "127.0.0.1", "127.9.9.9"];
  const odd = ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"];
  for (const host of [...hosts, ...odd]) assert(isLoopbackHost(hostOf(host)), host);
  for (const host of ["registry.test", "localhost.test", "128.0.0.1", "[::2]", "10.0.0.1"]) {
    assert(!isLoopbackHost(hostOf(host)), host);
  }
});

Deno.test("isLoopbackHost() trusts only plain forms of this machine where no URL parser has been", () => {
  for (const host of ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"]) {
    assert.ok(isLoopbackHost(host), host);
  }
  assert.ok(isLoopbackHost("::ffff:127.0.0.1"));
  const others = ["0.0.0.0", "::", "10.0.0.1", "127.1", "127.0.0.1.test", "localhost.test"];
  for (const host of [...others, "::ffff:10.0.0.1", "2130706433", "", "1::1", "127.0.0.256"]) {
    assert.ok(!isLoopbackHost(host), host);
  }
});

Deno.test("isLoopbackHost() reads the host of a registry with its port", () => {
  for (const host of ["localhost:5000", "127.0.0.1:5000", "[::1]:5000"]) {
    assert.ok(isLoopbackHost(host), host);
  }
  for (const host of ["registry.test:5000", "[::2]:5000", "localhost:5000/models"]) {
    assert.ok(!isLoopbackHost(host), host);
  }
});

Deno.test("isLoopbackHost() says of every 127.x.x.x that it is, and takes any text", () => {
  const octet = fc.nat(255);
  fc.assert(fc.property(octet, octet, octet, (...rest) => isLoopbackHost(`127.${rest.join(".")}`)));
  fc.assert(fc.property(fc.string(), (text) => typeof isLoopbackHost(text) === "boolean"));
});
