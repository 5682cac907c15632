import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../src/core/errors.ts";
import {
  checkExposure,
  formatListenAddress,
  parseListenAddress,
} from "../../src/server/address.ts";

Deno.test("parseListenAddress() reads hosts, IPv4, bracketed IPv6 and a bare port", () => {
  assert.deepEqual(parseListenAddress("127.0.0.1:5000"), { hostname: "127.0.0.1", port: 5000 });
  assert.deepEqual(parseListenAddress("localhost:0"), { hostname: "localhost", port: 0 });
  assert.deepEqual(parseListenAddress("[::1]:65535"), { hostname: "::1", port: 65535 });
  assert.deepEqual(parseListenAddress(":5000"), { hostname: "0.0.0.0", port: 5000 });
});

Deno.test("parseListenAddress() says what is wrong", () => {
  const rows = [
    ["127.0.0.1", /expected host:port/],
    ["::1:5000", /expected host:port/],
    ["localhost:", /expected host:port/],
    ["localhost:http", /expected host:port/],
    ["localhost:65536", /port 65536 is larger than 65535/],
    ["[localhost]:1", /expected an IPv6 address/],
    ["a b:1", /expected a host name/],
    ["http://localhost:1", /expected host:port/],
  ] as const;
  for (const [text, message] of rows) {
    assert.throws(() => parseListenAddress(text), (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("parseListenAddress() reads back what formatListenAddress() writes", () => {
  const hostname = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  fc.assert(fc.property(hostname, fc.nat(65535), (hostname, port) => {
    assert.deepEqual(parseListenAddress(formatListenAddress({ hostname, port })), {
      hostname,
      port,
    });
  }));
});

Deno.test("checkExposure() refuses a public address without passwords", () => {
  const open = { hostname: "0.0.0.0", port: 5000 };
  assert.throws(() => checkExposure({ address: open }), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.match(error.message, /^Cannot listen on "0\.0\.0\.0:5000": .*no passwords/);
    assert.match(error.facts.remedy ?? "", /--htpasswd FILE/);
    return true;
  });
  checkExposure({ address: open, htpasswd: "users" });
  checkExposure({ address: open, allowAnonymous: true });
  checkExposure({ address: { hostname: "127.0.0.1", port: 0 } });
});
