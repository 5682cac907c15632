import assert from "node:assert/strict";
import { Output } from "../../../src/cli/output/writer.ts";
import { fakeContext } from "../support.ts";

Deno.test("warnings are shown up to what somebody may read, then counted", () => {
  for (const [count, shown] of [[0, 0], [200, 200], [201, 201], [100_000, 201]] as const) {
    const context = fakeContext();
    const texts = Array.from({ length: count }, (_, index) => `pattern ${index}\u200b`);
    new Output(context, false).warnAll(texts);
    const lines = context.stderr.text.split("\n").slice(0, -1);
    assert.equal(lines.length, shown);
    assert.ok(lines.every((line) => /^warning: (pattern \d+\\u200b|and \d+ more like)/.test(line)));
    if (count > 200) assert.equal(lines.at(-1), `warning: and ${count - 200} more like these`);
  }
});
