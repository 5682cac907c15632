import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import {
  ConflictError,
  IntegrityError,
  InvalidInputError,
  ModelOpsError,
  UnsupportedError,
} from "../../src/core/errors.ts";
import type { ExtractModelOptions } from "../../src/model/operations/moving.ts";
import type { OperationPlan } from "../../src/model/rehearsal/plan.ts";
import { type RawEntry, rawTar } from "../archive/raw_tar.ts";
import { fixture, modelWith, TARGET } from "./fixture.ts";

const MIB = 1024 * 1024;

type Fixture = Awaited<ReturnType<typeof fixture>>;

/** What a dry run says of an extraction. */
const rehearsed = ({ backend }: Fixture, options: ExtractModelOptions): Promise<OperationPlan> =>
  backend.rehearse((models) => models.extract(TARGET, options));

/** A model of one layer in the local store. */
async function modelOf(
  layer: Uint8Array<ArrayBuffer>,
  form: "tar" | "tar+gzip" = "tar",
  annotations?: Readonly<Record<string, string>>,
) {
  return await modelWith(async (put) => [
    { ...await put(`application/vnd.cncf.model.weight.v1.${form}`, layer), annotations },
  ]);
}

Deno.test("what is left out of a model is named, and the command fails", async () => {
  const links = { link: "2", device: "3", pipe: "6", missing: "1" };
  for (const [name, type] of Object.entries(links)) {
    const archive = rawTar({ name: "a", body: "1" }, { name, type, link: "elsewhere" });
    await using fx = await modelOf(new Uint8Array(archive));
    const output = fx.folder.join("out");
    await assert.rejects(fx.backend.extract(TARGET, { output }), (error) => {
      assert.ok(error instanceof UnsupportedError, String(error));
      assert.match(error.message, new RegExp(`"${name}": `));
      return true;
    });
    assert.equal(await Deno.readTextFile(`${output}/a`), "1");
  }
});

/** Names of one content, each a second name of `of(index)`. */
const names = (count: number, of: (index: number) => string): RawEntry[] =>
  Array.from({ length: count }, (_, index) => ({ name: `n${index}`, type: "1", link: of(index) }));

const WEIGHTS: RawEntry = { name: "w", body: new Uint8Array(MIB).fill(1) };

const REPEATED = {
  "many names of one file": { form: "tar", entries: [WEIGHTS, ...names(20, () => "w")] },
  "names of names": {
    form: "tar",
    entries: [WEIGHTS, ...names(20, (index) => index === 0 ? "w" : `n${index - 1}`)],
  },
  "names in a compressed layer": {
    form: "tar+gzip",
    entries: [WEIGHTS, ...names(20, () => "./w")],
  },
} as const;

for (const [what, { form, entries }] of Object.entries(REPEATED)) {
  Deno.test(`${what} cannot fill a disk, unless a flag allows it`, async () => {
    const archive = rawTar(...entries);
    const layer = new Uint8Array(form === "tar" ? archive : gzipSync(archive));
    await using fx = await modelOf(layer, form);
    const output = fx.folder.join("out");
    await assert.rejects(fx.backend.extract(TARGET, { output, maxRatio: 1 }), (error) => {
      assert.ok(error instanceof InvalidInputError, String(error));
      assert.match(error.message, /bytes become more than 16777216$/);
      assert.match(String(error.facts.remedy), /--max-ratio/);
      return true;
    });
    assert.deepEqual(await Array.fromAsync(Deno.readDir(output)), []);
    await fx.backend.extract(TARGET, { output, maxRatio: 100_000 });
    assert.equal((await Deno.stat(`${output}/n19`)).size, MIB);
  });
}

const FILEPATH = "org.cncf.model.filepath";
const METADATA = "org.cncf.model.file.metadata+json";
const NOTHING = new Uint8Array(1024);

const BROKEN_PROMISES: Readonly<
  Record<string, { archive: Uint8Array; annotations: Record<string, string> }>
> = {
  "a file, and is empty": { archive: NOTHING, annotations: { [FILEPATH]: "w.bin" } },
  "a folder, and is empty": { archive: NOTHING, annotations: { [FILEPATH]: "./weights/" } },
  "a file, and has another": {
    archive: rawTar({ name: "w.bin.old", body: "1" }),
    annotations: { [FILEPATH]: "w.bin" },
  },
  "a file by its title, and has only a folder": {
    archive: rawTar({ name: "d/", type: "5" }),
    annotations: { "org.opencontainers.image.title": "d/w.bin" },
  },
  "bytes, and is empty": { archive: NOTHING, annotations: { [METADATA]: '{"size":5}' } },
  "bytes, and has only folders": {
    archive: rawTar({ name: "d/", type: "5" }),
    annotations: { [FILEPATH]: "d", [METADATA]: '{"size":5}' },
  },
};

for (const [what, { archive, annotations }] of Object.entries(BROKEN_PROMISES)) {
  Deno.test(`an archive that is said to have ${what} is an error`, async () => {
    for (const [form, layer] of [["tar", archive], ["tar+gzip", gzipSync(archive)]] as const) {
      await using fx = await modelOf(new Uint8Array(layer), form, annotations);
      const output = fx.folder.join("out");
      const wanted = /is said to have ".*", and does not|is said to have 5 bytes of files/;
      await assert.rejects(fx.backend.extract(TARGET, { output }), wanted);
      await assert.rejects(fx.backend.extract(TARGET, { output }), IntegrityError);
      assert.deepEqual((await Array.fromAsync(Deno.readDir(output))).filter((e) => e.isFile), []);
      await assert.rejects(rehearsed(fx, { output }), wanted);
    }
  });
}

Deno.test("an archive that has what it is said to have, or of which nothing is said, is extracted", async () => {
  const kept: [Uint8Array, Record<string, string>][] = [
    [NOTHING, {}],
    [NOTHING, { [METADATA]: '{"size":0}' }],
    [rawTar({ name: "d/", type: "5" }), { [FILEPATH]: "d" }],
    [rawTar({ name: "./d/x", body: "1" }), { [FILEPATH]: "d/", [METADATA]: '{"size":9}' }],
    [rawTar({ name: "x", body: "1" }), { [FILEPATH]: "." }],
  ];
  for (const [archive, annotations] of kept) {
    await using fx = await modelOf(new Uint8Array(archive), "tar", annotations);
    await fx.backend.extract(TARGET, { output: fx.folder.join("out") });
  }
});

const two = (...bodies: string[]): RawEntry[] => bodies.map((body) => ({ name: "a", body }));

const REHEARSED: Readonly<
  Record<string, { entries: readonly RawEntry[]; options?: Partial<ExtractModelOptions> }>
> = {
  "second names": { entries: [{ name: "a", body: "1" }, ...names(3, () => "a")] },
  "a link": { entries: [{ name: "a", body: "1" }, { name: "l", type: "2", link: "a" }] },
  "a second name of nothing": { entries: names(1, () => "missing") },
  "one path twice": { entries: two("1", "1") },
  "one path with two contents": { entries: two("1", "2") },
  "a file over a folder": { entries: [{ name: "a/", type: "5" }, { name: "a", body: "1" }] },
  "a folder over a file": { entries: [{ name: "a", body: "1" }, { name: "a/b", body: "1" }] },
  "names that lead outside": { entries: [{ name: "../a", body: "1" }] },
  "a name of unfinished files": { entries: [{ name: ".modelops-unfinished", body: "1" }] },
  "more entries than are allowed": { entries: two("1", "1"), options: { maxEntries: 1 } },
  "more bytes than are allowed": { entries: two("12345"), options: { maxSize: 4 } },
  "as many bytes as are allowed": { entries: two("12345"), options: { maxSize: 5 } },
  "a changed file": { entries: [{ name: "changed", body: "theirs" }] },
  "a changed file, overwritten": {
    entries: [{ name: "changed", body: "theirs" }],
    options: { overwrite: true },
  },
  "files that are there": { entries: [{ name: "same", body: "same" }, { name: "a", body: "1" }] },
};

for (const [what, { entries, options = {} }] of Object.entries(REHEARSED)) {
  Deno.test(`a dry run of an archive with ${what} says what the extraction does`, async () => {
    await using fx = await modelOf(new Uint8Array(rawTar(...entries)));
    await fx.folder.write("out/changed", "mine");
    await fx.folder.write("out/same", "same");
    const all = { output: fx.folder.join("out"), ...options };
    const settled = async <Result>(work: Promise<Result>): Promise<Result | Error> => {
      const error = await work.catch((error) => error);
      if (error instanceof Error) assert.ok(error instanceof ModelOpsError, String(error));
      return error;
    };
    const plan = await settled(rehearsed(fx, all));
    const done = await settled(fx.backend.extract(TARGET, all));
    if (plan instanceof Error) assert.equal(plan.message, (done as Error).message);
    else if (done instanceof ConflictError) assert.equal(plan.conflicts.length, 1);
    else {
      assert.ok(!(done instanceof Error), String(done));
      const files = plan.steps.filter(({ kind }) => kind === "file");
      const kept = files.filter(({ action }) => action === "keep").length;
      assert.deepEqual([plan.bytesToMove, kept], [done.bytes, done.unchanged]);
      assert.equal(files.length, done.written + done.unchanged);
    }
  });
}

Deno.test("a model without layers is an error wherever its files are asked for", async () => {
  await using fx = await modelWith(async () => []);
  const output = fx.folder.join("out");
  const wanted = /^InvalidInputError: Cannot extract the model: it has no layers, and so no files$/;
  await assert.rejects(fx.backend.extract(TARGET, { output }), wanted);
  await assert.rejects(rehearsed(fx, { output }), wanted);
  await fx.backend.push(TARGET);
  const remote = fx.open("other");
  for (const extractFromRemote of [true, false]) {
    const options = { extractDir: output, extractFromRemote };
    await assert.rejects(remote.pull(TARGET, options), wanted);
  }
  await assert.rejects(Deno.lstat(output), Deno.errors.NotFound);
});
