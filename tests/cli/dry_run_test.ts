/** What `--dry-run` says of the commands that move models, and that it changes nothing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { mayMount, mountTmpfs } from "../support/mounts.ts";
import { tempFolder } from "../support/temp.ts";
import { type Finished, Home } from "./support.ts";

const NAME = "localhost:5000/m:v1";

/** Everything below a folder, with what a write would change. */
async function treeOf(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    const { size, mtime, ino } = await Deno.lstat(path);
    found.push([path, size, mtime?.getTime(), ino].join(" "));
    if (isDirectory) found.push(...await treeOf(path));
  }
  return found.sort();
}

/** A home whose model is in the local store and in the registry, and a later one in the folder. */
async function usedHome(): Promise<Home> {
  const home = await Home.open();
  await home.build("-t", NAME);
  await home.done("push", NAME);
  await home.folder.write("model/model.bin", "other weights");
  await home.folder.write("more.md", "# More");
  return home;
}

/** Runs a command as it is asked not to write, and makes sure that it did not. */
async function rehearsed(home: Home, args: readonly string[]): Promise<Finished> {
  const before = await treeOf(home.folder.path);
  const asked = home.registry.requests.length;
  const finished = await home.run([...args, "--dry-run", "--json"]);
  assert.deepEqual(await treeOf(home.folder.path), before, args.join(" "));
  const methods = home.registry.requests.slice(asked).map(({ method }) => method);
  assert.deepEqual(methods.filter((method) => method !== "GET" && method !== "HEAD"), []);
  return finished;
}

const LINES: Readonly<Record<string, (home: Home) => string[]>> = {
  "build": (home) => ["build", home.at("model"), "-t", NAME],
  "build of archives": (home) => ["build", home.at("model"), "-t", NAME, "--raw=false"],
  "build of two names": (home) => ["build", home.at("model"), "-t", NAME, "-t", "other.test/n:v1"],
  "build --output-remote": (home) => ["build", home.at("model"), "-t", NAME, "--output-remote"],
  "push": () => ["push", NAME],
  "pull": () => ["pull", NAME],
  "pull --extract-dir": (home) => ["pull", NAME, "--extract-dir", home.at("out")],
  "pull --extract-from-remote": (
    home,
  ) => ["pull", NAME, "--extract-dir", home.at("out"), "--extract-from-remote"],
  "extract": (home) => ["extract", NAME, "--output", home.at("out")],
  "fetch": (home) => ["fetch", NAME, "--output", home.at("out"), "--patterns", "*.bin"],
  "attach": (home) => ["attach", home.at("more.md"), "-s", NAME, "-t", "localhost:5000/m:v2"],
  "attach --output-remote": (
    home,
  ) => ["attach", home.at("more.md"), "-s", NAME, "-t", "other.test/n:v2", "--output-remote"],
};

for (const [what, line] of Object.entries(LINES)) {
  Deno.test(`${what} --dry-run ends as the command does, and changes nothing`, async () => {
    await using home = await usedHome();
    const fixed = ["build", "attach"].includes(line(home)[0]!) ? ["--no-creation-time"] : [];
    const { code, stdout, stderr } = await rehearsed(home, [...line(home), ...fixed]);
    assert.equal(code, 0, stderr);
    const plan = JSON.parse(stdout);
    const done = JSON.parse(await home.done(...line(home), ...fixed, "--json"));
    assert.equal(plan.digest, done.digest);
    assert.deepEqual(plan.references, done.references ?? [done.reference]);
    const again = JSON.parse((await rehearsed(home, [...line(home), ...fixed])).stdout);
    assert.equal(again.bytesToMove, 0, "all is there once it was done");
    assert.equal(again.steps.every(({ action }: { action: string }) => action === "keep"), true);
  });
}

Deno.test("--dry-run says what moves, what is there, and which tag gets another digest", async () => {
  await using home = await usedHome();
  const { stdout, stderr } = await home.run([...LINES["build"]!(home), "--dry-run"]);
  const lines = stdout.split("\n").filter((line) => /^(create|keep|replace) /.test(line));
  const rows = [
    /^keep {5}22 B +config\.json$/,
    /^create {3}13 B +model\.bin$/,
    /^create {3}\d+ B +config$/,
    /^create {3}1.\d KiB {2}manifest$/,
    /^replace {8,}localhost:5000\/m:v1, now sha256:[0-9a-f]{12}$/,
  ];
  assert.equal(lines.length, rows.length, stdout);
  for (const [index, row] of rows.entries()) assert.match(lines[index]!, row);
  const columns = lines.map((line) => /^\S+ +(?:[\d.]+ K?i?B +)?/.exec(line)?.[0].length);
  assert.deepEqual(columns, columns.map(() => columns[0]), stdout);
  assert.match(stdout, /^to the local store: .* in 3 contents, 1 is there; .* needed, .* free$/m);
  assert.match(stderr, /^sha256:[0-9a-f]{64}, nothing was changed$/m);
  const quiet = await home.run([...LINES["pull"]!(home), "--dry-run", "--quiet"]);
  assert.match(quiet.stdout, /^sha256:[0-9a-f]{64}\n$/);
});

Deno.test("the files of a dry run fit a terminal, and are whole elsewhere", async () => {
  await using home = await Home.open();
  const path = `${"nested/".repeat(8)}model.bin`;
  await home.folder.write(`deep/${path}`, "weights");
  const line = ["build", home.at("deep"), "-t", NAME, "--dry-run"];
  assert.ok((await home.done(...line)).includes(path));
  for (const columns of [40, 60]) {
    const { stdout } = await home.run(line, { terminal: true, columns });
    const lines = stdout.split("\n").filter((line) => line.startsWith("create "));
    assert.ok(lines.length > 2 && lines.every((line) => line.length <= columns), stdout);
  }
});

Deno.test("push --dry-run counts what the registry has not, and leaves its tag", async () => {
  await using home = await usedHome();
  await home.build("-t", NAME);
  const plan = JSON.parse((await rehearsed(home, ["push", NAME])).stdout);
  const [place] = plan.places;
  assert.deepEqual([place.kind, place.name, place.disk], [
    "registry",
    "localhost:5000/m",
    undefined,
  ]);
  const moved = plan.steps.filter(({ action }: { action: string }) => action === "create");
  assert.deepEqual(moved.map(({ name }: { name: string }) => name).sort(), [
    "config",
    "manifest",
    "model.bin",
  ]);
  assert.equal(plan.steps.at(-1).action, "replace");
});

for (
  const [form, flags] of Object.entries({
    files: [],
    archives: ["--raw=false"],
    "packed archives": ["--raw=false", "--compression", "gzip"],
  })
) {
  Deno.test(`files that somebody changed end --dry-run with 12, as the command: ${form}`, async () => {
    await using home = await Home.open();
    await home.build("-t", NAME, ...flags);
    await home.done("push", NAME);
    const out = home.at("out");
    await home.folder.write("out/config.json", "mine");
    await home.folder.write("elsewhere", "mine");
    await Deno.symlink(home.at("elsewhere"), join(out, "model.bin"));
    for (
      const line of [
        ["extract", NAME, "--output", out],
        ["pull", NAME, "--extract-dir", out],
      ]
    ) {
      const { code, stdout, stderr } = await rehearsed(home, line);
      assert.equal(code, 12, stderr);
      const { error, conflicts } = JSON.parse(stdout);
      assert.equal(error.kind, "conflict");
      assert.deepEqual(conflicts.map(({ path }: { path: string }) => path).sort(), [
        "config.json",
        "model.bin",
      ]);
      assert.equal((await home.run(line)).code, 12);
      assert.equal((await rehearsed(home, [...line, "--overwrite"])).code, 0);
    }
    assert.equal(await Deno.readTextFile(join(out, "model.bin")), "mine");
    await home.done("extract", NAME, "--output", out, "--overwrite");
    assert.equal(await Deno.readTextFile(home.at("elsewhere")), "mine");
    assert.equal(await Deno.readTextFile(join(out, "model.bin")), "weights");
  });
}

Deno.test("an archive of a registry is compared when it has come, and --dry-run says so", async () => {
  await using home = await Home.open();
  await home.build("-t", NAME, "--raw=false");
  await home.done("push", NAME);
  await home.folder.write("out/config.json", "mine");
  const line = ["fetch", NAME, "--output", home.at("out"), "--patterns", "*"];
  const asked = home.registry.requests.length;
  const { code, stdout } = await rehearsed(home, line);
  assert.equal(code, 0);
  const actions = JSON.parse(stdout).steps.map((step: { name: string; action: string }) => [
    step.name,
    step.action,
  ]);
  assert.deepEqual(Object.fromEntries(actions), {
    "config.json": "compare",
    "model.bin": "create",
  });
  const blobs = home.registry.log.slice(asked).filter((line) => line.includes("/blobs/"));
  assert.deepEqual(blobs, []);
});

Deno.test("--dry-run fails as the command does before it writes", async () => {
  await using home = await usedHome();
  const lines: readonly (readonly [string[], number])[] = [
    [["pull", "localhost:5000/m:v9"], 1],
    [["push", "localhost:5000/none:v1"], 1],
    [["attach", home.at("model", "config.json"), "-s", NAME, "-t", NAME, "-d", "."], 12],
    [["fetch", NAME, "--output", home.at("out"), "--patterns", "*.gguf"], 1],
    [["build", home.at("none"), "-t", NAME], 1],
  ];
  for (const [line, expected] of lines) {
    const { code, stdout } = await rehearsed(home, line);
    const really = await home.run(line);
    assert.deepEqual([code, really.code], [expected, expected], line.join(" "));
    assert.equal(JSON.parse(stdout).error.code, expected);
  }
});

Deno.test({
  name: "what a disk has no room for is refused before a byte of it moves",
  ignore: !await mayMount(),
  fn: async () => {
    await using home = await Home.open();
    await home.folder.write("model/model.bin", crypto.getRandomValues(new Uint8Array(65536)));
    const weights = new Uint8Array(6 * 1024 * 1024).fill(7);
    await home.folder.write("model/model.bin", weights);
    await home.build("-t", NAME);
    await home.done("push", NAME);
    await using small = await tempFolder();
    await using _mount = await mountTmpfs(small.join("disk"), "size=4m");
    const [out, store] = [small.join("disk", "out"), small.join("disk", "store")];
    const lines = [
      ["extract", NAME, "--output", out],
      ["fetch", NAME, "--output", out, "--patterns", "*"],
      ["pull", NAME, "--extract-dir", out, "--extract-from-remote"],
      ["pull", NAME, "--storage-dir", store],
    ];
    for (const line of lines) {
      const { code, stdout } = await rehearsed(home, line);
      const { error, places: [{ disk }] } = JSON.parse(stdout);
      assert.deepEqual([code, error.kind, disk.short], [3, "transfer", true], line.join(" "));
      assert.ok(disk.needed > disk.free);
      const asked = home.registry.requests.length;
      const really = await home.run(line);
      assert.equal(really.code, 3);
      assert.match(really.stderr, /6\.0 MiB are needed, and 4\.0 MiB are free on its disk$/m);
      assert.match(really.stderr, /hint: free 2\.0 MiB there/);
      const blobs = home.registry.log.slice(asked).filter((line) => /GET .*\/blobs\//.test(line));
      assert.deepEqual(blobs, []);
    }
    const build = ["build", home.at("model"), "-t", NAME, "--storage-dir", store];
    assert.equal((await rehearsed(home, build)).code, 3);
  },
});

Deno.test("a dry run counts what is in the way, beside what is new and what is there", async () => {
  await using home = await usedHome();
  await home.done("extract", NAME, "--output", home.at("out"));
  const files = [...Deno.readDirSync(home.at("out"))].map(({ name }) => name);
  const line = ["extract", NAME, "--output", home.at("out"), "--dry-run"];
  const lastLine = async () => {
    const { stdout } = await home.run(line);
    return stdout.trim().split("\n").find((text) => text.startsWith("to "))?.split(": ")[1];
  };
  assert.match(await lastLine() ?? "", new RegExp(`^0 B in 0 files, ${files.length} are there;`));
  await Deno.writeTextFile(home.at("out", "model.bin"), "changed by a person");
  const others = files.length - 1;
  const there = `${others} ${others === 1 ? "is" : "are"} there`;
  assert.match(await lastLine() ?? "", new RegExp(`^0 B in 0 files, ${there}, 1 is in the way;`));
  for (const name of files) await Deno.writeTextFile(home.at("out", name), "changed by a person");
  assert.match(
    await lastLine() ?? "",
    new RegExp(`^0 B in 0 files, ${files.length} are in the way;`),
  );
  await Deno.remove(home.at("out", files[0]!));
  assert.match(await lastLine() ?? "", new RegExp(`^.* in 1 file, ${others} .* in the way;`));
});
