import assert from "node:assert/strict";
import fc from "fast-check";
import { parseChallenges } from "../../../src/registry/auth/challenge.ts";

const parse = (header: string | null) =>
  parseChallenges(header).map(({ scheme, parameters, token68 }) => ({
    scheme,
    ...Object.fromEntries(parameters),
    ...(token68 ? { token68 } : {}),
  }));

Deno.test("parseChallenges() reads one challenge", () => {
  assert.deepEqual(
    parse('Bearer realm="https://auth.test/token",service="r.test",scope="repository:a:pull,push"'),
    [{
      scheme: "bearer",
      realm: "https://auth.test/token",
      service: "r.test",
      scope: "repository:a:pull,push",
    }],
  );
});

Deno.test("parseChallenges() reads several challenges in one header", () => {
  assert.deepEqual(parse('Negotiate abc==, Basic realm="a, b", Bearer realm=x , Custom'), [
    { scheme: "negotiate", token68: "abc==" },
    { scheme: "basic", realm: "a, b" },
    { scheme: "bearer", realm: "x" },
    { scheme: "custom" },
  ]);
});

Deno.test("parseChallenges() unquotes, ignores case and white space, and keeps the first of a name", () => {
  assert.deepEqual(parse('BASIC  Realm = "a\\"b\\\\c" ,\trealm="later"'), [
    { scheme: "basic", realm: 'a"b\\c' },
  ]);
});

Deno.test("parseChallenges() takes URLs without quotes", () => {
  assert.deepEqual(parse("Bearer realm=https://a.test/t?x=1,service=s"), [
    { scheme: "bearer", realm: "https://a.test/t?x=1", service: "s" },
  ]);
});

Deno.test("parseChallenges() reads nothing from nothing and stops at what it cannot read", () => {
  assert.deepEqual(parse(null), []);
  assert.deepEqual(parse(""), []);
  assert.deepEqual(parse(" , ,"), []);
  assert.deepEqual(parse('Basic realm="open'), [{ scheme: "basic" }]);
});

Deno.test("parseChallenges() never throws", () => {
  fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseChallenges(text))));
});

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/).map((text) => text.toLowerCase());

Deno.test("parseChallenges() reads back whatever quoted strings were written", () => {
  const parameters = fc.uniqueArray(fc.tuple(token, fc.stringMatching(/^[ -~]*$/)), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 4,
  });
  const challenge = fc.tuple(token, parameters);
  fc.assert(fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
    const header = challenges.map(([scheme, pairs]) =>
      `${scheme} ` +
      pairs.map(([name, value]) => `${name}="${value.replace(/["\\]/g, "\\$&")}"`).join(", ")
    ).join(", ");
    assert.deepEqual(
      parseChallenges(header).map(({ scheme, parameters }) => [scheme, [...parameters]]),
      challenges.map(([scheme, pairs]) => [scheme, pairs]),
    );
  }));
});
