/** Two programs materialize into one folder at once. */
import assert from "node:assert/strict";
import {
  bundleFiles,
  bundleSpec,
  type FileState,
  folderState,
  startBundleServices,
  writeNoise,
} from "../support/bundles.ts";
import { openProgram, type Program } from "../support/program.ts";
import { e2eTest } from "../support/registry.ts";

const needs = ["docker-registry", "azurite-blob"] as const;

/** Publishes a version of the bundle, whose files are all its own, and returns them. */
async function publish(
  program: Program,
  { version, env }: { readonly version: number; readonly env: Readonly<Record<string, string>> },
): Promise<Record<string, FileState>> {
  const { home } = program;
  const work = `work-${version}`;
  for (let index = 0; index < 30; index++) {
    await writeNoise(home.join(work, `src/file-${index}`), 50_000, version * 100 + index);
  }
  await writeNoise(home.join(work, "data/big.bin"), 12_000_000, version);
  // Each version has its own object: a bundle must not change what another one points to.
  const spec = bundleSpec(`${version}.0.0`).replace("{name}/", "{name}/{version}/");
  await home.write(`${work}/modelops.yaml`, spec);
  await program.ok(["bundle", "push", work], { env: { ...env } });
  const { ["modelops.yaml"]: _spec, ...files } = await folderState(home.join(work));
  return files;
}

/** The version of the bundle that a workspace says it holds. */
async function versionIn(workspace: string): Promise<number> {
  const text = await Deno.readTextFile(`${workspace}/.mops/.mops-manifest.json`);
  return Number.parseInt(JSON.parse(text).ref.version);
}

e2eTest("two materializations into one folder at once leave one bundle, whole", {
  needs,
}, async (t) => {
  await using program = await openProgram();
  await using services = await startBundleServices();
  const env = { ...services.proxiedEnv };
  const files = {
    1: await publish(program, { version: 1, env: services.env }),
    2: await publish(program, { version: 2, env: services.env }),
  };
  const command = (version: number, dest: string) => [
    ...["bundle", "materialize", `my-model:${version}.0.0`, program.home.join(dest)],
    ...["--role", "training", "--prefetch-external", "--overwrite", "--no-cache"],
  ];
  const versions = { "the same bundle": [1, 1], "two versions of it": [1, 2] } as const;

  for (const [what, pair] of Object.entries(versions)) {
    await t.step(what, async () => {
      const results = await Promise.all(
        pair.map((version) => program.run(command(version, what), { env })),
      );
      const codes = results.map(({ code }) => code);
      const told = results.map(({ stderr }) => stderr).join("");
      assert.ok(codes.includes(0) && codes.every((code) => code === 0 || code === 12), told);
      const workspace = program.home.join(what);
      const version = await versionIn(workspace) as 1 | 2;
      assert.ok((pair as readonly number[]).includes(version));
      assert.deepEqual(bundleFiles(await folderState(workspace)), files[version]);
    });
  }

  await t.step("the second ends with 12 when the first takes too long", async () => {
    const second = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    services.azureProxy.answer = async (_request, forward) => {
      reached.resolve();
      await second.promise;
      return await forward();
    };
    const first = program.run(command(1, "slow"), { env });
    await reached.promise;
    const { code, stderr } = await program.run(command(2, "slow"), { env });
    second.resolve();
    assert.equal(code, 12, stderr);
    assert.match(
      stderr,
      /^error: Cannot write to workspace ".*slow": another command is using it/m,
    );
    assert.equal((await first).code, 0);
    delete services.azureProxy.answer;
    const workspace = program.home.join("slow");
    assert.deepEqual(bundleFiles(await folderState(workspace)), files[1]);
  });
});
