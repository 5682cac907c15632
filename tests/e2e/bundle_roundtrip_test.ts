/** A large bundle on its whole way: pushed, resolved, materialized, exported, imported. */
import assert from "node:assert/strict";
import { mapConcurrent } from "../../src/core/concurrency.ts";
import { digestBytes } from "../../src/core/digest.ts";
import {
  bundleFiles,
  bundleSpec,
  type FileState,
  folderState,
  startBundleServices,
  writeNoise,
} from "../support/bundles.ts";
import { openProgram, type Program, withoutZstd } from "../support/program.ts";
import { e2eTest } from "../support/registry.ts";

const MIB = 1024 * 1024;
const BIG = { path: "data/большой 模型 🚀.bin", size: 300 * MIB };

/** The layers of each role of the spec, by the folder that holds them. */
const ROLES = {
  default: ["src/"],
  runtime: ["src/", "config/"],
  training: ["src/", "config/", "data/"],
} as const;

/** Writes 2,000 files under names of several scripts, an executable, and the big external file. */
async function writeBundle(program: Program): Promise<void> {
  const { home } = program;
  const data = ["data/😀/данные", "data/數據", "data/x", "data/😀/🚀"];
  const kinds = ["src/пакет/модуль", "config/配置/設定", ...data];
  await mapConcurrent(Array(1999).keys(), async (index) => {
    // Some are empty, and some have the content of another.
    const text = index % 50 === 0 ? "" : `content ${index % 700}\n`;
    await home.write(`work/${kinds[index % kinds.length]}-${index}.txt`, text);
  });
  await home.write("work/src/run.sh", "#!/bin/sh\necho ok\n");
  await Deno.chmod(home.join("work/src/run.sh"), 0o755);
  await writeNoise(home.join("work", BIG.path), BIG.size, 7);
  await home.write("work/modelops.yaml", bundleSpec());
}

function below(folders: readonly string[], state: Record<string, FileState>) {
  return Object.fromEntries(
    Object.entries(state).filter(([path]) => folders.some((folder) => path.startsWith(folder))),
  );
}

/** When each file was changed last, and which file it is. */
async function identities(root: string, paths: readonly string[]): Promise<string[]> {
  return await Promise.all(paths.map(async (path) => {
    const { ino, mtime } = await Deno.stat(`${root}/${path}`);
    return `${path} ${ino} ${mtime?.getTime()}`;
  }));
}

/** The digest of the bundle that a workspace says it came from. */
async function provenanceDigest(workspace: string): Promise<string> {
  return JSON.parse(await Deno.readTextFile(`${workspace}/.mops/.mops-manifest.json`))
    .manifest_digest;
}

e2eTest("2,000 files and 300 MiB come back byte for byte, with one digest on the whole way", {
  needs: ["docker-registry", "azurite-blob"],
}, async (t) => {
  await using program = await openProgram();
  await using services = await startBundleServices();
  const { home } = program;
  const env = { ...services.proxiedEnv };
  const json = (...args: string[]) => program.json(["bundle", ...args], { env });
  await writeBundle(program);
  const source = await folderState(home.join("work"));
  assert.equal(Object.keys(source).length, 2002);
  let digest = "";
  let workspace: Record<string, FileState> = {};

  await t.step("push", async () => {
    // The registry names itself when it takes bytes, so that its proxy cannot stand between.
    const pushed = await program.json(["bundle", "push", "work"], { env: { ...services.env } });
    digest = String(pushed["digest"]);
    const response = await fetch(
      `http://${services.registry.address}/v2/models/my-model/manifests/1.0.0`,
      { headers: { accept: "application/vnd.oci.image.manifest.v1+json" } },
    );
    assert.equal(digestBytes(new Uint8Array(await response.arrayBuffer())), digest);
    assert.equal(response.headers.get("docker-content-digest"), digest);
  });

  await t.step("push again sends nothing", async () => {
    const again = await program.json(["bundle", "push", "work"], { env: { ...services.env } });
    assert.equal(again["digest"], digest);
    assert.equal(again["uploadedBytes"], 0);
    assert.deepEqual(again["external"], { uploaded: 0, skipped: 1, uploadedBytes: 0 });
  });

  await t.step("resolve, by version and by digest", async () => {
    for (const ref of ["my-model:1.0.0", digest]) {
      assert.equal((await json("resolve", ref))["manifestDigest"], digest, ref);
    }
  });

  for (const [role, folders] of Object.entries(ROLES)) {
    await t.step(`materialize ${role}`, async () => {
      const dest = home.join(role);
      const command = ["materialize", "my-model:1.0.0", dest, "--role", role];
      const result = await json(...command, "--prefetch-external");
      assert.equal((result["bundle"] as Record<string, unknown>)["manifestDigest"], digest);
      workspace = await folderState(dest);
      assert.deepEqual(bundleFiles(workspace), below(folders, source));
      assert.equal(await provenanceDigest(dest), digest);
    });
  }

  await t.step("a second run writes nothing and fetches nothing", async () => {
    const dest = home.join("training");
    const paths = Object.keys(workspace);
    const before = await identities(dest, paths);
    services.registryProxy.requests.length = 0;
    services.azureProxy.requests.length = 0;
    const command = ["materialize", "my-model:1.0.0", dest, "--role", "training"];
    await json(...command, "--prefetch-external");
    assert.deepEqual(await identities(dest, paths), before);
    assert.deepEqual(services.azureProxy.requests, []);
    // The documents of the bundle are read again; none of its files is.
    const files = new Set(Object.values(source).map((state) => state.split(" ")[0]));
    const fetched = services.registryProxy.requests.filter((request) =>
      files.has(request.split("/").at(-1) as FileState)
    );
    assert.deepEqual(fetched, []);
  });

  await t.step("export and import, with the external file", async () => {
    const [from, archive, dest] = ["training", "whole.tar", "imported"].map((n) => home.join(n));
    await json("export", from!, archive!, "--include-external", "--compression", "none");
    await json("import", archive!, dest!);
    assert.deepEqual(await folderState(dest!), workspace);
    assert.equal(await provenanceDigest(dest!), digest);
  });

  const lack = await withoutZstd();
  const pointersAlone = async () => {
    const [from, archive, dest] = ["training", "small.tar.zst", "pointers"].map((n) =>
      home.join(n)
    );
    await json("export", from!, archive!);
    await json("import", archive!, dest!);
    const { [BIG.path]: _big, ...expected } = below(ROLES.training, source);
    assert.deepEqual(bundleFiles(await folderState(dest!)), expected);
    assert.equal(await provenanceDigest(dest!), digest);
    await json("verify", dest!);
  };
  const name = `export and import, with its pointer alone${lack}`;
  await t.step({ name, ignore: lack !== "", fn: pointersAlone });
});
