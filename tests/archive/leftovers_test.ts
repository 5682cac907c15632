import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Extraction } from "../../src/archive/extract.ts";
import type { Log } from "../../src/core/operation.ts";
import { streamOf } from "../../src/core/streams.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const KEY = "a".repeat(64);
const resumed = [{ path: "sub/model.bin", key: KEY }];

function open(folder: TempFolder, log?: Log): Promise<Extraction> {
  const sweep = { resumed };
  return Extraction.open(folder.join("out"), { hiddenPrefix: ".modelops-", sweep, log });
}

/** Every file below the folder, by its path. */
async function tree(folder: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder + below)) {
    const path = `${below}/${name}`;
    if (isDirectory) found.push(...await tree(folder, path));
    else found.push(path);
  }
  return found.sort();
}

/** What an extraction that was killed has left. */
async function killed(folder: TempFolder) {
  await Deno.mkdir(folder.join("out"), { recursive: true });
  await Deno.writeTextFile(folder.join("out/.modelops-unfinished"), "+", { append: true });
  const dead = `out/deep/er/.modelops-${randomUUID()}.partial`;
  await folder.write(dead, "half");
  await folder.write(`out/sub/.modelops-${KEY}.partial`, "go on");
  await folder.write(`out/sub/.modelops-${KEY}.journal`, "");
  await folder.write(`out/other/.modelops-${KEY}.partial`, "of another path");
}

const small = () => streamOf([new TextEncoder().encode("small")]);

Deno.test("an extraction frees what a killed one left, says so, and keeps what is gone on with", async () => {
  await using folder = await tempFolder();
  await killed(folder);
  const said: unknown[] = [];
  {
    await using extraction = await open(folder, (...record) => void said.push(record));
    await extraction.writeFile("small.txt", small);
  }
  assert.deepEqual(await tree(folder.join("out")), [
    "/small.txt",
    `/sub/.modelops-${KEY}.journal`,
    `/sub/.modelops-${KEY}.partial`,
  ]);
  const where = await Deno.realPath(folder.join("out"));
  const text = `Removed what a stopped extraction left in "${where}"`;
  assert.deepEqual(said, [["info", text, { files: 2, bytes: 19 }]]);
});

Deno.test("an extraction leaves alone what is not its own, and follows no link", async () => {
  await using folder = await tempFolder();
  await killed(folder);
  const mine = [".modelops-notes.partial", "model.partial", `.${randomUUID()}.partial`];
  for (const name of mine) await folder.write(`out/${name}`, "mine");
  const outside = await folder.write(`outside/.modelops-${randomUUID()}.partial`, "outside");
  await Deno.symlink(folder.join("outside"), folder.join("out/link"));
  await (await open(folder))[Symbol.asyncDispose]();
  const left = await tree(folder.join("out"));
  for (const name of mine) assert.ok(left.includes(`/${name}`), name);
  assert.equal(await Deno.readTextFile(outside), "outside");
});

Deno.test("an extraction removes nothing while another one is at work in its folder", async () => {
  await using folder = await tempFolder();
  const first = await open(folder);
  await killed(folder);
  const before = await tree(folder.join("out"));
  await (await open(folder))[Symbol.asyncDispose]();
  assert.deepEqual(await tree(folder.join("out")), before);
  // The killed one has not said that it has finished: the mark stays.
  await first[Symbol.asyncDispose]();
  await (await open(folder))[Symbol.asyncDispose]();
  assert.equal((await tree(folder.join("out"))).length, 2);
});

Deno.test("a link in the place of the lock of an extraction is refused and not followed", async () => {
  await using folder = await tempFolder();
  await folder.write("out/x", "x");
  await Deno.symlink(folder.join("made"), folder.join("out/.modelops-unfinished"));
  await assert.rejects(open(folder), /Cannot lock .* a symbolic link is in its place/);
  await assert.rejects(Deno.lstat(folder.join("made")), Deno.errors.NotFound);
});
