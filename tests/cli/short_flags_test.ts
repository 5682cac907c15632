import assert from "node:assert/strict";
import { Home } from "./support.ts";

Deno.test("short flags take their values as pflag reads them", async () => {
  await using home = await Home.open();
  const ways: readonly (readonly string[])[] = [
    ["-n", "foo"],
    ["-n=foo"],
    ["-nfoo"],
    ["-n", "=foo"],
    ["-n==foo"],
    ["-n=-foo"],
  ];
  const names = ["foo", "foo", "foo", "=foo", "=foo", "-foo"];
  for (const [index, way] of ways.entries()) {
    const folder = home.at(`out${index}`);
    await Deno.mkdir(folder);
    await home.done("modelfile", "generate", home.at("model"), ...way, `-O=${folder}`);
    const text = await Deno.readTextFile(`${folder}/Modelfile`);
    assert.match(text, new RegExp(`^NAME ${names[index]}$`, "m"), way.join(" "));
  }
});

Deno.test("a short switch takes =true and =false, and stands before another flag in one word", async () => {
  await using home = await Home.open();
  await home.build("-t=r.test/m:v1", `-f=${home.at("model/Modelfile")}`, "-c=2");
  await home.folder.write("x.bin", "x");
  const attach = ["attach", home.at("x.bin"), "-s=r.test/m:v1", "-t=r.test/m:v2"];
  await home.done(...attach, "-d=sub", "-f=true");
  await home.done(...attach, "-fd=sub");
  await home.done(...attach, "-fdsub");
  assert.match(await home.done("inspect", "r.test/m:v2"), /"sub\/x\.bin"/);
  // Without --force a file of that name stays.
  assert.equal(
    (await home.run(["attach", home.at("x.bin"), "-s=r.test/m:v2", "-t=r.test/m:v3", "-d=sub"]))
      .code,
    12,
  );
  assert.equal(
    (await home.run([
      "attach",
      home.at("x.bin"),
      "-s=r.test/m:v2",
      "-t=r.test/m:v3",
      "-d=sub",
      "-f=false",
    ]))
      .code,
    12,
  );
  const wrong = await home.run([...attach, "-f=maybe"]);
  assert.deepEqual([wrong.code, /takes true or false/.test(wrong.stderr)], [2, true]);
});

Deno.test("the flags for help and version take true and false like every switch", async () => {
  await using home = await Home.open();
  for (const flag of ["-h=false", "--help=false", "-h=0", "-V=F", "--version=False"]) {
    assert.match(await home.done("version", flag), /^Version:/);
  }
  for (const flag of ["-h=true", "--help=T", "-qh", "-hq", "-qh=1"]) {
    assert.match(await home.done("build", flag), /^Usage: modelops build/);
  }
  for (const flag of ["-V", "-V=true", "--version=1"]) {
    assert.match(await home.done(flag), /^\d+\.\d+\.\d+\S*\n$/);
    for (const line of [[flag, "--json"], ["--json", flag], ["list", flag, "--json"]]) {
      assert.match(JSON.parse(await home.done(...line)).version, /^\d+\.\d+\.\d+\S*$/);
    }
  }
  for (const flag of ["-h=maybe", "--help=", "-V=yes", "--json=tRUE", "--no-progress=-1"]) {
    const { code, stderr } = await home.run(["version", flag]);
    assert.equal(code, 2, flag);
    assert.match(stderr, /takes true or false/);
  }
});

Deno.test("short flags that there are not are named", async () => {
  await using home = await Home.open();
  for (const flag of ["-x", "-x=1", "-xyz"]) {
    const { code, stderr } = await home.run(["build", "-t", "r.test/m:v1", home.at("model"), flag]);
    assert.equal(code, 2);
    assert.match(stderr, /unknown option "-x/);
  }
});

Deno.test("a platform that is none is refused", async () => {
  await using home = await Home.open();
  for (
    const platform of ["nope", "linux/", "/amd64", "linux/amd64/v8/x", "linux/amd64,nope", ","]
  ) {
    const { code, stderr } = await home.run([
      "build",
      "-t",
      "r.test/m:v1",
      "--platform",
      platform,
      home.at("model"),
    ]);
    assert.equal(code, 2, platform);
    assert.match(stderr, /Cannot use platform .*: it is not of the form system\/processor/);
  }
  await home.build("-t", "r.test/m:v1", "--platform", "linux/arm64/v8,windows/amd64");
});

Deno.test("a model without a file is refused, and credentials of a URL are left out", async () => {
  await using home = await Home.open();
  await home.folder.write("empty/Modelfile", "NAME m\nMODEL *.none\n");
  const { code, stderr } = await home.run(["build", "-t", "r.test/e:v1", home.at("empty")]);
  assert.equal(code, 2);
  assert.match(stderr, /brings no file/);
  for (const url of ["https://me:s3cret@git.test/x.git", "https://s3cret@git.test/x.git"]) {
    await home.folder.write("told/README.md", `---\ndatasets: ["${url}", org/set]\n---\n`);
    await home.folder.write("told/w.bin", "w");
    const notes = ["--annotation", `source=${url}`, "--annotation", `note=see (${url})`];
    await home.done("build", home.at("told"), "-t", "r.test/m:v1", "--source-url", url, ...notes);
    const config = await home.done("inspect", "--config", "r.test/m:v1");
    assert.match(config, /"sourceURL": "https:\/\/git\.test\/x\.git"/);
    assert.match(config, /"datasetsURL": \[\s+"https:\/\/git\.test\/x\.git",/);
    const { stdout } = await home.run(["inspect", "r.test/m:v1", "--json"]);
    assert.ok(!(config + stdout).includes("s3cret"));
  }
});

Deno.test("a flag is not taken for the value of another, whichever of the two is of all commands", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  const lines = [
    ["modelfile", "generate", home.at("model"), "-n", "--json", "foo"],
    ["modelfile", "generate", home.at("model"), "--name", "--json"],
    ["extract", "r.test/m:v1", "--output", "--log-level=info", home.at("out")],
    ["extract", "r.test/m:v1", "--output", "--json", home.at("out")],
    ["push", "-qc", "--no-progress", "r.test/m:v1", "2"],
    ["bundle", "list", "--limit", "--storage-dir", home.at(".modctl"), "2"],
    ["list", "--storage-dir", "--limit", "3"],
    ["--storage-dir", "--json", "list"],
    ["modelfile", "validate", home.at("model"), "--key-file", "--no-progress"],
    ["pull", "r.test/m:v1", "--extract-dir", "--overwrite"],
    ["pull", "r.test/m:v1", "--extract-dir", "--extract-from-remote=true"],
    ["build", home.at("model"), "--target", "-f", "Modelfile"],
    ["build", home.at("model"), "-qt", "--raw"],
    ["list", "--log-dir", "--help"],
  ];
  for (const line of lines) {
    const { code, stdout, stderr } = await home.run(line);
    assert.equal(code, 2, line.join(" "));
    assert.match(stdout + stderr, /after -\S+ there is -\S+, which is a flag and no value/);
    assert.match(stdout + stderr, /write -\S+=-\S+ where it is the value/);
  }
  // A switch wants none, and after = or -- everything is a value.
  await home.done("extract", "r.test/m:v1", "--overwrite", "--json", "--output", home.at("out"));
  await home.done("push", "-q", "--no-progress", "r.test/m:v1");
  await home.done(
    "modelfile",
    "generate",
    home.at("model"),
    "-n=--json",
    "--no-progress",
    `-O=${home.at("o")}`,
  );
  const { stderr } = await home.run(["push", "-c", "2", "--", "-c", "--json"]);
  assert.match(stderr, /too many arguments, it takes 1: -c, --json/);
});

Deno.test("empty arguments and empty names of files and folders are refused", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  const lines: readonly (readonly [named: string, ...line: string[]])[] = [
    ['argument "place"', "list", ""],
    ['argument "registry"', "logout", ""],
    ['argument "path"', "modelfile", "generate", ""],
    ['argument "file"', "modelfile", "validate", ""],
    ['argument "folder"', "bundle", "init", ""],
    ["--output", "extract", "r.test/m:v1", "--output="],
    ["--extract-dir", "pull", "r.test/m:v1", "--extract-dir", ""],
    ["--workspace", "modelfile", "validate", home.at("model"), "--workspace", ""],
    ["--modelfile", "build", home.at("model"), "-t", "r.test/m:v2", "-f", ""],
    ["--storage-dir", "list", "--storage-dir="],
    ["--log-dir", "--log-dir", "", "version"],
    ["--ca-file", "bundle", "list", "--ca-file="],
    ["--cert-file", "list", "r.test", "--cert-file", "", "--key-file=k.pem"],
  ];
  for (const [named, ...line] of lines) {
    const { code, stderr } = await home.run(line);
    assert.equal(code, 2, line.join(" "));
    assert.ok(stderr.includes(`${named} is empty`), stderr);
  }
});

Deno.test("a word that a switch was meant to take is told how to be written", async () => {
  await using home = await Home.open();
  for (
    const line of [["prune", "--dry-run", "false"], ["push", "x", "-q", "true"], [
      "list",
      "x",
      "False",
    ]]
  ) {
    const { code, stderr } = await home.run(line);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /too many arguments, it takes [01]: .*\nhint: .*write the value of a switch after =/,
    );
  }
});

Deno.test("what passes a limit says the flag that raises it", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  const line = ["extract", "r.test/m:v1", `--output=${home.at("o")}`];
  const { code, stderr } = await home.run([...line, "--max-size", "10"]);
  assert.equal(code, 2);
  assert.match(stderr, /\nhint: if you trust it, raise the limit with --max-size\n$/);
});

Deno.test("--max-size takes bytes as other flags do, and no flag for counts is left unnamed", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  for (const size of ["1GiB", "20M", "1048576"]) {
    await home.done("extract", "r.test/m:v1", `--output=${home.at(size)}`, "--max-size", size);
  }
  const flags = ["--max-size", "--max-ratio", "--max-entries", "--concurrency"];
  for (const flag of flags) {
    for (const value of ["0", "-1", "1e3", "NaN", ""]) {
      const line = ["extract", "r.test/m:v1", `--output=${home.at("o")}`, `${flag}=${value}`];
      const { code, stderr } = await home.run(line);
      assert.equal(code, 2);
      assert.ok(stderr.includes(`Cannot use ${flag} "${value}": it`), stderr);
    }
  }
});

Deno.test("a template is no document of --json", async () => {
  await using home = await Home.open();
  await home.build("-t", "r.test/m:v1");
  for (
    const line of [["--format={{.Digest}}", "--json"], ["--json", "--format", ""], [
      "--format",
      "x",
      "--json",
      "--config",
    ]]
  ) {
    const { code, stdout } = await home.run(["inspect", "r.test/m:v1", ...line]);
    assert.equal(code, 2);
    assert.match(JSON.parse(stdout).error.message, /--format and --json at once/);
  }
});

Deno.test("a name that is too long for the system is named as such, whoever looks", async () => {
  await using home = await Home.open();
  const long = home.at("x".repeat(300));
  for (
    const line of [["modelfile", "validate", long], [
      "modelfile",
      "generate",
      home.at("model"),
      "-O",
      long,
    ], ["bundle", "diff", long, long]]
  ) {
    const { code, stderr } = await home.run(line);
    assert.deepEqual([code, /^error: Cannot \w+ ".*x+.*": the name is too long$/m.test(stderr)], [
      2,
      true,
    ], stderr);
  }
});
