import assert from "node:assert/strict";
import { PartialFile } from "../../src/transfer/partial_file.ts";
import { tempFolder } from "../support/temp.ts";

const hash = `sha256:${"a".repeat(64)}`;
const content = { hash, size: 30, partSize: 10 };
const bytes = (count: number) =>
  (async function* () {
    for (let index = 0; index < count; index++) {
      yield await Promise.resolve(new Uint8Array([index]));
    }
  })();

Deno.test("PartialFile takes nothing from a journal of something else", async () => {
  const journals = [
    "",
    "\n",
    `${hash} 30 5\n0 5\n`,
    `${hash} 31 10\n0 10\n`,
    "\0\xff",
    `sha256:${"0".repeat(64)} 30 10\n0 10\n`,
  ];
  for (const journal of journals) {
    await using folder = await tempFolder();
    await folder.write("x.journal", journal);
    await folder.write("x.partial", "x".repeat(30));
    await using partial = await PartialFile.open(folder.join("x"), content);
    assert.equal(partial?.written, 0);
  }
});

Deno.test("PartialFile starts anew when its bytes are not there", async () => {
  for (const found of ["short", undefined]) {
    await using folder = await tempFolder();
    await folder.write("x.journal", `${hash} 30 10\n0 10\n`);
    if (found !== undefined) await folder.write("x.partial", found);
    await using partial = await PartialFile.open(folder.join("x"), content);
    assert.equal(partial?.written, 0);
    assert.equal((await Deno.stat(folder.join("x.partial"))).size, 30);
  }
});

Deno.test("PartialFile leaves out lines that are not finished, or name no bytes of a part", async () => {
  await using folder = await tempFolder();
  await folder.write("x.journal", `${hash} 30 10\n0 10\n1 3\n1 7\n2 11\n99 1\n-1 1\nx\n2 4`);
  await folder.write("x.partial", "x".repeat(30));
  await using partial = await PartialFile.open(folder.join("x"), content);
  assert.deepEqual(partial?.parts.map((part) => partial.next(part)), [10, 17, 20]);
  assert.equal(partial?.written, 17);
  assert.deepEqual([0, 5, 10, 17, 20].map((at) => partial.reach(at)), [17, 17, 17, 17, 20]);
});

Deno.test("PartialFile keeps how far a part came when its bytes break off", async () => {
  await using folder = await tempFolder();
  const breaking = async function* () {
    yield* bytes(4);
    throw new Error("cut");
  };
  {
    await using partial = (await PartialFile.open(folder.join("x"), content))!;
    await partial.write(partial.parts[2]!, bytes(10));
    await assert.rejects(partial.write(partial.parts[0]!, breaking()), /cut/);
  }
  await using partial = (await PartialFile.open(folder.join("x"), content))!;
  assert.deepEqual(partial.parts.map((part) => partial.next(part)), [4, 10, 30]);
  await partial.write(partial.parts[0]!, bytes(6));
  assert.equal(partial.has(partial.parts[0]!), true);
  assert.equal(partial.reach(0), 10);
});

Deno.test("PartialFile goes on with nothing that no hash can prove", async () => {
  await using folder = await tempFolder();
  const unproven = { size: 30, partSize: 10 };
  {
    await using partial = (await PartialFile.open(folder.join("x"), unproven))!;
    await partial.write(partial.parts[0]!, bytes(10));
  }
  await using partial = (await PartialFile.open(folder.join("x"), unproven))!;
  assert.equal(partial.written, 0);
});

Deno.test("PartialFile follows no link", async () => {
  await using folder = await tempFolder();
  const target = await folder.write("target", "precious");
  for (const ending of ["journal", "partial"]) {
    await Deno.symlink(target, folder.join(`x.${ending}`));
  }
  await using partial = (await PartialFile.open(folder.join("x"), content))!;
  await partial.write(partial.parts[0]!, bytes(10));
  assert.equal(await Deno.readTextFile(target), "precious");
});

Deno.test("PartialFile keeps the parts that an earlier process began", async () => {
  const size = 4 * 1024 * 1024;
  const part = 1024 * 1024;
  for (const partSize of [size, 2 * part]) {
    await using folder = await tempFolder();
    await folder.write("x.journal", `${hash} ${size} ${part}\n1 ${part}\n3 5\n`);
    await folder.write("x.partial", "x".repeat(size));
    await using partial = (await PartialFile.open(folder.join("x"), { hash, size, partSize }))!;
    assert.equal(partial.parts.length, 4);
    assert.equal(partial.written, part + 5);
  }
});

Deno.test("PartialFile takes what whoever writes a part has noted", async () => {
  await using folder = await tempFolder();
  {
    await using partial = (await PartialFile.open(folder.join("x"), content))!;
    const { path, prefix } = partial.notesOf(partial.parts[1]!);
    await Deno.writeTextFile(path, `${prefix}4\n${prefix}6\n`, { append: true });
    partial.reached(partial.parts[0]!, 3);
    partial.settle(partial.parts[0]!);
  }
  await using partial = (await PartialFile.open(folder.join("x"), content))!;
  assert.deepEqual(partial.parts.map((part) => partial.next(part)), [3, 16, 20]);
});

Deno.test("PartialFile waits for no pipe that is in its place, and follows no link that comes later", async () => {
  await using folder = await tempFolder();
  await new Deno.Command("mkfifo", { args: [folder.join("x.journal"), folder.join("x.partial")] })
    .output();
  const target = await folder.write("target", "precious");
  await using partial = (await PartialFile.open(folder.join("x"), content))!;
  await Deno.remove(partial.path);
  await Deno.symlink(target, partial.path);
  await assert.rejects(partial.write(partial.parts[0]!, bytes(10)), /a link took its place/);
  assert.equal(await Deno.readTextFile(target), "precious");
});
