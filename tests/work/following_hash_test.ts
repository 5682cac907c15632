import assert from "node:assert/strict";
import { FollowingHash } from "../../src/work/following_hash.ts";
import { withinDeadline } from "../support/deadline.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("a hash that follows a file is let go, whenever its operation was stopped", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("file", "0123");
  const file = { path, written: 4, reach: () => 4 };
  for (const when of ["before", "after", "never"]) {
    const controller = new AbortController();
    if (when === "before") controller.abort();
    const options = { algorithm: "sha256", signal: controller.signal } as const;
    const hash = new FollowingHash(file, options);
    if (when === "after") controller.abort();
    await withinDeadline(() => hash[Symbol.asyncDispose]());
    await assert.rejects(hash.finish());
  }
});
