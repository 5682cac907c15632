import assert from "node:assert/strict";
import { ConflictError } from "../../src/core/errors.ts";
import { readDirIfExists } from "../../src/core/files.ts";
import { writeFileAtomic } from "../../src/core/staged_file.ts";
import { streamOf } from "../../src/core/streams.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("writeFileAtomic() makes the folders it needs and sets the mode", async () => {
  await using folder = await tempFolder();
  const path = folder.join("a/b/secret.json");
  await writeFileAtomic(path, new TextEncoder().encode("{}"), { mode: 0o600 });
  assert.equal(await Deno.readTextFile(path), "{}");
  if (Deno.build.os !== "windows") assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("writeFileAtomic() leaves the old file and nothing else when the content fails", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("config.json", "old");
  const failing = streamOf((async function* () {
    yield new Uint8Array(10);
    throw new Error("disk on fire");
  })());
  await assert.rejects(writeFileAtomic(path, failing), /disk on fire/);
  assert.equal(await Deno.readTextFile(path), "old");
  assert.deepEqual((await readDirIfExists(folder.path)).map((entry) => entry.name), [
    "config.json",
  ]);
});

Deno.test("writeFileAtomic() says what is in the way", async () => {
  await using folder = await tempFolder();
  await folder.write("file", "");
  await assert.rejects(
    writeFileAtomic(folder.join("file/below"), new Uint8Array()),
    (error: Error) =>
      error instanceof ConflictError && /Cannot write ".*below": /.test(error.message),
  );
});

Deno.test("a folder that nobody else tidies loses what killed commands left, and nothing else", async () => {
  const old = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for (const name of ["config.json", "Modelfile", ".bashrc"]) {
    await using folder = await tempFolder();
    const abandoned = `.${crypto.randomUUID()}.partial`;
    const kept = [
      `.${crypto.randomUUID()}.partial`,
      `${crypto.randomUUID()}.partial`,
      ".x.partial",
    ];
    for (const each of [abandoned, ...kept]) await folder.write(each, "secret");
    for (const each of [abandoned, ...kept.slice(1)]) await Deno.utime(folder.join(each), old, old);
    const names = async () =>
      (await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name).sort();
    await writeFileAtomic(folder.join(name), new Uint8Array());
    assert.deepEqual(await names(), [abandoned, ...kept, name].sort());
    await writeFileAtomic(folder.join(name), new Uint8Array(), { tidy: true });
    assert.deepEqual(await names(), [...kept, name].sort());
  }
});
