/** Bundles go to the earlier tool of Python and come from it, through a real registry. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { bundleFiles, folderState } from "../support/bundles.ts";
import { runOk } from "../support/command.ts";
import { peerTest } from "../support/peers.ts";
import { openProgram } from "../support/program.ts";
import { e2eTest, startRegistry } from "../support/registry.ts";

const FILES: Record<string, string> = {
  "code/src/a.py": "print(1)\n",
  "code/src/deep/a.py": "print(2)\n",
  "code/src/ünïcode/模型.py": "",
  "config/base.yaml": "x: 1\n",
};

const spec = (version: string) =>
  `name: demo
version: "${version}"
layers:
  - { name: code, type: code, files: ["code/**"] }
  - { name: config, type: config, files: ["config/**"] }
  - { name: data, type: data, files: ["data/**"] }
roles: { default: [code], training: [code, config, data] }
external_rules: [{ pattern: "data/*", uri_template: "az://bundles/{name}/{path}", tier: cool }]
`;

const SCRIPT = fileURLToPath(new URL("testdata/earlier_bundles.py", import.meta.url));

e2eTest("bundles of the earlier format go both ways", {
  needs: ["docker-registry", "python3"],
}, async (t) => {
  await using program = await openProgram();
  await using registry = await startRegistry();
  const { home } = program;
  const earlier = (...args: string[]) => runOk("python3", [SCRIPT, ...args]);
  const objects = home.join("objects");
  const env = { REGISTRY_REPO: `${registry.address}/org`, OBJECT_STORE: `file://${objects}` };
  for (const [path, text] of Object.entries(FILES)) await home.write(`work/${path}`, text);
  const source = await folderState(home.join("work"));

  await t.step("what it has pushed is materialized here", async () => {
    const roles = ["default=code", "training=code,config"];
    await earlier("push", registry.address, "org", "demo", "1.0.0", home.join("work"), ...roles);
    const resolved = await program.json(["bundle", "resolve", "demo:1.0.0"], { env });
    assert.equal(resolved["repository"], `${registry.address}/org/bundles/demo`);
    const ws = home.join("ours");
    const args = ["bundle", "materialize", "demo:1.0.0", ws, "--role", "training"];
    await program.ok(args, { env });
    assert.deepEqual(bundleFiles(await folderState(ws)), source);
    await program.ok(["bundle", "verify", ws], { env });
  });

  await t.step("the next version goes beside it, and is materialized there", async () => {
    await home.write("work/modelops.yaml", spec("1.1.0"));
    await home.write("work/data/big.bin", "0123456789");
    const pushed = await program.json(["bundle", "push", home.join("work")], { env });
    assert.equal(pushed["reference"], `${registry.address}/org/bundles/demo:1.1.0`);
    const theirs = home.join("theirs");
    const version = ["demo", "1.1.0", "training"];
    await earlier("materialize", registry.address, "org", ...version, theirs);
    const ours = home.join("ours-next");
    const args = ["bundle", "materialize", "demo:1.1.0", ours, "--role", "training"];
    await program.ok(args, { env });
    const { ".mops/.mops-manifest.json": _provenance, ...files } = await folderState(ours);
    assert.deepEqual(files, await folderState(theirs));
    assert.ok(".mops/ptr/data/big.bin.json" in files);
  });
});

peerTest("the tool of Python itself and this one read what the other pushes", {
  peer: "modelops-bundles (Python)",
  needs: ["docker-registry"],
}, async (python, t) => {
  await using program = await openProgram();
  await using registry = await startRegistry();
  const { home } = program;
  for (const [path, text] of Object.entries(FILES)) await home.write(`work/${path}`, text);
  const env = {
    MODELOPS_REGISTRY_URL: `http://${registry.address}`,
    MODELOPS_REGISTRY_REPO: "org",
    MODELOPS_REGISTRY_INSECURE: "true",
    MODELOPS_BUNDLE_LAYOUT: "bundles",
    // It wants a login of Azure for whatever it does.
    AZURE_STORAGE_ACCOUNT: "devstoreaccount1",
    AZURE_STORAGE_KEY: btoa("key"),
  };
  const materialized = async (version: string, role: string) => {
    const ws = home.join(`ours-${version}-${role}`);
    const args = ["bundle", "materialize", `demo:${version}`, ws, "--role", role];
    await program.ok(args, { env });
    return bundleFiles(await folderState(ws));
  };

  await t.step("it materializes what is pushed here", async () => {
    await home.write("work/modelops.yaml", spec("1.0.0"));
    await program.ok(["bundle", "push", home.join("work")], { env });
    for (const role of ["default", "training"]) {
      const theirs = home.join(`theirs-${role}`);
      await runOk(python, ["materialize", "demo:1.0.0", theirs, "--role", role], { env });
      assert.deepEqual(
        bundleFiles(await folderState(theirs)),
        await materialized("1.0.0", role),
      );
    }
  });

  await t.step("what it pushes is materialized and published on here", async () => {
    // It reads the nested form alone, and pushes no external files.
    const [name = "", version = "", ...rest] = spec("1.1.0").trimEnd().split("\n");
    const nested = rest.filter((line) => !line.startsWith("external_rules"))
      .map((line) => `  ${line}\n`);
    const metadata = `metadata:\n  ${name}\n  ${version}\n`;
    const text = `apiVersion: v1\nkind: Bundle\n${metadata}spec:\n${nested.join("")}`;
    await home.write("work/modelops.yaml", text);
    await runOk(python, ["push", home.join("work")], { env });
    const source = await folderState(home.join("work"));
    delete source["modelops.yaml"];
    assert.deepEqual(await materialized("1.1.0", "training"), source);
    const code = Object.entries(source).filter(([path]) => path.startsWith("code/"));
    assert.deepEqual(await materialized("1.1.0", "default"), Object.fromEntries(code));
    await home.write("work/modelops.yaml", spec("1.2.0"));
    const pushed = await program.json(["bundle", "push", home.join("work")], { env });
    assert.equal(pushed["reference"], `${registry.address}/org/bundles/demo:1.2.0`);
  });
});
