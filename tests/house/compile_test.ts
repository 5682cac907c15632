import assert from "node:assert/strict";
import * as fc from "fast-check";
import { bundle, BUNDLE_ENTRY } from "../../scripts/bundle.ts";
import { permissionFlags, settingVariables } from "../../scripts/compile/permissions.ts";
import { platformOf } from "../../scripts/compile/targets.ts";
import { findProgram } from "../../scripts/services.ts";
import { runCommand, runOk } from "../support/command.ts";
import { denoCache } from "../support/deno_cache.ts";
import { noteSkipped } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";
import { repositoryPath } from "./repository.ts";

/** A machine that is not this one: its binary is packed without being run. */
const ELSEWHERE = Deno.build.arch === "aarch64"
  ? { target: "x86_64-unknown-linux-gnu", platform: "linux-amd64", elfMachine: 62 }
  : { target: "aarch64-unknown-linux-gnu", platform: "linux-arm64", elfMachine: 183 };

/** Any program stands in for the runtime of binaries: what is appended to it is the same. */
async function standIn(path: string): Promise<void> {
  const bytes = await Deno.readFile(findProgram("true") ?? "/bin/true");
  await Deno.writeFile(path, bytes.with(18, ELSEWHERE.elfMachine).with(19, 0));
}

function compile(args: readonly string[], env: Record<string, string>) {
  const script = repositoryPath("scripts/compile.ts");
  return runCommand(Deno.execPath(), ["run", "-A", "--quiet", script, ...args], { env });
}

/** A cache that has packages and the bundler, but no runtime of binaries. */
async function cacheWithoutRuntime(folder: string): Promise<string> {
  const { denoDir, npmCache } = await denoCache();
  await Deno.mkdir(`${folder}/dl`, { recursive: true });
  await Deno.symlink(npmCache, `${folder}/npm`);
  for await (const { name } of Deno.readDir(`${denoDir}/dl`)) {
    if (name.startsWith("esbuild")) {
      await Deno.symlink(`${denoDir}/dl/${name}`, `${folder}/dl/${name}`);
    }
  }
  return folder;
}

const hasRuntime = Deno.env.get("DENORT_BIN") !== undefined;

Deno.test({
  name: "without the runtime of binaries, build says so in one line and leaves nothing",
  ignore: hasRuntime,
  fn: withoutRuntime,
});

const AGAINST_BINARY = "the end-to-end tests hold for the compiled binary";
if (!hasRuntime) noteSkipped(AGAINST_BINARY, "DENORT_BIN names no runtime of binaries");

Deno.test({
  name: AGAINST_BINARY,
  ignore: !hasRuntime,
  async fn() {
    await using folder = await tempFolder();
    const { code, stderr } = await compile(["--output", folder.join("dist")], {});
    assert.equal(code, 0, stderr);
    await runOk(Deno.execPath(), ["test", "-A", "--no-check", repositoryPath("tests/e2e")], {
      env: { MODELOPS_BIN: folder.join("dist/modelops") },
    });
  },
});

async function withoutRuntime() {
  await using folder = await tempFolder();
  // Works where the network has no way out, and where it has.
  const { code, stdout, stderr } = await compile(["--output", folder.join("dist")], {
    DENO_DIR: await cacheWithoutRuntime(folder.join("cache")),
    HTTPS_PROXY: "http://127.0.0.1:9",
  });
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^Cannot compile: .*denort.*DENORT_BIN.*\n$/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder.join("dist"))), []);
}

Deno.test("a runtime of binaries that is not there is named in one line", async () => {
  await using folder = await tempFolder();
  const DENORT_BIN = folder.join("none");
  const { code, stderr } = await compile(["--output", folder.join("dist")], { DENORT_BIN });
  assert.equal(code, 1);
  assert.equal(stderr, `Cannot compile: DENORT_BIN names "${DENORT_BIN}", which is not there\n`);
});

Deno.test("archives have the program under each name, and the same bytes each time", async () => {
  await using folder = await tempFolder();
  const dist = folder.join("dist");
  const env = { DENORT_BIN: folder.join("runtimes") };
  await Deno.mkdir(env.DENORT_BIN);
  await standIn(folder.join(`runtimes/denort-${ELSEWHERE.target}`));
  const make = async () => {
    const { code, stderr } = await compile(["--target", ELSEWHERE.target, "--output", dist], env);
    assert.equal(code, 0, stderr);
    return await Deno.readTextFile(`${dist}/SHA256SUMS`);
  };
  const sums = await make();
  assert.equal(await make(), sums);
  const archives = ["modctl", "modelops"].map((name) => `${name}-${ELSEWHERE.platform}.tar.gz`);
  assert.deepEqual(sums.trimEnd().split("\n").map((line) => line.slice(66)), archives);
  await runOk("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: dist });
  for (const [index, name] of ["modctl", "modelops"].entries()) {
    const { stdout } = await runOk("tar", ["-tvzf", `${dist}/${archives[index]}`]);
    assert.match(stdout, new RegExp(`^-rwxr-xr-x 0/0 +\\d+ 1970-01-01 00:00 ${name}\n$`));
  }
});

Deno.test("a runtime for another machine is refused, and so is what is none", async (context) => {
  await using folder = await tempFolder();
  await folder.write("text", "#!/bin/sh\necho hello to whoever runs this in place of a runtime\n");
  await folder.write("empty", "");
  await standIn(folder.join("denort"));
  const [mac, windows] = ["aarch64-apple-darwin", "x86_64-pc-windows-msvc"];
  const cases: [target: string, given: string, said: RegExp][] = [
    [mac, "denort", new RegExp(`for darwin-arm64: ".*denort" is .* for ${ELSEWHERE.platform}\n$`)],
    [windows, "text", /for windows-amd64: ".*text" is no program\n$/],
    [ELSEWHERE.target, "empty", /"[^"]*empty" is no program\n$/],
    [windows, "", /".*\/denort-x86_64-pc-windows-msvc\.exe" is not there, want the denort/],
  ];
  for (const [target, given, said] of cases) {
    await context.step(`${target} ${given}`, async () => {
      const { code, stderr } = await compile(
        ["--target", target, "--output", folder.join("dist")],
        { DENORT_BIN: folder.join(given) },
      );
      assert.equal(code, 1);
      assert.match(stderr, said);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
    });
  }
});

Deno.test("platformOf() tells programs of all systems by their first bytes", () => {
  const head = (magic: number, at: number, machine: number[]) => {
    const bytes = new Uint8Array(0x100);
    new DataView(bytes.buffer).setUint32(0, magic);
    bytes[0x3c] = 0x80;
    bytes.set(machine, at);
    return bytes;
  };
  const heads = {
    "linux-amd64": head(0x7f454c46, 18, [62, 0]),
    "linux-arm64": head(0x7f454c46, 18, [183, 0]),
    "darwin-amd64": head(0xcffaedfe, 4, [7, 0, 0, 1]),
    "darwin-arm64": head(0xcffaedfe, 4, [12, 0, 0, 1]),
    "windows-amd64": head(0x4d5a9000, 0x84, [0x64, 0x86]),
  };
  for (const [platform, bytes] of Object.entries(heads)) assert.equal(platformOf(bytes), platform);
  const others = [head(0x7f454c46, 18, [40, 0]), head(0x504b0304, 0, []), new Uint8Array(9)];
  for (const bytes of others) assert.equal(platformOf(bytes), undefined);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    assert.ok([undefined, ...Object.keys(heads), "windows-arm64"].includes(platformOf(bytes)));
  }));
});

Deno.test("a machine that nothing is compiled for is a mistake", async () => {
  const { code, stderr } = await compile(["--target", "riscv64-unknown-linux-gnu"], {});
  assert.equal(code, 2);
  assert.match(stderr, /riscv64.*want one of .*x86_64-unknown-linux-gnu/);
});

Deno.test("the program obeys its variables under the permissions of binaries", async () => {
  await using folder = await tempFolder();
  await bundle(folder.join("bundle"));
  await folder.write("model/config.json", "{}");
  await folder.write("model/Modelfile", "NAME tiny\nCONFIG config.json\n");
  const run = async (...args: string[]) =>
    (await runOk(
      Deno.execPath(),
      ["run", ...permissionFlags(), "--quiet", folder.join(`bundle/${BUNDLE_ENTRY}`), ...args],
      {
        cwd: folder.path,
        env: { HOME: folder.path, MODCTL_STORAGE_DIR: folder.join("store"), DEBUG: "*" },
      },
    )).stdout;
  await run("build", "-t", "localhost:5000/tiny:v1", "model");
  assert.match(await run("list"), /localhost:5000\/tiny/);
  assert.ok((await Deno.stat(folder.join("store"))).isDirectory);
});

Deno.test("settingVariables() has the names that settings are read from, all prefixes", () => {
  const names = settingVariables();
  const some = [
    ...["MODCTL_STORAGE_DIR", "MODELOPS_STORAGE_DIR", "MODEL_OPS_LOG_LEVEL", "https_proxy"],
    ...["NO_PROXY", "DOCKER_CONFIG", "HF_TOKEN", "DATABRICKS_TOKEN", "MLFLOW_TRACKING_TOKEN"],
  ];
  assert.deepEqual(some.filter((name) => !names.includes(name)), []);
});
