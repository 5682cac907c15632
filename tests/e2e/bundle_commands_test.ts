/**
 * The commands of bundles as processes: with a login, real services, and the name they are called
 * by.
 */
import assert from "node:assert/strict";
import { tempFolder } from "../support/temp.ts";
import { openProgram } from "../support/program.ts";
import { e2eTest, startAzurite, startRegistry } from "../support/registry.ts";

const SPEC = `name: demo
version: "1.0.0"
layers:
  - { name: code, type: code, files: ["src/**"] }
  - { name: data, type: data, files: ["data/**"] }
roles: { default: [code], training: [code, data] }
external_rules:
  - { pattern: "data/*.bin", uri_template: "az://bundles/{name}/{path}", tier: cool }
`;

const needs = ["docker-registry", "azurite-blob"] as const;

e2eTest("a bundle goes through a registry with a login and Azure storage", { needs }, async () => {
  const login = { username: "alice", password: "s3cret" };
  await using registry = await startRegistry({ htpasswd: login });
  await using azurite = await startAzurite();
  await azurite.createContainer("bundles");
  await using program = await openProgram();
  await using folder = await tempFolder();
  await folder.write("work/modelops.yaml", SPEC);
  await folder.write("work/src/a.py", "print(1)\n");
  const big = new Uint8Array(9 << 20).map((_, index) => index * 31 >> 3);
  await folder.write("work/data/big.bin", big);
  const where = {
    REGISTRY_URL: `http://${registry.address}`,
    REGISTRY_REPO: "team/models",
    AZURE_STORAGE_ACCOUNT: azurite.account,
    AZURE_STORAGE_ENDPOINT: azurite.endpoint,
  };
  const azure = { AZURE_STORAGE_KEY: azurite.key };
  const own = { REGISTRY_USERNAME: login.username, REGISTRY_PASSWORD: login.password };
  const cwd = folder.join("work");

  const refused = await program.run(["bundle", "push"], { cwd, env: { ...where, ...azure } });
  assert.equal(refused.code, 4, refused.stderr);
  assert.match(refused.stderr, /\nhint: run `modelops login 127\.0\.0\.1:\d+`\n/);

  const env = { ...where, ...azure, ...own };
  const pushed = await program.json(["bundle", "push"], { cwd, env });
  assert.deepEqual(pushed["external"], { uploaded: 1, skipped: 0, uploadedBytes: big.length });
  const said = await program.ok(["bundle", "diff", "demo:1.0.0"], { cwd, env });
  assert.match(said, /^Diff from demo:1\.0\.0 to \.\n0 added, 0 modified, 0 removed, 2 unchanged/);

  // The variables of the model commands log in too, and Azure is not asked for what it does not
  // have.
  const model = { MODCTL_REGISTRY_USER: login.username, MODCTL_REGISTRY_PASS: login.password };
  await program.ok(["bundle", "materialize", "demo:1.0.0", folder.join("ws")], {
    env: { ...where, ...model },
  });
  const fetched = ["bundle", "pull", "demo:1.0.0", folder.join("ws"), "--prefetch-external"];
  await program.ok([...fetched, "--role=training"], { env });
  assert.deepEqual(await Deno.readFile(folder.join("ws/data/big.bin")), big);
  await program.ok(["bundle", "verify", folder.join("ws")], { env });
  await program.ok(["bundle", "verify", "demo:1.0.0", "--read-external"], { env });
});
