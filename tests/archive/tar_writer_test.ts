import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { unpackTar } from "modern-tar";
import { type TarEntry, tarHeader } from "../../src/archive/tar_header.ts";
import { packTar } from "../../src/archive/tar_writer.ts";
import { InvalidInputError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { fileSource } from "../../src/core/content/file_source.ts";
import { concatBytes, readAll } from "../../src/core/streams.ts";
import { tempFolder } from "../support/temp.ts";
import { tarEntry } from "./raw_tar.ts";

const testdata = new URL("./testdata/", import.meta.url);

for (const name of ["config.json", "model.safetensors", "tokenizer.py", "README.md"]) {
  Deno.test(`packTar() packages ${name} in exactly the documented bytes`, async () => {
    const content = await Deno.readFile(new URL(`${name}.raw`, testdata));
    const source = packTar([
      { entry: tarEntry({ name, size: content.length }), content: bytesSource(content) },
    ]);
    const packed = await readAll(await source.open(), 1 << 20);
    assert.equal(packed.length, source.size);
    assert.deepEqual(packed, await Deno.readFile(new URL(`${name}.tar`, testdata)));
  });
}

Deno.test("packTar() opens any range without reading what lies before it", async () => {
  const content = Uint8Array.from({ length: 1500 }, (_, index) => index % 251);
  const opened: unknown[] = [];
  const counting = {
    size: content.length,
    open: (options = {}) => {
      opened.push(options);
      return bytesSource(content).open(options);
    },
  };
  const source = packTar([{ entry: tarEntry({ size: content.length }), content: counting }]);
  const whole = await readAll(await source.open(), 1 << 20);
  assert.equal(whole.length, 512 + 1536 + 1024);
  await fc.assert(fc.asyncProperty(fc.nat(whole.length), fc.nat(whole.length), async (a, b) => {
    const range = { start: Math.min(a, b), end: Math.max(a, b) };
    const part = await readAll(await source.open({ range }), 1 << 20);
    assert.ok(Buffer.from(part).equals(whole.subarray(range.start, range.end)));
  }));
  opened.length = 0;
  await readAll(await source.open({ range: { start: 512 + 1000, end: 512 + 1001 } }), 10);
  assert.deepEqual(opened, [{ range: { start: 1000, end: 1001 }, signal: undefined }]);
  opened.length = 0;
  await readAll(await source.open({ range: { start: 2048 } }), 1 << 20);
  assert.deepEqual(opened, []);
});

Deno.test("packTar() refuses a content of another size, and a range outside", async () => {
  assert.throws(
    () => packTar([{ entry: tarEntry({ size: 3 }), content: bytesSource(new Uint8Array(4)) }]),
    {
      name: "InvalidInputError",
      message: 'Cannot package "a.txt": got 4 bytes, want 3',
    },
  );
  const source = packTar([{ entry: tarEntry(), content: bytesSource(new Uint8Array(0)) }]);
  await assert.rejects(
    async () => await source.open({ range: { start: 0, end: 9999 } }),
    InvalidInputError,
  );
});

Deno.test("packTar() keeps the order, and an archive without files is two zero blocks", async () => {
  const files = ["b", "a"].map((name) => ({
    entry: tarEntry({ name, size: 1 }),
    content: bytesSource(new TextEncoder().encode(name)),
  }));
  const packed = await readAll(await packTar(files).open(), 1 << 20);
  const read = await unpackTar(packed, { strict: true });
  assert.deepEqual(read.map(({ header }) => header.name), ["b", "a"]);
  assert.deepEqual(await readAll(await packTar([]).open(), 2000), new Uint8Array(1024));
});

Deno.test("cancelling an archive cancels the content it is reading", async () => {
  let cancelled = 0;
  const content = {
    size: 1 << 20,
    open: () =>
      Promise.resolve(
        new ReadableStream<Uint8Array>({
          pull: (controller) => controller.enqueue(new Uint8Array(10)),
          cancel: () => void cancelled++,
        }),
      ),
  };
  const reader = (await packTar([{ entry: tarEntry({ size: 1 << 20 }), content }]).open())
    .getReader();
  await reader.read();
  await reader.read();
  await reader.cancel();
  assert.equal(cancelled, 1);
});

const text = (unit: "grapheme" | "grapheme-ascii", maxLength: number) =>
  fc.string({ unit, minLength: 1, maxLength }).map((value) => value.replace(/[\0\/\\]/g, "_"));
const part = fc.oneof(text("grapheme-ascii", 120), text("grapheme", 30));
const anyEntry: fc.Arbitrary<TarEntry> = fc.record({
  name: fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/")),
  size: fc.nat(2000),
  mode: fc.nat(0o7777),
  uid: fc.oneof(fc.nat(0o7777777), fc.nat()),
  gid: fc.oneof(fc.nat(0o7777777), fc.nat()),
  uname: fc.oneof(text("grapheme-ascii", 40), fc.constant(""), text("grapheme", 10)),
  gname: fc.oneof(text("grapheme-ascii", 40), fc.constant("")),
  mtime: fc.date({ noInvalidDate: true, min: new Date("1960-01-01"), max: new Date("2500-01-01") }),
});

Deno.test("any header comes back as it was written", async () => {
  await fc.assert(
    fc.asyncProperty(anyEntry, async (entry) => {
      const content = new Uint8Array(entry.size).fill(7);
      const packed = await readAll(
        await packTar([{ entry, content: bytesSource(content) }]).open(),
        1 << 20,
      );
      const [read] = await unpackTar(packed, { strict: true });
      assert.ok(read);
      const { name, size, mode, uid, gid, uname, gname, mtime } = read.header;
      assert.deepEqual(
        { name, size, mode, uid, gid, uname, gname, mtime },
        { ...entry, mtime: new Date(Math.round(entry.mtime.getTime() / 1000) * 1000) },
      );
    }),
    { numRuns: 300 },
  );
});

const isPax = (entry: TarEntry) => tarHeader(entry).length > 512;

Deno.test("PAX is used only where USTAR has no room", () => {
  const inside: Partial<TarEntry>[] = [
    { name: "n".repeat(100) },
    { name: `${"p".repeat(155)}/${"n".repeat(100)}` },
    { size: 8 ** 11 - 1 },
    { uid: 8 ** 7 - 1, gid: 8 ** 7 - 1 },
    { uname: "u".repeat(32) },
    { mtime: new Date(0) },
  ];
  const outside: Partial<TarEntry>[] = [
    { name: "n".repeat(101) },
    { name: `${"p".repeat(156)}/n` },
    { name: `p/${"n".repeat(101)}` },
    { name: "é" },
    { size: 8 ** 11 },
    { uid: 8 ** 7 },
    { gid: 8 ** 7 },
    { uname: "u".repeat(33) },
    { gname: "ü" },
    { mtime: new Date(-1000) },
    { mtime: new Date(8 ** 11 * 1000) },
  ];
  for (const facts of inside) assert.equal(isPax(tarEntry(facts)), false, JSON.stringify(facts));
  for (const facts of outside) assert.equal(isPax(tarEntry(facts)), true, JSON.stringify(facts));
});

Deno.test("a PAX header names the file's folder and says only what does not fit", () => {
  const name = `models/${"n".repeat(101)}`;
  const header = tarHeader(tarEntry({ name, uid: 3_000_000, size: 5 }));
  const ascii = (at: number, size: number) =>
    new TextDecoder().decode(header.subarray(at, at + size)).replace(/\0.*$/s, "");
  assert.equal(header.length, 3 * 512);
  assert.equal(ascii(0, 100), `models/PaxHeaders.0/${"n".repeat(80)}`);
  assert.equal(ascii(156, 1), "x");
  assert.equal(ascii(100, 48).slice(0, 7), "0000000");
  assert.deepEqual(header.subarray(265, 512), new Uint8Array(247));
  assert.equal(ascii(512, 512), `118 path=${name}\n15 uid=3000000\n`);
  assert.equal(ascii(1024, 100), name.slice(0, 100));
  assert.equal(ascii(1024 + 108, 8), "0000000");
  assert.equal(ascii(1024 + 124, 12), "00000000005");
});

Deno.test("times are rounded to the nearest second", () => {
  const mtimeOf = (milliseconds: number) =>
    parseInt(
      new TextDecoder().decode(
        tarHeader(tarEntry({ mtime: new Date(milliseconds) })).subarray(136, 147),
      ),
      8,
    );
  assert.deepEqual([1499, 1500, 1999, 2000].map(mtimeOf), [1, 2, 2, 2]);
});

Deno.test("tarHeader() refuses what no tar header can say", () => {
  const bad: Partial<TarEntry>[] = [
    { name: "" },
    { name: "a\0b" },
    { name: "folder/" },
    { size: -1 },
    { size: 1.5 },
    { uid: NaN },
    { mode: 0o100644 },
    { mtime: new Date(NaN) },
  ];
  for (const facts of bad) {
    assert.throws(() => tarHeader(tarEntry(facts)), InvalidInputError, JSON.stringify(facts));
  }
});

Deno.test("the system's tar reads what is written", async (test) => {
  await using folder = await tempFolder();
  const long = `${"deep/".repeat(40)}${"é".repeat(60)}.bin`;
  const path = await folder.write("content", "hello\n");
  const files = await Promise.all(["plain.txt", `${"p".repeat(120)}/${"n".repeat(90)}`, long].map(
    async (name) => ({ entry: tarEntry({ name, size: 6 }), content: await fileSource(path) }),
  ));
  const archive = await folder.write("a.tar", await readAll(await packTar(files).open(), 1 << 20));
  const tar = await run("tar", ["--quoting-style=literal", "-tf", archive]);
  if (tar === undefined) {
    return void await test.step({ name: "no tar here", ignore: true, fn() {} });
  }
  assert.deepEqual(tar.trim().split("\n"), files.map(({ entry }) => entry.name));
});

/** What a program prints, `undefined` where it does not exist. */
async function run(program: string, args: string[]): Promise<string | undefined> {
  try {
    const env = { LC_ALL: "C.UTF-8" };
    const { code, stdout, stderr } = await new Deno.Command(program, { args, env }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test("the parts of an archive join to the whole", async () => {
  const source = packTar([
    { entry: tarEntry({ size: 700 }), content: bytesSource(new Uint8Array(700).fill(1)) },
  ]);
  const parts: Uint8Array[] = [];
  for (let start = 0; start < source.size; start += 100) {
    const end = Math.min(source.size, start + 100);
    parts.push(await readAll(await source.open({ range: { start, end } }), 100));
  }
  assert.deepEqual(concatBytes(parts), await readAll(await source.open(), 1 << 20));
});
