import assert from "node:assert/strict";
import fc from "fast-check";
import { BadMessage } from "../../../src/core/http1/bad_message.ts";
import { parseAnswer } from "../../../src/http/socket/answer_head.ts";

const head = (...lines: string[]) => lines.join("\r\n");

Deno.test("parseAnswer() reads status, fields and the end of the body", () => {
  const text = head("HTTP/1.1 206 Partial Content", "Content-Length:  12 ", "X-A: 1", "x-a: 2");
  const { status, headers, length, keepAlive } = parseAnswer(text, "GET");
  assert.deepEqual({ status, length, keepAlive }, { status: 206, length: 12, keepAlive: true });
  assert.equal(headers.get("x-a"), "1, 2");
});

Deno.test("parseAnswer() knows where each body ends, and whether the connection goes on", () => {
  const rows: [string, string, number | "chunked" | "rest", boolean][] = [
    ["GET", head("HTTP/1.1 200 OK", "Transfer-Encoding: Chunked"), "chunked", true],
    ["GET", head("HTTP/1.1 200 OK"), "rest", false],
    ["GET", head("HTTP/1.1 200", "Content-Length: 0"), 0, true],
    ["GET", head("HTTP/1.1 200 ", "Content-Length: 3", "Connection: a, Close"), 3, false],
    ["GET", head("HTTP/1.0 200 OK", "Content-Length: 3"), 3, false],
    ["GET", head("HTTP/1.0 200 OK", "Content-Length: 3", "Connection: keep-alive"), 3, true],
    ["HEAD", head("HTTP/1.1 200 OK", "Content-Length: 3"), 0, true],
    ["HEAD", head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"), 0, true],
    ["GET", head("HTTP/1.1 204 No Content", "Content-Length: 3"), 0, true],
    ["GET", head("HTTP/1.1 304 Not Modified", "Content-Length: 3"), 0, true],
    ["GET", head("HTTP/1.1 103 Early Hints", "Link: </a>"), 0, true],
  ];
  for (const [method, text, length, keepAlive] of rows) {
    const found = parseAnswer(text, method);
    assert.deepEqual([found.length, found.keepAlive], [length, keepAlive], text);
  }
});

Deno.test("parseAnswer() refuses what is malformed or could be read in two ways", () => {
  const ok = "HTTP/1.1 200 OK";
  for (
    const text of [
      "",
      "SSH-2.0-OpenSSH_9.6",
      "HTTP/2 200",
      "HTTP/1.2 200 OK",
      "HTTP/1.1 99 Low",
      "HTTP/1.1 600 High",
      "HTTP/1.1 2000 OK",
      "HTTP/1.1  200 OK",
      "HTTP/1.1 200OK",
      " HTTP/1.1 200 OK",
      "http/1.1 200 OK",
      "HTTP/1.1 200 O\0K",
      head(ok, "Content-Length: 1", "Content-Length: 1"),
      head(ok, "Content-Length: 1, 1"),
      head(ok, "Content-Length: -1"),
      head(ok, "Content-Length: 0x10"),
      head(ok, `Content-Length: ${"9".repeat(16)}`),
      head(ok, "Content-Length: 1", "Transfer-Encoding: chunked"),
      head(ok, "Transfer-Encoding: gzip, chunked"),
      head(ok, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
      head("HTTP/1.0 200 OK", "Transfer-Encoding: chunked"),
      head(ok, "Location: /a", "Location: /b"),
      head(ok, "X: a", " b"),
      head(ok, "X : a"),
      head(ok, ": a"),
      head(ok, "X"),
      head(ok, "X: a\nY: b"),
      head(ok, "X: a\0"),
      head(ok, ...Array.from({ length: 101 }, (_, index) => `X-${index}: a`)),
    ]
  ) assert.throws(() => parseAnswer(text, "GET"), BadMessage, JSON.stringify(text));
});

Deno.test("parseAnswer() takes any text for an answer or for malformed, and nothing else", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.constantFrom("HTTP/1.1 200 OK", "Content-Length: 5", "Transfer-Encoding: chunked", "A: b"),
  );
  fc.assert(fc.property(fc.array(line), fc.constantFrom("GET", "HEAD", "PUT"), (lines, method) => {
    try {
      const { status, length } = parseAnswer(lines.join("\r\n"), method);
      assert.ok(status >= 100 && status <= 599);
      assert.ok(typeof length === "string" || Number.isSafeInteger(length) && length >= 0);
    } catch (error) {
      assert.ok(error instanceof BadMessage, String(error));
    }
  }));
});
