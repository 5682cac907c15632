import assert from "node:assert/strict";
import fc from "fast-check";
import { BadMessage } from "../../../src/core/http1/bad_message.ts";
import { parseHead } from "../../../src/server/http1/head.ts";

/** A head that is fine, with other lines. */
const head = (first: string, ...fields: string[]) => [first, "Host: a:1", ...fields].join("\r\n");

function statusOf(text: string): number {
  try {
    parseHead(text);
  } catch (error) {
    if (error instanceof BadMessage) return error.status;
    throw error;
  }
  return 200;
}

Deno.test("parseHead() reads method, path, host and the end of the body", () => {
  const text = head(
    "PUT /v2/../a//b%2Fc?x=1&y HTTP/1.1",
    "Content-Length:  12 ",
    "X-A: 1",
    "x-a: 2",
  );
  const { method, target, host, length, keepAlive, expectsContinue, headers } = parseHead(text);
  assert.deepEqual({ method, target, host, length, keepAlive, expectsContinue }, {
    method: "PUT",
    target: "/v2/../a//b%2Fc?x=1&y",
    host: "a:1",
    length: 12,
    keepAlive: true,
    expectsContinue: false,
  });
  assert.equal(headers.get("x-a"), "1, 2");
});

Deno.test("parseHead() lets a whole URL name path and host", () => {
  const { target, host } = parseHead(head("GET http://b.test:2/v2/?n=1 HTTP/1.1"));
  assert.deepEqual([target, host], ["/v2/?n=1", "b.test:2"]);
  assert.equal(parseHead(head("GET http://b.test HTTP/1.1")).target, "/");
});

Deno.test("parseHead() knows when a connection ends and when a body is awaited", () => {
  const rows = [
    [head("GET / HTTP/1.1", "Connection: Upgrade, Close"), false, false],
    [head("GET / HTTP/1.0"), false, false],
    [head("GET / HTTP/1.0", "Connection: keep-alive"), true, false],
    [head("PUT / HTTP/1.1", "Expect: 100-Continue", "Content-Length: 1"), true, true],
  ] as const;
  for (const [text, keepAlive, expectsContinue] of rows) {
    const found = parseHead(text);
    assert.deepEqual([found.keepAlive, found.expectsContinue], [keepAlive, expectsContinue], text);
  }
});

Deno.test("parseHead() refuses what could be read in two ways", () => {
  const rows: [number, string][] = [
    [400, head("GET / HTTP/1.1", "Content-Length: 1", "Content-Length: 1")],
    [400, head("GET / HTTP/1.1", "Content-Length: 1, 1")],
    [400, head("GET / HTTP/1.1", "Content-Length: +1")],
    [400, head("GET / HTTP/1.1", "Content-Length: 0x1")],
    [400, head("GET / HTTP/1.1", "Content-Length: 1", "Transfer-Encoding: chunked")],
    [400, head("GET / HTTP/1.1", "Transfer-Encoding: chunked", "Transfer-Encoding: identity")],
    [400, head("GET / HTTP/1.0", "Transfer-Encoding: chunked")],
    [501, head("GET / HTTP/1.1", "Transfer-Encoding: gzip, chunked")],
    [501, head("GET / HTTP/1.1", "Transfer-Encoding: xchunked")],
    [400, head("GET / HTTP/1.1", "X : 1")],
    [400, head("GET / HTTP/1.1", "X: 1", " more")],
    [400, head("GET / HTTP/1.1", "X: a\nY: b")],
    [400, head("GET / HTTP/1.1", "X: a\0b")],
    [400, head("GET / HTTP/1.1", "nothing")],
    [400, head("GET  / HTTP/1.1")],
    [400, head("GET /a b HTTP/1.1")],
    [400, head("GET a HTTP/1.1")],
    [400, head("GET * HTTP/1.1")],
    [400, head("GET /a#b HTTP/1.1")],
    [400, head("GET /")],
    [505, head("GET / HTTP/2.0")],
    [501, head("CONNECT a:1 HTTP/1.1")],
    [501, head("TRACE / HTTP/1.1")],
    [501, head("get / HTTP/1.1")],
    [501, head("Head / HTTP/1.1")],
    [501, head("delete / HTTP/1.1")],
    [417, head("PUT / HTTP/1.1", "Expect: 200-ok")],
    [431, head("GET / HTTP/1.1", ...Array.from({ length: 100 }, (_, i) => `X-${i}: 1`))],
  ];
  for (const [status, text] of rows) assert.equal(statusOf(text), status, JSON.stringify(text));
});

Deno.test("parseHead() takes a host for a name and perhaps a port, and nothing else", () => {
  const of = (host: string) => statusOf(`GET /v2/ HTTP/1.1\r\nHost:${host}`);
  for (const host of [" a", "a.test:5000", "127.0.0.1", "[::1]:5000", "my_host", "a.test."]) {
    assert.equal(of(host), 200, host);
  }
  for (
    const host of [
      ...["", " ", "a/b", "a/v2/", "a?b", "a#b", "u@a", "a:", "a:x", "a:123456", "a b", "a,b"],
      ...["[::1", "::1", "a\\b", "%61", "-a", "é"],
      // No address, no port, no name.
      ...["256.256.256.256", "1.2.3.4.5", "999999999999", "08.1", "a:65536", "[1:2]", "xn--a"],
    ]
  ) assert.equal(of(host), 400, host);
  assert.equal(statusOf("GET / HTTP/1.1"), 400);
  assert.equal(statusOf("GET / HTTP/1.1\r\nHost: a\r\nHost: b"), 400);
  assert.equal(statusOf("GET http://u@a/ HTTP/1.1\r\nHost: a"), 400);
});

Deno.test("parseHead() gives a head or a refusal for any text", () => {
  const word = fc.oneof(
    fc.constantFrom("GET", "/", "HTTP/1.1", "Host: a", "Content-Length: 3", " ", "\r\n", "\n", ":"),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), (words) => {
      assert.ok(statusOf(words.join("")) >= 200);
    }),
    { numRuns: 2000 },
  );
});
