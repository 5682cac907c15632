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
    await home.build("-t", "r.test/m:v1", "--source-url", url, "--annotation", `source=${url}`);
    const config = await home.done("inspect", "--config", "r.test/m:v1");
    assert.match(config, /"sourceURL": "https:\/\/git\.test\/x\.git"/);
    const { stdout } = await home.run(["inspect", "r.test/m:v1", "--json"]);
    assert.ok(!(config + stdout).includes("s3cret"));
  }
});
