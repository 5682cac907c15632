/** Commands that do not end well with less than they were asked for. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { zstdCompressSync } from "node:zlib";
import { rawTar } from "../archive/raw_tar.ts";
import { Home } from "./support.ts";

/** Makes a file whose name has these bytes. */
async function writeNamed(folder: string, name: readonly number[]): Promise<void> {
  const script = `open(b'${folder}/' + bytes([${name.join()}]), 'w').write('x')`;
  const { success } = await new Deno.Command("python3", { args: ["-c", script] }).output();
  assert.ok(success);
}

const NO_UTF8 = {
  "a name in Latin-1": [0x63, 0x61, 0x66, 0xe9, 0x2e, 0x62, 0x69, 0x6e],
  "half a character": [0x61, 0xe2, 0x82, 0x2e, 0x74, 0x78, 0x74],
  "a wildcard and a quote beside bad bytes": [0x5b, 0x27, 0xff, 0x2a, 0x2e, 0x62, 0x69, 0x6e],
};

for (const [what, name] of Object.entries(NO_UTF8)) {
  Deno.test(`${what} is no name of a Modelfile: it is refused, and left out by the pattern that is told`, async () => {
    await using home = await Home.open();
    await home.folder.write("m/model.safetensors", "x");
    await writeNamed(home.at("m"), name);
    const generate = ["modelfile", "generate", home.at("m"), "-O", home.at(), "--overwrite"];
    const { code, stdout, stderr } = await home.run(generate);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /its name is not valid UTF-8/);
    const [, pattern = ""] = /--exclude '(.*)'$/m.exec(stderr) ?? [];
    const excluded = await home.run([...generate, "--exclude", pattern]);
    assert.equal(excluded.code, 0, excluded.stderr);
    assert.match(await Deno.readTextFile(home.at("Modelfile")), /^MODEL model\.safetensors$/m);
    const built = await home.run(["build", home.at("m"), "-t", "registry.test/m:v1"]);
    assert.equal(built.code, 2, built.stderr);
    await home.folder.write("m/.modignore", `${pattern}\n`);
    assert.equal((await home.run(generate)).code, 0);
  });
}

Deno.test("a file whose bytes read as the name of another is not lost", async () => {
  await using home = await Home.open();
  await home.folder.write("m/model.safetensors", "x");
  await home.folder.write("m/a\ufffd.txt", "x");
  await writeNamed(home.at("m"), [0x61, 0xff, 0x2e, 0x74, 0x78, 0x74]);
  const { code, stderr } = await home.run(["modelfile", "generate", home.at("m"), "-O", home.at()]);
  assert.equal(code, 2);
  assert.match(stderr, /its name is not valid UTF-8/);
  await home.folder.write("Modelfile", "MODEL *\n");
  const args = ["build", home.at("m"), "-f", home.at("Modelfile"), "-t", "registry.test/m:v1"];
  assert.equal((await home.run(args)).code, 2);
});

Deno.test("upload takes one name of its repository", async () => {
  await using home = await Home.open();
  await home.folder.write("f.bin", "x");
  const upload = ["upload", home.at("f.bin"), "--repo", "registry.test/a", "-t", "registry.test/b"];
  for (const more of [[], ["--json"], ["--raw=false"]]) {
    const { code, stdout, stderr } = await home.run([...upload, ...more]);
    assert.equal(code, 2);
    assert.match(stdout + stderr, /--repo and --target are the same, and both were given/);
  }
});

/** An archive whose one frame has a window of 128 MiB, and does not say how large it is. */
function archive(): Uint8Array {
  const packed = zstdCompressSync(rawTar({ name: "a.txt", body: "content" }));
  const frame = Buffer.from(packed);
  const isSegment = (frame[4]! & 0x20) !== 0;
  const content = [isSegment ? 1 : 0, 2, 4, 8][frame[4]! >> 6]!;
  const blocks = frame.subarray(5 + (isSegment ? 0 : 1) + content);
  return Buffer.concat([frame.subarray(0, 4), Buffer.of(frame[4]! & 4, 17 << 3), blocks]);
}

Deno.test("--max-window takes what is above the usual limit, and bad values of it are refused", async () => {
  await using home = await Home.open();
  await home.folder.write("a.tar.zst", archive());
  const load = ["bundle", "import", home.at("a.tar.zst"), home.at("out")];
  const refused = await home.run(load);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /a\.tar\.zst": it has a zstd window of 134217728 bytes \(128 MiB\)/);
  assert.match(refused.stderr, /^hint: .*--max-window 134217728,/m);
  const json = JSON.parse((await home.run([...load, "--json"])).stdout);
  assert.match(json.error.hint, /--max-window 134217728/);
  for (const value of ["64MiB", "100000000", "1"]) {
    assert.equal((await home.run([...load, "--max-window", value])).code, 2, value);
  }
  for (const value of ["0", "-1", "much", "3GiB", "2147483649", "1e9"]) {
    const { code, stderr } = await home.run([...load, `--max-window=${value}`]);
    assert.equal(code, 2, value);
    assert.match(stderr, /^error: Cannot use --max-window /);
  }
  for (const value of ["128MiB", "134217728", "2GiB"]) {
    const done = await home.run([...load, "--max-window", value]);
    assert.equal(done.code, 0, done.stderr);
  }
  // A command without the flag does not speak of it.
  const diff = await home.run(["bundle", "diff", home.at("a.tar.zst"), home.at("out")]);
  assert.equal(diff.code, 2);
  assert.doesNotMatch(diff.stderr, /--max-window/);
});
