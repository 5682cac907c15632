import assert from "node:assert/strict";
import { firstFailure, TransferError } from "../../src/core/errors.ts";

/** What work throws whose things fail as well when they are disposed of. */
async function thrownBy(failure: unknown, disposals: number): Promise<unknown> {
  try {
    await using stack = new AsyncDisposableStack();
    for (let count = 0; count < disposals; count++) {
      stack.defer(() => Promise.reject(new Error(`disposal ${count}`)));
    }
    throw failure;
  } catch (error) {
    return error;
  }
}

Deno.test("firstFailure() is what went wrong before the disposals did", async () => {
  for (const failure of [new TransferError("the disk is full"), new TypeError("x"), "text"]) {
    for (const disposals of [0, 1, 3]) {
      const thrown = await thrownBy(failure, disposals);
      assert.equal(thrown instanceof SuppressedError, disposals > 0);
      assert.equal(firstFailure(thrown), failure);
    }
  }
});
