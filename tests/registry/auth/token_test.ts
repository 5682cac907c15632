import assert from "node:assert/strict";
import fc from "fast-check";
import { parseToken } from "../../../src/registry/auth/token_answer.ts";

const parse = (value: unknown) => parseToken(new TextEncoder().encode(JSON.stringify(value)), 1000);

Deno.test("parseToken() reads both names of the token", () => {
  assert.equal(parse({ token: "a", access_token: "b" })?.value, "a");
  assert.equal(parse({ token: "", access_token: "b" })?.value, "b");
});

Deno.test("parseToken() uses a token until shortly before its end", () => {
  const until = (expires_in: unknown) => parse({ token: "a", expires_in })?.usableUntil;
  assert.equal(until(300), 291_000);
  assert.equal(until(5), 3500);
  for (const odd of [undefined, null, 0, -1, "300"]) assert.equal(until(odd), 51_000);
});

Deno.test("parseToken() gives a token that can stand in a header, or none", () => {
  const answer = fc.record({ token: fc.anything(), expires_in: fc.anything() }, {
    requiredKeys: [],
  });
  fc.assert(fc.property(fc.oneof(answer, fc.jsonValue()), (value) => {
    let text: string;
    try {
      text = JSON.stringify(value) ?? "";
    } catch {
      return; // Cyclic or a bigint: no JSON.
    }
    const token = parseToken(new TextEncoder().encode(text), 0);
    if (token) new Headers({ Authorization: `Bearer ${token.value}` });
  }));
});

Deno.test("parseToken() takes any bytes", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.equal(parseToken(new Uint8Array(bytes), 0), undefined);
  }));
});
