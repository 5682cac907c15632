import assert from "node:assert/strict";
import { Session } from "../../src/cli/session.ts";
import { tempFolder } from "../support/temp.ts";
import { fakeContext } from "./support.ts";

Deno.test("a warning of an operation is shown, and logged", async () => {
  await using folder = await tempFolder();
  const context = fakeContext();
  const session = new Session(context, { storageDir: folder.path });
  await session.operation(async ({ log }) => log?.("warning", "used the local one"));
  assert.equal(context.stderr.text, "warning: used the local one\n");
  const logged = await Deno.readTextFile(folder.join("logs", "modctl.log"));
  assert.match(logged, /level=warning msg="used the local one"\n$/);
});

Deno.test("a warning waits until the bars are gone", async () => {
  await using folder = await tempFolder();
  const context = fakeContext({ terminal: true, columns: 80, env: { NO_COLOR: "1" } });
  const session = new Session(context, { storageDir: folder.path });
  await session.operation(async ({ log, progress }) => {
    progress?.({ id: "a", name: "a", phase: "upload", state: "done", bytes: 1, size: 1 });
    log?.("warning", "used the local one");
    assert.doesNotMatch(context.stderr.text, /used the local one/);
  });
  assert.match(context.stderr.text, /uploaded 1 B\nwarning: used the local one\n$/);
});

Deno.test("another try is told before, in and after an operation", async () => {
  await using folder = await tempFolder();
  const context = fakeContext();
  const session = new Session(context, { storageDir: folder.path });
  const retry = (what: string) =>
    session.settings.retry?.onRetry?.({ what, attempt: 2, attempts: 5, reason: "no", wait: 1 });
  retry("before");
  await session.operation(() => Promise.resolve(retry("in")));
  retry("after");
  assert.deepEqual(context.stderr.text.split("\n"), [
    "trying again, 2 of 5: no (before)",
    "trying again, 2 of 5: no (in)",
    "trying again, 2 of 5: no (after)",
    "",
  ]);
});

Deno.test("who wants no words is not told of another try", async () => {
  await using folder = await tempFolder();
  const context = fakeContext();
  const session = new Session(context, { storageDir: folder.path });
  await session.operation(() => {
    session.settings.retry?.onRetry?.({
      what: "a",
      attempt: 2,
      attempts: 5,
      reason: "no",
      wait: 1,
    });
    return Promise.resolve();
  }, { silent: true });
  assert.equal(context.stderr.text, "");
});
