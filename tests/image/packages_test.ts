import assert from "node:assert/strict";
import * as fc from "fast-check";
import { bundledPackages, packagesOfProgram } from "../../scripts/image/bundled_packages.ts";
import { packLayer, textFile } from "../../scripts/image/system_layer.ts";
import { debianFileName, parseUris } from "../../scripts/runtime/debian.ts";
import { readTar } from "../../src/archive/tar_reader.ts";

Deno.test("debianFileName() reads name, version and architecture", () => {
  assert.deepEqual(debianFileName("libc6_2.36-9+deb12u14_amd64.deb"), {
    name: "libc6",
    version: "2.36-9+deb12u14",
    architecture: "amd64",
  });
  assert.equal(debianFileName("busybox-static_1%3a1.35.0-4_arm64.deb").version, "1:1.35.0-4");
  assert.equal(debianFileName("ca-certificates_20250419~deb12u2_all.deb").architecture, "all");
  for (const name of ["libc6.deb", "libc6_1_amd64.rpm", "_1_amd64.deb", "a_b_c_d.deb", ""]) {
    assert.throws(() => debianFileName(name), /Cannot read the name/);
  }
});

Deno.test("parseUris() reads files and digests, and nothing of other lines", () => {
  const hex = "ba4f".repeat(16);
  const lines = [
    `'http://mirror.test/pool/libc6_2.36-9%2bdeb12u14_amd64.deb' libc6_2.36_amd64.deb 2759320 SHA256:${hex}`,
    `'http://mirror.test/pool/other_1_all.deb' other_1_all.deb 10 MD5Sum:d41d8cd98f00b204e9800998ecf8427e`,
    "Reading package lists...",
  ];
  assert.deepEqual(parseUris(lines.join("\n")), [
    { file: "libc6_2.36_amd64.deb", digest: `sha256:${hex}` },
  ]);
  fc.assert(fc.property(fc.string(), (text) => {
    for (const { file } of parseUris(text)) assert.match(file, /\.deb$/);
  }));
});

Deno.test("bundledPackages() follows dependencies, also those of one version among several", () => {
  const integrity = `sha512-${btoa("x".repeat(64))}`;
  const entry = (...dependencies: string[]) => ({ integrity, dependencies });
  const npm = {
    "a@1.0.0_b@2.0.0": entry("b@2.0.0", "@scope/c"),
    "b@1.0.0": entry(),
    "b@2.0.0": entry("@scope/c"),
    "@scope/c@3.0.0-beta.1": entry("a"),
    "unused@1.0.0": entry(),
  };
  const found = bundledPackages(["a@1.0.0"], { npm });
  assert.deepEqual(found.map(({ name, version }) => `${name} ${version}`), [
    "@scope/c 3.0.0-beta.1",
    "a 1.0.0",
    "b 2.0.0",
  ]);
  assert.equal(found[0]!.sha512, "78".repeat(64));
  assert.throws(() => bundledPackages(["d@1.0.0"], { npm }), /"d@1.0.0" in the lockfile/);
});

Deno.test("packagesOfProgram() has what the program imports, and nothing of the tests", async () => {
  const names = (await packagesOfProgram()).map(({ name }) => name);
  for (const name of ["zod", "yaml", "@azure/storage-blob", "agent-base"]) {
    assert.ok(names.includes(name), name);
  }
  for (const name of ["fast-check", "kubernetes-models"]) assert.ok(!names.includes(name), name);
});

Deno.test("packLayer() puts folders before what is in them, with the bits that were asked for", async () => {
  const archive = packLayer({
    files: {
      "/usr/bin/tool": { ...textFile("#!"), executable: true },
      "/tmp/notes": textFile("x"),
      "/etc/passwd": textFile("root"),
    },
    folders: { "/tmp": 0o1777, "/root": 0o700, "/usr": 0o755 },
  });
  const entries = await Array.fromAsync(
    readTar(await archive.open()),
    ({ name, type, mode }) => `${name.replace(/\/$/, "")} ${type} ${mode.toString(8)}`,
  );
  assert.deepEqual(entries, [
    "etc directory 755",
    "etc/passwd file 644",
    "root directory 700",
    "tmp directory 1777",
    "tmp/notes file 644",
    "usr directory 755",
    "usr/bin directory 755",
    "usr/bin/tool file 755",
  ]);
});
