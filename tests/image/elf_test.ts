import assert from "node:assert/strict";
import * as fc from "fast-check";
import { InvalidInputError } from "../../src/core/errors.ts";
import { elfNeeds } from "../../scripts/runtime/elf.ts";

/** The head of Deno itself is a real file where this runs on Linux. */
const isLinux = Deno.build.os === "linux";

/** A file with one segment in memory, a table of names, and what it needs. */
function sampleElf(names: readonly string[], loader?: string): Uint8Array<ArrayBuffer> {
  const [headers, dynamic, strings, base] = [64, 0x200, 0x400, 0x10000];
  const bytes = new Uint8Array(0x800);
  const view = new DataView(bytes.buffer);
  const long = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  view.setUint32(0, 0x7f454c46);
  bytes.set([2, 1, 1], 4);
  long(32, headers);
  view.setUint16(54, 56, true);
  view.setUint16(56, loader === undefined ? 2 : 3, true);
  const segment = (index: number, type: number, offset: number, size: number) => {
    const at = headers + index * 56;
    view.setUint32(at, type, true);
    long(at + 8, offset);
    long(at + 16, base + offset);
    long(at + 32, size);
  };
  segment(0, 1, 0, bytes.length);
  segment(1, 2, dynamic, 16 * (names.length + 2));
  let at = strings;
  const put = (text: string) => {
    const offset = at;
    at += new TextEncoder().encodeInto(text, bytes.subarray(at)).written + 1;
    return offset;
  };
  if (loader !== undefined) segment(2, 3, put(loader), loader.length + 1);
  const entries = [...names.map((name) => [1, put(name) - strings]), [5, base + strings], [0, 0]];
  entries.forEach(([tag = 0, value = 0], index) => {
    long(dynamic + index * 16, tag);
    long(dynamic + index * 16 + 8, value);
  });
  return bytes;
}

Deno.test("elfNeeds() reads the loader and the libraries in order", () => {
  const libraries = ["libm.so.6", "libc.so.6"];
  assert.deepEqual(elfNeeds(sampleElf(libraries, "/lib/ld.so")), {
    loader: "/lib/ld.so",
    libraries,
  });
  assert.deepEqual(elfNeeds(sampleElf([])), { libraries: [] });
});

Deno.test({
  name: "elfNeeds() finds the C library in the runtime that runs this",
  ignore: !isLinux,
  async fn() {
    const { loader, libraries } = elfNeeds(await Deno.readFile(Deno.execPath()));
    assert.match(loader ?? "", /\/ld-linux/);
    assert.ok(libraries.includes("libc.so.6"), libraries.join(" "));
  },
});

Deno.test("elfNeeds() refuses what is no such file, and files that are cut", () => {
  const whole = sampleElf(["libc.so.6"], "/lib/ld.so");
  for (const bytes of [new Uint8Array(), whole.slice(0, 63), whole.slice(0, 0x210)]) {
    assert.throws(() => elfNeeds(bytes), InvalidInputError);
  }
  assert.throws(() => elfNeeds(new TextEncoder().encode("#!/bin/sh\n")), /does not begin as one/);
  assert.throws(() => elfNeeds(whole.with(4, 1)), /64 bits/);
});

Deno.test("elfNeeds() gives lists or says what is wrong, whatever the bytes", () => {
  const whole = sampleElf(["libc.so.6", "libm.so.6"], "/lib/ld.so");
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(0x7ff), fc.nat(255)), { maxLength: 8 }), (changes) => {
      const bytes = whole.slice();
      for (const [at, value] of changes) bytes[at] = value;
      try {
        assert.ok(Array.isArray(elfNeeds(bytes).libraries));
      } catch (error) {
        assert.ok(error instanceof InvalidInputError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
