import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { exportArchive } from "../../../src/bundle/archive/export.ts";
import { importArchive, type ImportOptions } from "../../../src/bundle/archive/import.ts";
import { materializeBundle } from "../../../src/bundle/workspace/materialize.ts";
import {
  decodePointer,
  encodePointer,
  type Pointer,
} from "../../../src/bundle/documents/pointer.ts";
import { WorkspaceConflictError } from "../../../src/bundle/workspace/conflict.ts";
import { digestBytes, digestHex } from "../../../src/core/digest.ts";
import {
  IntegrityError,
  InvalidInputError,
  NotFoundError,
  UnsupportedError,
} from "../../../src/core/errors.ts";
import { concatBytes } from "../../../src/core/streams.ts";
import type { Log, ProgressEvent } from "../../../src/core/operation.ts";
import { memoryStore } from "../../../src/oci/memory_store.ts";
import { type RawEntry, rawTar } from "../../archive/raw_tar.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import {
  bundleOver,
  externalEntry,
  files,
  MemoryObjects,
  registryEntry,
  tree,
  utf8,
} from "../workspace/support.ts";

const posix = { ignore: Deno.build.os === "windows" } as const;
const POINTER = ".mops/ptr/data/train.csv.json";

/** A workspace of a bundle with a registry file, an executable and an external file. */
async function workspace(temp: TempFolder, prefetchExternal: boolean): Promise<string> {
  const store = memoryStore("registry.test/my-model");
  const objects = new MemoryObjects();
  const entries = [
    await registryEntry(store, { path: "код/run.sh", text: "#!/bin/sh\n", mode: 0o755 }),
    await registryEntry(store, { path: "数据/😀", text: "" }),
    await externalEntry(objects, { path: "data/train.csv", text: "a,b\n1,2\n", tier: "cool" }),
  ];
  const dest = temp.join("workspace");
  const bundle = bundleOver(store, entries);
  const source = { bundle, entries, role: "training", objects: () => objects };
  await materializeBundle(source, { dest, prefetchExternal });
  return dest;
}

const PACKED: Readonly<Record<string, (tar: Uint8Array) => Uint8Array>> = {
  "gzip": (tar) => new Uint8Array(gzipSync(tar)),
  "zstd": (tar) => new Uint8Array(zstdCompressSync(tar)),
  "zstd behind a frame that is skipped": (tar) =>
    concatBytes([
      Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4),
      new Uint8Array(zstdCompressSync(tar)),
    ]),
};

for (const [what, pack] of Object.entries(PACKED)) {
  Deno.test(`import reads a tar in ${what}, whatever its name, and refuses a cut one`, async () => {
    await using temp = await tempFolder();
    const packed = pack(rawTar({ name: "a.txt", body: "a" }));
    await importArchive(await temp.write("in.tar", packed), { dest: temp.join("w") });
    assert.equal(await Deno.readTextFile(temp.join("w/a.txt")), "a");
    const cut = await temp.write("cut.tar", packed.subarray(0, -1));
    await assert.rejects(importArchive(cut, { dest: temp.join("none") }), IntegrityError);
    await assert.rejects(Deno.lstat(temp.join("none")), Deno.errors.NotFound);
  });
}

for (
  const [start, form] of [
    ["BZh91AY&SY", "a bzip2 file"],
    ["\u00fd7zXZ\0", "an xz file"],
    ["PK\u0003\u0004", "a zip file"],
    ["PK\u0005\u0006", "a zip file"],
    ["\u0004\u0022\u004d\u0018", "an lz4 file"],
    ["7z\u00bc\u00af\u0027\u001c", "a 7z file"],
    ["Rar!\u001a\u0007", "a rar file"],
  ] as const
) {
  Deno.test(`import says of ${form} that starts with ${JSON.stringify(start)} what it is`, async () => {
    await using temp = await tempFolder();
    const bytes = Uint8Array.from(start.padEnd(2000, "x"), (char) => char.charCodeAt(0));
    const archive = await temp.write("in.tar", bytes);
    await assert.rejects(importArchive(archive, { dest: temp.join("w") }), (error) => {
      assert.ok(error instanceof UnsupportedError, String(error));
      assert.equal(
        error.message,
        `Cannot read ${JSON.stringify(archive)}: it is ${form}, and no tar`,
      );
      assert.match(String(error.facts.remedy), /modelops bundle export FOLDER$/);
      return true;
    });
    await assert.rejects(Deno.lstat(temp.join("w")), Deno.errors.NotFound);
  });
}

/** Imports hand-made entries. */
async function importEntries(
  temp: TempFolder,
  entries: readonly RawEntry[],
  options: Partial<ImportOptions> = {},
) {
  const archive = await temp.write("in.tar", rawTar(...entries));
  return await importArchive(archive, { dest: temp.join("w"), ...options });
}

for (const dest of ["out.tar", "out.tar.zst"]) {
  for (
    const [what, prefetched, includeExternal] of [
      ["with what was not fetched", false, false],
      ["with external files", true, true],
    ] as const
  ) {
    Deno.test(`a workspace ${what} comes back from ${dest} byte for byte`, async () => {
      await using temp = await tempFolder();
      const from = await workspace(temp, prefetched);
      const archive = temp.join(dest);
      const { digest } = await exportArchive(from, { dest: archive, includeExternal });
      const result = await importArchive(archive, { dest: temp.join("copy") });
      assert.deepEqual(await tree(temp.join("copy")), await tree(from));
      if (!posix.ignore) {
        assert.equal(((await Deno.stat(temp.join("copy", "код/run.sh"))).mode ?? 0) & 0o777, 0o755);
      }
      assert.equal(result.provenance?.role, "training");
      assert.deepEqual(result.pointersOnly, prefetched ? [] : ["data/train.csv"]);
      const again = await exportArchive(temp.join("copy"), {
        dest: temp.join(`again-${dest}`),
        includeExternal,
      });
      assert.equal(again.digest, digest);
    });
  }
}

Deno.test("importing again keeps everything, and only what is missing is written", async () => {
  await using temp = await tempFolder();
  const archive = temp.join("out.tar");
  await exportArchive(await workspace(temp, true), { dest: archive, includeExternal: true });
  const dest = temp.join("copy");
  const first = await importArchive(archive, { dest });
  assert.deepEqual([first.created, first.kept], [5, 0]);
  await Deno.remove(join(dest, "код/run.sh"));
  const second = await importArchive(archive, { dest });
  assert.deepEqual([second.created, second.kept, second.bytesWritten], [1, 4, 10]);
});

Deno.test("a pointer says whether its bytes came along", async () => {
  await using temp = await tempFolder();
  const archive = temp.join("out.tar");
  const from = await workspace(temp, true);
  await exportArchive(from, { dest: archive });
  const dest = temp.join("copy");
  const fulfilled = async () =>
    decodePointer(await Deno.readFile(join(dest, POINTER)), "pointer").fulfilled;
  const { pointersOnly } = await importArchive(archive, { dest });
  assert.deepEqual(pointersOnly, ["data/train.csv"]);
  assert.equal(await fulfilled(), false);
  await temp.write("copy/data/train.csv", "a,b\n1,2\n");
  await importArchive(archive, { dest });
  assert.equal(await fulfilled(), true);
});

Deno.test("importArchive() reports all conflicts together and writes nothing", posix, async () => {
  await using temp = await tempFolder();
  const archive = temp.join("out.tar");
  await exportArchive(await workspace(temp, true), { dest: archive, includeExternal: true });
  const dest = temp.join("copy");
  await temp.write("copy/код", "a file");
  await temp.write("copy/数据/😀/inside", "a folder");
  await temp.write("copy/data/train.csv", "other");
  const before = await tree(dest);
  const conflicts = async (options: Partial<ImportOptions>) => {
    try {
      await importArchive(archive, { dest, ...options });
    } catch (error) {
      assert.ok(error instanceof WorkspaceConflictError, String(error));
      assert.deepEqual(await tree(dest), before);
      return error.conflicts.map(({ path }) => path);
    }
    assert.fail("no conflict was found");
  };
  assert.deepEqual(await conflicts({}), ["data/train.csv", "код", "код/run.sh", "数据/😀"]);
  assert.deepEqual(await conflicts({ overwrite: true }), ["код", "код/run.sh"]);
  const dry = await importArchive(archive, { dest, dryRun: true });
  assert.equal(dry.conflicts.length, 4);
  await Deno.remove(join(dest, "код"));
  await importArchive(archive, { dest, overwrite: true });
  assert.deepEqual(Object.keys(await files(dest)).sort(), [
    "data/train.csv",
    "код/run.sh",
    "数据/😀",
  ]);
});

const REFUSED: Readonly<Record<string, RawEntry>> = {
  "a symbolic link": { name: "link", type: "2", link: "/etc/passwd" },
  "a hard link": { name: "link", type: "1", link: "good" },
  "a pipe": { name: "pipe", type: "6" },
  "a device": { name: "device", type: "3" },
  "a way out": { name: "../evil", body: "x" },
  "an absolute path": { name: "/etc/evil", body: "x" },
  "a way out behind a backslash": { name: "a\\..\\b", body: "x" },
  "a drive": { name: "C:x", body: "x" },
  "a reserved folder of another spelling": { name: ".MOPS/ptr/a.json", body: "{}" },
  "a reserved folder with a dot": { name: ".mops./ptr/a.json", body: "{}" },
  "a reserved folder behind a backslash": { name: ".mops\\ptr\\a.json", body: "{}" },
  "a lock": { name: ".mops/.lock", body: "" },
  "the same file twice": { name: "good", body: "1" },
  "a malformed pointer": { name: ".mops/ptr/a.json", body: "{}" },
  "a malformed provenance": { name: ".mops/.mops-manifest.json", body: "{}" },
  "a folder that leads out": { name: "../out/", type: "5" },
};

for (const [what, entry] of Object.entries(REFUSED)) {
  Deno.test(`importArchive() refuses ${what} and writes nothing`, async () => {
    await using temp = await tempFolder();
    await assert.rejects(
      importEntries(temp, [{ name: "good", body: "1" }, entry], { overwrite: true }),
      InvalidInputError,
    );
    assert.deepEqual(Object.keys(await tree(temp.path)), ["in.tar"]);
  });
}

Deno.test("importArchive() names everything that it refuses", async () => {
  await using temp = await tempFolder();
  const entries = Object.values(REFUSED).slice(0, 5);
  await assert.rejects(importEntries(temp, entries), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.equal(error.facts.problems?.length, 5);
    return true;
  });
});

Deno.test("importArchive() names a pointer that is larger than any", async () => {
  await using temp = await tempFolder();
  const body = " ".repeat(2 * 1024 * 1024);
  await assert.rejects(
    importEntries(temp, [{ name: ".mops/ptr/a.json", body }]),
    /Cannot read "\.mops\/ptr\/a\.json" of ".*in\.tar": it is larger than/,
  );
});

for (
  const [what, name] of [["twins", "GOOD"], ["a file that is a folder", "good/below"]] as const
) {
  Deno.test(`importArchive() refuses ${what}`, async () => {
    await using temp = await tempFolder();
    const entries = [{ name: "good", body: "1" }, { name, body: "2" }];
    for (const options of [{ platform: "windows" }, { platform: "darwin" }, { portable: true }]) {
      const importing = importEntries(temp, entries, options as Partial<ImportOptions>);
      await assert.rejects(importing, WorkspaceConflictError);
    }
    assert.deepEqual(Object.keys(await tree(temp.path)), ["in.tar"]);
  });
}

const pointer: Pointer = {
  path: "data/train.csv",
  layer: "data",
  uri: "az://c/train.csv",
  sha256: digestHex(digestBytes(utf8("right"))),
  size: 5,
  fulfilled: true,
};

Deno.test("a file that is not what its fulfilled pointer says is refused", async () => {
  await using temp = await tempFolder();
  const at = (path: string, value: Pointer) => ({ name: path, body: encodePointer(value) });
  const file = (body: string) => ({ name: "data/train.csv", body });
  for (const body of ["wrong", "short"]) {
    await assert.rejects(
      importEntries(temp, [file(body), at(POINTER, pointer)]),
      IntegrityError,
    );
  }
  await assert.rejects(
    importEntries(temp, [at(".mops/ptr/elsewhere.json", pointer)]),
    InvalidInputError,
  );
  assert.deepEqual(Object.keys(await tree(temp.path)), ["in.tar"]);
  const { created } = await importEntries(temp, [at(POINTER, pointer), file("right")]);
  assert.equal(created, 2);
});

Deno.test("a damaged or truncated archive writes nothing", async () => {
  await using temp = await tempFolder();
  const from = await workspace(temp, true);
  for (const name of ["out.tar", "out.tar.zst"]) {
    await exportArchive(from, { dest: temp.join(name), includeExternal: true });
    const bytes = await Deno.readFile(temp.join(name));
    await Deno.writeFile(temp.join("bad"), bytes.subarray(0, (bytes.length >> 1) + 100));
    await assert.rejects(
      importArchive(temp.join("bad"), { dest: temp.join("copy") }),
      IntegrityError,
    );
  }
  const bytes = await Deno.readFile(temp.join("out.tar.zst"));
  bytes[bytes.length - 1]! ^= 1;
  await Deno.writeFile(temp.join("bad"), bytes);
  await assert.rejects(
    importArchive(temp.join("bad"), { dest: temp.join("copy") }),
    IntegrityError,
  );
  await assert.rejects(
    importArchive(temp.join("none"), { dest: temp.join("copy") }),
    NotFoundError,
  );
  assert.ok(!Object.keys(await tree(temp.path)).some((path) => path.startsWith("copy")));
});

Deno.test("an archive without its end blocks is whole if its last file is, with a warning", async () => {
  const whole = rawTar({ name: "a", body: "1" }, { name: "d/", type: "5" }, {
    name: "d/b",
    body: "22",
  });
  const cut = (bytes: number) => whole.subarray(0, whole.byteLength - bytes);
  for (const bytes of [512, 1024, 1024 + 510]) {
    await using temp = await tempFolder();
    const warnings: string[] = [];
    const log: Log = (_level, message) => void warnings.push(message);
    const archive = await temp.write("in.tar", cut(bytes));
    const { created } = await importArchive(archive, { dest: temp.join("w"), log });
    assert.deepEqual([created, await Deno.readTextFile(temp.join("w/d/b"))], [2, "22"]);
    assert.equal(warnings.length, 1);
    assert.match(warnings.join(), /in\.tar" has no end blocks: if it was cut, files are missing$/);
  }
  for (const bytes of [1024 + 511, 1024 + 600, 1024 + 1500, whole.byteLength - 100]) {
    await using temp = await tempFolder();
    const archive = await temp.write("in.tar", cut(bytes));
    await assert.rejects(
      importArchive(archive, { dest: temp.join("w") }),
      IntegrityError,
      `${bytes}`,
    );
  }
});

Deno.test("any folder comes back as it was", async () => {
  const name = fc.constantFrom("a", "b/c", "b/d", "ж", "数/据", "😀", `${"x".repeat(120)}/y`);
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, fc.string()), async (model) => {
      await using temp = await tempFolder();
      await Deno.mkdir(temp.join("from"));
      for (const [path, text] of Object.entries(model)) await temp.write(`from/${path}`, text);
      const archive = temp.join("out.tar.zst");
      await exportArchive(temp.join("from"), { dest: archive, zstdLevel: 1 });
      await importArchive(archive, { dest: temp.join("to") });
      assert.deepEqual(await files(temp.join("to")), await files(temp.join("from")));
    }),
    { numRuns: 20 },
  );
});

Deno.test("export and import tell what there is to do before the first byte moves", async () => {
  await using temp = await tempFolder();
  await temp.write("tree/a", "12");
  await temp.write("tree/b", "345");
  const dest = temp.join("out.tar");
  const copy = temp.join("copy");
  const told: [string, number?, number?][] = [];
  const progress = (event: ProgressEvent) =>
    void told.push(event.state === "plan" ? ["plan", event.files, event.size] : [event.state]);
  await exportArchive(temp.join("tree"), { dest, progress });
  assert.deepEqual(told[0], ["plan", 1, (await Deno.stat(dest)).size]);
  for (const states of [["start", "advance", "done"], ["skip"]]) {
    told.length = 0;
    await importArchive(dest, { dest: copy, progress });
    assert.deepEqual(told[0], ["plan", 2, 5]);
    assert.deepEqual(new Set(told.slice(1).flat()), new Set(states));
  }
});

Deno.test("what cannot be read of an archive is told with its name, and what is no tar as that", async () => {
  await using temp = await tempFolder();
  const whole = new Uint8Array(rawTar({ name: "a", body: "a".repeat(2000) }, { name: "b" }));
  const rows: [string, Uint8Array, ImportOptions, RegExp][] = [
    [
      "text.tar",
      utf8("# A text\n".repeat(200)),
      { dest: "" },
      /text\.tar": it is no tar: a header/,
    ],
    ["cut.tar", whole.slice(0, 1000), { dest: "" }, /cut\.tar": it is truncated$/],
    ["many.tar", whole, { dest: "", maxEntries: 1 }, /many\.tar": it has more than 1 entries$/],
  ];
  for (const [name, bytes, options, message] of rows) {
    const path = await temp.write(name, bytes);
    const importing = importArchive(path, { ...options, dest: temp.join("copy") });
    await assert.rejects(importing, (error: Error) => {
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(`Cannot read archive "${path}"`));
      return true;
    });
  }
});
