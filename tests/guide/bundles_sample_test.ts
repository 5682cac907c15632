/** The library as the bundles guide shows it, against a real registry and a real object store. */
import assert from "node:assert/strict";
import {
  type BundleRef,
  defaultProviderFromEnv,
  GUIDE_EXIT_CODES,
  Operations,
  type OpsConfig,
  RoleLayerMismatch,
} from "../../mod.ts";
import { e2eTest } from "../support/registry.ts";
import { BundlesWorld, publishBundle } from "./bundles_world.ts";

e2eTest("a bundle is resolved, materialized and exported as the guide shows it", {
  needs: ["docker-registry", "azurite-blob"],
}, async () => {
  await using bundle = await publishBundle();
  await using world = await BundlesWorld.open(bundle);
  const workspace = world.path("workspace");

  // Create operations facade with default provider
  const config: OpsConfig = { verbose: true };
  const provider = defaultProviderFromEnv(world.env);
  const ops = new Operations({ config, provider });

  // Resolve bundle
  const ref: BundleRef = { name: "my-model", version: "1.0.0" };
  const resolved = await ops.resolve(ref);

  // Materialize to filesystem
  const result = await ops.materialize({
    ref,
    dest: workspace,
    role: "training",
    prefetchExternal: false,
  });

  // Export workspace to archive
  const archive = await ops.exportArchive({
    workdir: workspace,
    dest: world.path("my-bundle.tar.zst"),
  });

  assert.equal(resolved.manifestDigest, bundle.digest);
  assert.equal(result.bundle.manifestDigest, bundle.digest);
  assert.equal(result.selectedRole, "training");
  assert.deepEqual(
    result.files.map(({ path, action }) => `${action} ${path}`),
    [
      "create config/params.yaml",
      "pointer data/train.csv",
      "create src/predict.py",
      "create src/train.py",
    ],
  );
  assert.equal((await Deno.stat(archive.path)).size, archive.size);
  assert.deepEqual(archive.pointersOnly, ["data/train.csv"]);

  const refused = ops.materialize({ ref, dest: workspace, role: "serving" });
  await assert.rejects(refused, RoleLayerMismatch);
  assert.equal(GUIDE_EXIT_CODES.RoleLayerMismatch, 11);
});
