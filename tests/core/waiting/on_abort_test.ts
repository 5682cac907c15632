import assert from "node:assert/strict";
import { onAbort, unlessAborted } from "../../../src/core/waiting/on_abort.ts";

/** How often an action is called whose signal does these steps. */
function calls(steps: (controller: AbortController, listen: () => Disposable) => void): number {
  const controller = new AbortController();
  let count = 0;
  steps(controller, () => onAbort(controller.signal, () => count++));
  return count;
}

Deno.test("onAbort() calls its action once, also where the signal has aborted already", () => {
  assert.equal(calls((controller, listen) => (controller.abort(), listen())), 1);
  assert.equal(calls((controller, listen) => (listen(), controller.abort())), 1);
  assert.equal(calls((controller, listen) => (controller.abort(), listen(), listen())), 2);
});

Deno.test("onAbort() calls nothing after it was disposed of, or without a signal", () => {
  const disposed = (controller: AbortController, listen: () => Disposable) => {
    listen()[Symbol.dispose]();
    controller.abort();
  };
  assert.equal(calls(disposed), 0);
  assert.equal(calls((_, listen) => listen()), 0);
  using _nothing = onAbort(undefined, () => assert.fail("without a signal"));
});

Deno.test("unlessAborted() gives what its work gives, or the reason of the signal", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const never = new Promise<never>(() => {});
  assert.equal(await unlessAborted(Promise.resolve(1), signal), 1);
  assert.equal(await unlessAborted(Promise.resolve(1), undefined), 1);
  await assert.rejects(unlessAborted(Promise.reject(new Error("work")), signal), /^Error: work$/);
  const waiting = unlessAborted(never, signal);
  controller.abort(new Error("enough"));
  await assert.rejects(waiting, /^Error: enough$/);
  await assert.rejects(unlessAborted(never, signal), /^Error: enough$/);
});
