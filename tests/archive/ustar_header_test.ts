import assert from "node:assert/strict";
import fc from "fast-check";
import { readTar } from "../../src/archive/tar_reader.ts";
import { packUstar } from "../../src/archive/tar_writer.ts";
import { ustarHeader } from "../../src/archive/ustar_header.ts";
import { InvalidInputError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { readAll } from "../../src/core/streams.ts";

Deno.test("ustarHeader() writes neither owner nor time nor device", () => {
  const header = ustarHeader({ name: "bin/run.sh", type: "file", size: 10, mode: 0o755 });
  const text = new TextDecoder("latin1").decode(header);
  assert.equal(text.slice(0, 11), "bin/run.sh\0");
  assert.equal(
    text.slice(100, 148),
    "0000755\0" + "0000000\0" + "0000000\0" + "00000000012\0" + "00000000000\0",
  );
  assert.equal(text.slice(156, 157) + text.slice(257, 265), "0ustar\x0000");
  assert.ok(header.subarray(265, 345).every((byte) => byte === 0));
});

Deno.test("ustarHeader() splits a long name at the first slash that serves", () => {
  const name = `a/${"b".repeat(60)}/${"c".repeat(60)}/d`;
  const text = new TextDecoder().decode(ustarHeader({ name, type: "file", size: 0, mode: 0 }));
  assert.equal(text.slice(345, 345 + 63), `a/${"b".repeat(60)}\0`);
  assert.equal(text.slice(0, 63), `${"c".repeat(60)}/d\0`);
});

Deno.test("ustarHeader() refuses what does not fit, naming it", () => {
  const refuse = (name: string, size = 0) =>
    assert.throws(
      () => ustarHeader({ name, type: "file", size, mode: 0o644 }),
      (error) => error instanceof InvalidInputError && error.facts.path === name,
    );
  refuse("x".repeat(101));
  refuse(`${"p".repeat(156)}/x`);
  refuse(`p/${"é".repeat(51)}`);
  refuse("huge", 8 ** 11);
});

Deno.test("packUstar() pads to 10 KiB, and its entries read back", async () => {
  const name = fc.array(fc.constantFrom("a", "данные", "数据", "😀", "x".repeat(40)), {
    minLength: 1,
    maxLength: 3,
  }).map((parts) => parts.join("/"));
  const file = fc.record({ name, text: fc.string(), folder: fc.boolean() });
  await fc.assert(fc.asyncProperty(fc.array(file), async (files) => {
    const members = files.map(({ name, text, folder }) => {
      const content = bytesSource(new TextEncoder().encode(folder ? "" : text));
      const type = folder ? "directory" as const : "file" as const;
      return { entry: { name, type, size: content.size, mode: 0o644 }, content };
    });
    const source = packUstar(members);
    assert.equal(source.size % 10240, 0);
    const found = [];
    for await (const { name, type, body } of readTar(await source.open())) {
      const text = new TextDecoder().decode(await readAll(body, 1 << 20));
      found.push({ name: name.replace(/\/$/, ""), text, folder: type === "directory" });
    }
    assert.deepEqual(
      found,
      files.map(({ name, text, folder }) => ({ name, text: folder ? "" : text, folder })),
    );
  }));
});
