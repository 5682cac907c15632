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

/** The classes that stand in for those of the language, beside them. */
const STACKS = {
  asynchronous: [missing.AsyncDisposableStack, AsyncDisposableStack],
  synchronous: [missing.DisposableStack, DisposableStack],
} as const;

/** A stack of any of them, and how it is disposed: by its method, or by `using`. */
interface Stack {
  use(value: AsyncDisposable & Disposable): unknown;
  move(): Stack;
  disposeAsync?(): Promise<void>;
  dispose?(): void;
}

/** Disposes a stack as `using` does. */
async function disposeBySymbol(stack: Stack): Promise<void> {
  if (Symbol.asyncDispose in stack) {
    await using _stack = stack as unknown as AsyncDisposable;
  } else {
    using _stack = stack as unknown as Disposable;
  }
}

/** Something that notes its number, or fails, when it is disposed. */
function noting(order: number[], number: number, fails = false): AsyncDisposable & Disposable {
  const dispose = () => {
    if (fails) throw new Error("it does not close");
    order.push(number);
  };
  return { [Symbol.dispose]: dispose, [Symbol.asyncDispose]: () => Promise.try(dispose) };
}

for (const [kind, classes] of Object.entries(STACKS)) {
  for (const Stack of classes) {
    const whose = Stack === classes[0] ? "ours" : "the language's";
    const ways: Readonly<Record<string, (stack: Stack) => Promise<void>>> = {
      "its method": async (stack) => await (stack.disposeAsync?.() ?? stack.dispose?.()),
      "using": disposeBySymbol,
    };
    for (const [way, dispose] of Object.entries(ways)) {
      Deno.test(`${whose}, ${kind}, by ${way}: the last first, and on after a failure`, async () => {
        const order: number[] = [];
        const stack = new Stack() as unknown as Stack;
        stack.use(noting(order, 1));
        stack.use(noting(order, 2, true));
        stack.use(noting(order, 3));
        await assert.rejects(dispose(stack), /it does not close/);
        assert.deepEqual(order, [3, 1]);
      });
    }
    Deno.test(`${whose}, ${kind}: what was moved is disposed by the other stack alone`, async () => {
      const order: number[] = [];
      const stack = new Stack() as unknown as Stack;
      stack.use(noting(order, 1));
      const moved = stack.move();
      await disposeBySymbol(stack);
      assert.deepEqual(order, []);
      await disposeBySymbol(moved);
      assert.deepEqual(order, [1]);
    });
  }
}
