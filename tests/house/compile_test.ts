import assert from "node:assert/strict";
import { bundle, BUNDLE_ENTRY } from "../../scripts/bundle.ts";
import { permissionFlags, settingVariables } from "../../scripts/compile/permissions.ts";
import { findProgram } from "../../scripts/services.ts";
import { runCommand, runOk } from "../support/command.ts";
import { denoCache } from "../support/deno_cache.ts";
import { tempFolder } from "../support/temp.ts";
import { repositoryPath } from "./repository.ts";

/** A machine that is not this one: its binary is packed without being run. */
const ELSEWHERE = Deno.build.arch === "aarch64"
  ? { target: "x86_64-unknown-linux-gnu", platform: "linux-amd64" }
  : { target: "aarch64-unknown-linux-gnu", platform: "linux-arm64" };

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
  // Any program stands in for the runtime: what is appended to it is the same.
  const env = { DENORT_BIN: findProgram("true") ?? "/bin/true" };
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
