/** What stands in for functions of the language does what they do. */
import assert from "node:assert/strict";
import fc from "fast-check";
import * as missing from "../../../src/platform/node/missing.ts";

/** What a function gives, or the name of the class of its error. */
function outcome(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as Error).name;
  }
}

Deno.test("escapeRegExp() makes a pattern that finds the text alone, with any flags", () => {
  fc.assert(fc.property(fc.string(), fc.constantFrom("", "i", "u"), (text, flags) => {
    const pattern = new RegExp(`^(${missing.escapeRegExp(text)})$`, flags);
    assert.equal(pattern.exec(text)?.[1], text);
    assert.ok(!pattern.test(`${text}x`));
  }));
});

Deno.test("fromBase64() reads and refuses what Uint8Array.fromBase64() does", () => {
  const texts = [
    "",
    "YQ==",
    "YQ",
    "Y",
    "YQ=",
    "Y Q = =",
    "YWI=",
    "YWJj",
    "a-b_",
    "%%%%",
    "YQ==YQ==",
  ];
  for (const text of texts) {
    assert.deepEqual(
      outcome(() => missing.fromBase64(text)),
      outcome(() => Uint8Array.fromBase64(text)),
      text,
    );
  }
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(missing.fromBase64(bytes.toBase64()), new Uint8Array(bytes));
  }));
});

Deno.test("groupBy(), fromAsync() and parseUrl() give what the language's own give", async () => {
  const words = ["one", "two", "three", "four"];
  const length = (word: string) => word.length;
  assert.deepEqual(missing.groupBy(words, length), Map.groupBy(words, length));
  async function* slow() {
    yield* words;
  }
  assert.deepEqual(await missing.fromAsync(slow(), length), await Array.fromAsync(slow(), length));
  assert.deepEqual(await missing.fromAsync([Promise.resolve(1), 2]), [1, 2]);
  for (const [text, base] of [["https://a/b?c"], ["x:"], ["no url"], ["../b", "http://h/a/c"]]) {
    assert.equal(missing.parseUrl(text!, base)?.href, URL.parse(text!, base)?.href);
  }
});

Deno.test("stacks dispose the last first, go on after a failure, and tell it", async () => {
  for (const Stack of [missing.AsyncDisposableStack, AsyncDisposableStack]) {
    const order: number[] = [];
    const stack = new Stack() as AsyncDisposableStack;
    stack.use({ [Symbol.dispose]: () => void order.push(1) });
    stack.use({ [Symbol.asyncDispose]: () => Promise.reject(new Error("it does not close")) });
    stack.use({ [Symbol.asyncDispose]: () => Promise.resolve(void order.push(3)) });
    await assert.rejects(stack.disposeAsync(), /it does not close/);
    assert.deepEqual(order, [3, 1]);
  }
});
