/** Names of entries that are no text, or that readers easily change. */
import assert from "node:assert/strict";
import { Extraction } from "../../src/archive/extract.ts";
import { InvalidInputError } from "../../src/core/errors.ts";
import { concatBytes, streamOf } from "../../src/core/streams.ts";
import { tempFolder } from "../support/temp.ts";
import { pax, type RawEntry, rawTar } from "./raw_tar.ts";

const LATIN = Uint8Array.of(0x6e, 0xe9, 0xff);
const name = (bytes: Uint8Array, at = 0) => [{ at, bytes }];
/** A record whose value has bytes that are no UTF-8. */
const path = concatBytes([new TextEncoder().encode("12 path="), LATIN, Uint8Array.of(0x0a)]);

const NO_TEXT: Readonly<Record<string, readonly RawEntry[]>> = {
  "a USTAR name": [{ name: "", body: "1", patch: name(LATIN) }],
  "a USTAR prefix": [{ name: "x", body: "1", patch: name(LATIN, 345) }],
  "a GNU name": [{ name: "L", type: "L", body: LATIN }, { name: "x", body: "1" }],
  "a PAX path": [{ name: "p", type: "x", body: path }, { name: "x", body: "1" }],
  "a folder": [{ name: "", type: "5", patch: name(LATIN) }],
  "half of a pair": [{ name: "", patch: name(Uint8Array.of(0x61, 0xed, 0xa0, 0x80)) }],
};

for (const [what, entries] of Object.entries(NO_TEXT)) {
  Deno.test(`extractTar() refuses ${what} in bytes that are no UTF-8`, async () => {
    await using temp = await tempFolder();
    await using extraction = await Extraction.open(temp.path);
    await assert.rejects(extraction.extractTar(streamOf([rawTar(...entries)])), (error) => {
      assert.ok(error instanceof InvalidInputError, String(error));
      assert.match(error.message, /the name is not valid Unicode$/);
      return true;
    });
    assert.deepEqual(await Array.fromAsync(Deno.readDir(temp.path)), []);
  });
}

Deno.test("names that differ in bytes that are no UTF-8 are two names", async () => {
  await using temp = await tempFolder();
  await using extraction = await Extraction.open(temp.path);
  const links = [0xe9, 0xff].map((byte): RawEntry => (
    { name: "", type: "2", patch: name(Uint8Array.of(byte)) }
  ));
  const { skipped } = await extraction.extractTar(streamOf([rawTar(...links)]));
  assert.deepEqual(skipped.map(({ path }) => path), ["\udce9", "\udcff"]);
});

const MARKED = "\ufeffx.txt";

for (
  const [what, entries] of Object.entries<readonly RawEntry[]>({
    "a USTAR name": [{ name: MARKED, body: "1" }],
    "a GNU name": [{ name: "L", type: "L", body: `${MARKED}\0` }, { name: "x", body: "1" }],
    "a PAX path": [pax({ path: MARKED }), { name: "x", body: "1" }],
  })
) {
  Deno.test(`a mark of the byte order stays in ${what}`, async () => {
    await using temp = await tempFolder();
    await using extraction = await Extraction.open(temp.path);
    const { files } = await extraction.extractTar(streamOf([rawTar(...entries)]));
    assert.deepEqual(files.map(({ path }) => path), [MARKED]);
    assert.equal(await Deno.readTextFile(temp.join(MARKED)), "1");
  });
}

for (
  const hidden of [
    ".modelops-unfinished",
    ".modelops-0123456789abcdef0123456789abcdef.partial",
    `sub/.modelops-${crypto.randomUUID()}.partial`,
    `.modelops-${"0".repeat(64)}.journal`,
  ]
) {
  Deno.test(`extractTar() refuses ${hidden}, which its own files have`, async () => {
    await using temp = await tempFolder();
    const options = { hiddenPrefix: ".modelops-" };
    await using extraction = await Extraction.open(temp.path, options);
    const archive = () => streamOf([rawTar({ name: hidden, body: "1" })]);
    await assert.rejects(
      extraction.extractTar(archive()),
      /only unfinished files have such a name/,
    );
    await assert.rejects(extraction.writeFile(hidden, [new Uint8Array(1)]), InvalidInputError);
    await extraction.writeFile(".modelops-notes.partial", [new Uint8Array(1)]);
  });
}
