import assert from "node:assert/strict";
import { join } from "node:path";
import { exportArchive, type ExportOptions } from "../../../src/bundle/archive/export.ts";
import { encodePointer } from "../../../src/bundle/documents/pointer.ts";
import { readTar } from "../../../src/archive/tar_reader.ts";
import { digestBytes, digestHex } from "../../../src/core/digest.ts";
import { ConflictError, InvalidInputError, NotFoundError } from "../../../src/core/errors.ts";
import { Workspace } from "../../../src/bundle/workspace/open.ts";
import { bytesSource } from "../../../src/core/content/source.ts";
import { runCommand } from "../../support/command.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import { tree, utf8 } from "../workspace/support.ts";

const posix = { ignore: Deno.build.os === "windows" } as const;

/** A folder of known content, with a pointer. */
async function goldenTree(): Promise<TempFolder & { root: string }> {
  const temp = await tempFolder();
  const root = temp.join("tree");
  const write = async (name: string, text: string | Uint8Array, mode: number) => {
    await Deno.chmod(await temp.write(`tree/${name}`, text), mode);
  };
  await write("README.md", "hello\n", 0o644);
  await write("bin/run.sh", "#!/bin/sh\necho ok\n", 0o755);
  await write("bin.txt", "", 0o640);
  await write("data/train.csv", "a,b\n1,2\n", 0o644);
  await write("cafe\u0301.txt", "x\n", 0o600);
  await Deno.mkdir(join(root, "empty"));
  const pointer = encodePointer({
    path: "data/train.csv",
    layer: "data",
    uri: "az://c/train.csv",
    sha256: digestHex(digestBytes(utf8("a,b\n1,2\n"))),
    size: 8,
    tier: "cool",
    fulfilled: true,
  });
  await write(".mops/ptr/data/train.csv.json", pointer, 0o644);
  return Object.assign(temp, { root });
}

/** Names of the entries of a plain archive; folders with a slash. */
async function names(path: string): Promise<string[]> {
  const found: string[] = [];
  const stream = await bytesSource(await Deno.readFile(path)).open();
  for await (const { name, type } of readTar(stream)) {
    found.push(type === "directory" ? `${name.replace(/\/$/, "")}/` : name);
  }
  return found;
}

Deno.test(
  "exportArchive() gives exactly the documented archive, without external files",
  posix,
  async () => {
    await using temp = await goldenTree();
    const dest = temp.join("out.tar");
    const result = await exportArchive(temp.root, { dest });
    assert.deepEqual(result, {
      path: dest,
      size: 10240,
      digest: "sha256:7d910a8dd203de98e41ee7c437995c3b98ab26dc8cdf88e996de79cb138055f7",
      compression: "none",
      files: 5,
      folders: 6,
      pointersOnly: ["data/train.csv"],
    });
    assert.equal(digestBytes(await Deno.readFile(dest)), result.digest);
    assert.equal(((await Deno.stat(dest)).mode ?? 0) & 0o777, 0o644);
    assert.deepEqual(await names(dest), [
      ".mops/",
      ".mops/ptr/",
      ".mops/ptr/data/",
      ".mops/ptr/data/train.csv.json",
      "README.md",
      "bin/",
      "bin.txt",
      "bin/run.sh",
      "caf\u00e9.txt",
      "data/",
      "empty/",
    ]);
  },
);

Deno.test(
  "exportArchive() gives exactly the documented archive, with external files",
  posix,
  async () => {
    await using temp = await goldenTree();
    const dest = temp.join("out.tar");
    const result = await exportArchive(temp.root, { dest, includeExternal: true });
    assert.equal(
      result.digest,
      "sha256:ff25e0b197f7a7463b68375bbb636843f30865db5a0573484cb50115987d78b5",
    );
    assert.deepEqual([result.files, result.pointersOnly], [6, []]);
  },
);

Deno.test("exportArchive() compresses equal trees to equal bytes", posix, async () => {
  await using temp = await goldenTree();
  const digests = new Set<string>();
  for (const dest of ["a.tar.zst", "b.zst"]) {
    const { digest, compression } = await exportArchive(temp.root, { dest: temp.join(dest) });
    assert.equal(compression, "zstd");
    digests.add(digest);
  }
  assert.equal(digests.size, 1);
  const bytes = await Deno.readFile(temp.join("a.tar.zst"));
  // Magic, a frame with checksum and without size, a window of 8 MiB.
  assert.deepEqual([...bytes.subarray(0, 6)], [0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x68]);
});

Deno.test("exportArchive() gives the same bytes whatever the times and owners", posix, async () => {
  await using temp = await goldenTree();
  const first = await exportArchive(temp.root, { dest: temp.join("1.tar") });
  await Deno.utime(join(temp.root, "README.md"), 1, 1);
  await Deno.chmod(join(temp.root, "README.md"), 0o666);
  await Deno.link(join(temp.root, "README.md"), temp.join("linked"));
  await Deno.remove(join(temp.root, "README.md"));
  await Deno.link(temp.join("linked"), join(temp.root, "README.md"));
  const second = await exportArchive(temp.root, { dest: temp.join("2.tar") });
  assert.equal(second.digest, first.digest);
});

Deno.test("exportArchive() leaves out itself, locks and unfinished files", posix, async () => {
  await using temp = await goldenTree();
  const dest = join(temp.root, "out.tar");
  const first = await exportArchive(temp.root, { dest });
  await temp.write("tree/.mops/.lock", "");
  await temp.write("tree/.mops/.download/abc", "half");
  await temp.write("tree/data/.mops-0123abcd-0123-0123-0123-0123456789ab.partial", "half");
  const second = await exportArchive(temp.root, { dest });
  assert.equal(second.digest, first.digest);
  assert.equal(
    first.digest,
    "sha256:7d910a8dd203de98e41ee7c437995c3b98ab26dc8cdf88e996de79cb138055f7",
  );
});

Deno.test("exportArchive() orders names by code points", async () => {
  await using temp = await tempFolder();
  for (const name of ["😀", "～", "z", "данные", "数据"]) await temp.write(`tree/${name}`, name);
  await exportArchive(temp.join("tree"), { dest: temp.join("out.tar") });
  assert.deepEqual(await names(temp.join("out.tar")), ["z", "данные", "数据", "～", "😀"]);
});

Deno.test("exportArchive() splits long names, and names those it cannot", async () => {
  await using temp = await tempFolder();
  const part = "ф".repeat(40);
  await temp.write(`tree/${part}/${"x".repeat(90)}`, "long");
  await temp.write(`tree/${"d".repeat(120)}/file`, "in a folder whose name is all prefix");
  const workdir = temp.join("tree");
  await exportArchive(workdir, { dest: temp.join("out.tar") });
  assert.deepEqual(await names(temp.join("out.tar")), [
    `${"d".repeat(120)}/`,
    `${"d".repeat(120)}/file`,
    `${part}/`,
    `${part}/${"x".repeat(90)}`,
  ]);
  const impossible = "y".repeat(101);
  await temp.write(`tree/${impossible}`, "x");
  await assert.rejects(exportArchive(workdir, { dest: temp.join("out2.tar") }), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.ok(error.message.includes(impossible), error.message);
    return true;
  });
});

Deno.test("exportArchive() refuses files of 8 GiB and names them", posix, async () => {
  await using temp = await tempFolder();
  const huge = await temp.write("tree/huge.bin", "");
  await Deno.truncate(huge, 8 * 1024 ** 3);
  await assert.rejects(
    exportArchive(temp.join("tree"), { dest: temp.join("out.tar") }),
    { message: 'Cannot package "huge.bin": files of 8 GiB and more do not fit the format' },
  );
});

Deno.test("exportArchive() names every link, special file and unsafe name", posix, async () => {
  await using temp = await tempFolder();
  const root = temp.join("tree");
  await temp.write("tree/good", "1");
  await temp.write("tree/folder/x", "1");
  await Deno.symlink("good", join(root, "link"));
  await Deno.symlink("nowhere", join(root, "dangling"));
  await Deno.symlink("folder", join(root, "linked"));
  await temp.write("tree/a\\..\\b", "1");
  await temp.write("tree/new\nline", "1");
  const { code } = await runCommand("mkfifo", [join(root, "fifo")]);
  assert.equal(code, 0);
  await assert.rejects(exportArchive(root, { dest: temp.join("out.tar") }), (error) => {
    assert.ok(error instanceof InvalidInputError);
    const messages = error.facts.problems?.map(({ message }) => message) ?? [];
    assert.equal(messages.length, 6);
    for (const name of ["link", "dangling", "linked", "fifo"]) {
      assert.ok(messages.some((message) => message.includes(`"${name}": it is a `)), name);
    }
    return true;
  });
  // A pipe must not be read, so only names are looked at.
  const left = await Array.fromAsync(Deno.readDir(temp.path));
  assert.deepEqual(left.map(({ name }) => name), ["tree"]);
});

Deno.test("exportArchive() refuses names that become one", posix, async () => {
  await using temp = await tempFolder();
  for (const name of ["caf\u00e9", "cafe\u0301", "A", "a"]) await temp.write(`tree/${name}`, name);
  const rows = [[{ platform: "linux" }, 1], [{ platform: "darwin" }, 2], [{ portable: true }, 2]];
  for (const [options, problems] of rows as [ExportOptions, number][]) {
    await assert.rejects(
      exportArchive(temp.join("tree"), { ...options, dest: temp.join("out.tar") }),
      (error) => {
        assert.ok(error instanceof InvalidInputError);
        assert.equal(error.facts.problems?.length, problems);
        return true;
      },
    );
  }
});

type Request = [folder: string, options: ExportOptions];

const REFUSED: readonly [string, (temp: TempFolder) => Request][] = [
  [
    "a folder that is not there",
    (temp) => [temp.join("none"), { dest: temp.join("o.tar") }],
  ],
  ["a file", (temp) => [temp.join("tree", "a"), { dest: temp.join("o.tar") }]],
  [
    "an output without a folder",
    (temp) => [temp.join("tree"), { dest: temp.join("n", "o") }],
  ],
  ["an output that is a folder", (temp) => [temp.path, { dest: temp.join("tree") }]],
  [
    "a name that does not fit zstd",
    (temp) => [temp.join("tree"), { dest: temp.join("o.tar"), compression: "zstd" }],
  ],
  [
    "a name that does not fit no compression",
    (temp) => [temp.join("tree"), { dest: temp.join("o.tar.zst"), compression: "none" }],
  ],
];

for (const [what, request] of REFUSED) {
  Deno.test(`exportArchive() refuses ${what}`, async () => {
    await using temp = await tempFolder();
    await temp.write("tree/a", "1");
    const before = await tree(temp.path);
    const error = what === "a folder that is not there" ? NotFoundError : InvalidInputError;
    await assert.rejects(exportArchive(...request(temp)), error);
    assert.deepEqual(await tree(temp.path), before);
  });
}

Deno.test("an export that fails leaves the earlier archive and nothing else", async () => {
  await using temp = await tempFolder();
  await temp.write("tree/a", new Uint8Array(3 << 20));
  const dest = await temp.write("out.tar", "earlier");
  const controller = new AbortController();
  const reason = new Error("stop");
  await assert.rejects(
    exportArchive(temp.join("tree"), {
      dest,
      signal: controller.signal,
      progress: (event) => {
        if (event.state === "advance" && event.bytes > 1 << 20) controller.abort(reason);
      },
    }),
    (error) => error === reason,
  );
  const left = await Array.fromAsync(Deno.readDir(temp.path));
  assert.deepEqual(left.map(({ name }) => name).sort(), ["out.tar", "tree"]);
  assert.equal(await Deno.readTextFile(dest), "earlier");
});

Deno.test("exportArchive() waits for who writes to the workspace, and keeps others from writing to it", async () => {
  await using temp = await goldenTree();
  const dest = temp.join("out.tar");
  const lockTimeout = 0;
  {
    await using _written = await Workspace.open(temp.root);
    await assert.rejects(exportArchive(temp.root, { dest, lockTimeout }), ConflictError);
  }
  let refused: Promise<unknown> | undefined;
  await exportArchive(temp.root, {
    dest,
    progress: () => {
      refused ??= assert.rejects(Workspace.open(temp.root, { lockTimeout }), ConflictError);
    },
  });
  assert.ok(refused);
  await refused;
  await assert.rejects(Deno.lstat(temp.join("tree/.mops/.lock")), Deno.errors.NotFound);
});

Deno.test("an export removes what a killed one has left beside the archive", async () => {
  await using temp = await goldenTree();
  const left = await temp.write(`.${crypto.randomUUID()}.partial`, "half");
  await Deno.utime(left, 1, 1);
  await exportArchive(temp.root, { dest: temp.join("out.tar") });
  await assert.rejects(Deno.lstat(left), Deno.errors.NotFound);
});

Deno.test("a malformed pointer excludes nothing", async () => {
  await using temp = await tempFolder();
  await temp.write("tree/data/a", "1");
  await temp.write("tree/.mops/ptr/data/a.json", "{");
  const { pointersOnly } = await exportArchive(temp.join("tree"), { dest: temp.join("out.tar") });
  assert.deepEqual(pointersOnly, []);
  assert.ok((await names(temp.join("out.tar"))).includes("data/a"));
});

Deno.test("an archive without a name is called after its folder, in the current folder", async () => {
  await using temp = await tempFolder();
  await temp.write("work/space/a", "1");
  const before = Deno.cwd();
  Deno.chdir(temp.join("work"));
  using _back = { [Symbol.dispose]: () => Deno.chdir(before) };
  const pathOf = async (...[folder, options]: Parameters<typeof exportArchive>) =>
    (await exportArchive(folder, options)).path;
  assert.equal(await pathOf("./space"), "space.tar.zst");
  assert.equal(await pathOf("space/", { compression: "none" }), "space.tar");
  for (const folder of [".", ".."]) assert.equal(await pathOf(folder), "archive.tar.zst");
});
