import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../src/core/errors.ts";
import {
  decodeJson,
  decodeJsonParts,
  decodeLongJson,
  decodePythonJson,
  encodeGoJson,
  goJson,
} from "../../src/core/json.ts";
import { shareThread } from "../../src/core/runtime/turn.ts";

Deno.test("goJson() escapes what Go escapes", () => {
  assert.equal(
    goJson({ a: "<b>&\u2028\u2029\b\f\\u003c" }),
    '{"a":"\\u003cb\\u003e\\u0026\\u2028\\u2029\\b\\f\\\\u003c"}',
  );
});

Deno.test("what goJson() writes reads back as the same value", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.deepEqual(JSON.parse(goJson(value)), JSON.parse(JSON.stringify(value)));
    assert.deepEqual(decodeJson(encodeGoJson(value), "value"), JSON.parse(JSON.stringify(value)));
  }));
});

Deno.test("decodeJson() takes JSON and refuses anything else as invalid input", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    try {
      decodeJson(bytes, "config");
    } catch (error) {
      assert.ok(error instanceof InvalidInputError);
      assert.match(error.message, /^Cannot read config: /);
    }
  }));
  assert.throws(() => decodeJson(new Uint8Array([0xff]), "config"), /not valid UTF-8/);
  assert.throws(
    () => decodeJson(new TextEncoder().encode("\ufeff{}"), "config"),
    /^InvalidInputError: Cannot read config: it begins with a byte order mark/,
  );
});

Deno.test("what is no document at all is told by how it begins", () => {
  const read = (text: string) => () => decodeJson(new TextEncoder().encode(text), "config");
  for (
    const [text, found] of [
      ["", "it holds nothing"],
      [" \r\n\t", "it holds nothing"],
      ["<!doctype html>\n<p>", 'it holds a page, not valid JSON: "<!doctype html> <p>"'],
      ["Bad \u202egateway\x1b", 'it holds text, not valid JSON: "Bad gateway"'],
      ["x".repeat(9000), `it holds text, not valid JSON: "${"x".repeat(80)}…"`],
    ] as const
  ) assert.throws(read(text), { message: `Cannot read config: ${found}` });
  // What begins as a document is told by where it ends to be one.
  assert.throws(read('{"a": ['), /^InvalidInputError: Cannot read config: .*JSON/);
});

Deno.test("a document that is nested thousands deep is refused before anyone walks it", () => {
  for (const [open, close] of [["[", "]"], ['{"a":', "}"], ['[{"a":', "}]"]] as const) {
    for (const depth of [200, 100_000]) {
      const text = open.repeat(depth) + "1" + close.repeat(depth);
      const bytes = new TextEncoder().encode(text);
      assert.throws(() => decodeJson(bytes, "config"), /nested more than 100 levels deep$/);
      assert.throws(() => decodePythonJson(bytes, "config"), /nested more than 100 levels deep$/);
    }
  }
  const brackets = new TextEncoder().encode(
    JSON.stringify(`${"[".repeat(500)}\\"${"{".repeat(9)}`),
  );
  assert.equal(typeof decodeJson(brackets, "text with brackets"), "string");
});

Deno.test("decodePythonJson() reads numbers that JSON does not know as null", () => {
  const read = (text: string) => decodePythonJson(new TextEncoder().encode(text), "config");
  assert.deepEqual(read('{"a":NaN,"b":[-Infinity,Infinity,1]}'), { a: null, b: [null, null, 1] });
  assert.deepEqual(read('{"NaN":"say \\"NaN, Infinity","b":NaN}'), {
    NaN: 'say "NaN, Infinity',
    b: null,
  });
  assert.throws(() => read("[NaNa]"), InvalidInputError);
  assert.throws(() => read('{"a":"NaN'), InvalidInputError);
});

Deno.test("decodePythonJson() reads what decodeJson() reads, in every marked encoding", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = JSON.stringify(value);
    const utf8 = new TextEncoder().encode(`\uFEFF${text}`);
    const utf16 = new Uint8Array(new Uint16Array([0xfeff, ...units(text)]).buffer);
    for (const bytes of [utf8, utf16]) {
      assert.deepEqual(decodePythonJson(bytes, "value"), JSON.parse(text));
    }
  }));
});

function units(text: string): number[] {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

Deno.test("a long document lets others have their turn while it is parsed", async () => {
  shareThread();
  const list = (item: unknown) => JSON.stringify(Array.from({ length: 200_000 }, () => item));
  for (const item of [0, { a: [1] }, "text, with [marks]"]) {
    const text = list(item);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const value = await decodeLongJson(new TextEncoder().encode(text), "list", 1_000_000);
    clearInterval(timer);
    assert.ok(turns > 0);
    assert.equal(JSON.stringify(value), text);
  }
  const bytes = new TextEncoder().encode(`${list(1).slice(0, -1)},]`);
  await assert.rejects(
    decodeLongJson(bytes, "list", 1_000_000),
    /^InvalidInputError: Cannot read l/,
  );
  await assert.rejects(decodeLongJson(bytes, "list", 1000), /it has more than 1000 values$/);
  await assert.rejects(decodeLongJson(new Uint8Array([0xff]), "list", 9), /not valid UTF-8$/);
});

/** The parts of a document whose bytes come in chunks of so many. */
function partsOf(bytes: Uint8Array, chunk: number, isPython: boolean): Promise<unknown[]> {
  const chunks = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.byteLength; at += chunk) {
        controller.enqueue(bytes.subarray(at, at + chunk));
      }
      controller.close();
    },
  });
  return Array.fromAsync(decodeJsonParts(chunks, "list", { cut: 1, isPython }));
}

Deno.test("decodeJsonParts() reads what the others read, in parts of a long document", async () => {
  const members = Array.from({ length: 20_000 }, (_, index) => [`é${index}`, [index, null]]);
  const text = JSON.stringify(Object.fromEntries(members));
  const strange = text.replaceAll("null", "NaN");
  const encode = (text: string) => new TextEncoder().encode(text);
  const utf16 = new Uint8Array(new Uint16Array([0xfeff, ...units(strange)]).buffer);
  const forms = [
    [encode(text), false],
    [encode(strange), true],
    [encode(`\ufeff${strange}`), true],
    [utf16, true],
  ] as const;
  for (const [bytes, isPython] of forms) {
    const parts = await partsOf(bytes, 9999, isPython);
    assert.ok(parts.length > 3);
    assert.equal(JSON.stringify(Object.assign({}, ...parts)), text);
  }
});

Deno.test("decodeJsonParts() refuses what the others refuse, and passes on what sources say", async () => {
  const bytes = new TextEncoder().encode('{"a":[NaN]}');
  await assert.rejects(partsOf(bytes, 3, false), /^InvalidInputError: Cannot read list: /);
  await assert.rejects(partsOf(new Uint8Array([0x22, 0xff, 0x22]), 1, false), /not valid UTF-8$/);
  await assert.rejects(partsOf(new Uint8Array([0x22, 0xc3]), 1, false), /not valid UTF-8$/);
  const broken = new ReadableStream({
    pull: (controller) => controller.error(new TypeError("cut")),
  });
  const reading = Array.fromAsync(decodeJsonParts(broken, "list", { cut: 1 }));
  await assert.rejects(reading, /^TypeError: cut$/);
});
