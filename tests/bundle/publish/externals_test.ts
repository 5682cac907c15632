import assert from "node:assert/strict";
import { publishExternals } from "../../../src/bundle/publish/externals.ts";
import { planStorage } from "../../../src/bundle/publish/plan.ts";
import { scanWorkdir } from "../../../src/bundle/publish/scan.ts";
import { openObjectStore } from "../../../src/objects/dispatch.ts";
import { accountSettings, scriptedAccount } from "../../support/scripted_account.ts";
import { tempFolder } from "../../support/temp.ts";

const SPEC = `name: demo
version: 1.0.0
layers: [{ name: data, type: data, files: ["**/*.bin"] }]
roles: { default: [data] }
external_rules:
  - { pattern: "**/*.bin", uri_template: "az://data/{path}", tier: hot }
`;

Deno.test("an external file costs a look, its bytes, and a look at what became of them", async () => {
  await using folder = await tempFolder();
  await using account = scriptedAccount();
  const seen: string[] = [];
  const name = account.scripted(async (request, pass) => {
    seen.push(request.method);
    return await pass();
  });
  await folder.write("modelops.yaml", SPEC);
  for (const file of ["a.bin", "b.bin", "c.bin"]) await folder.write(file, file);
  const plan = planStorage(await scanWorkdir(folder.path));
  const objects = () => openObjectStore({ azure: accountSettings(name) });
  const send = async () => {
    seen.length = 0;
    const { copied, skipped } = await publishExternals(plan, { objects, concurrency: 1 });
    return { copied, skipped, seen: seen.join(" ") };
  };
  const each = "HEAD PUT HEAD";
  assert.deepEqual(await send(), { copied: 3, skipped: 0, seen: `${each} ${each} ${each}` });
  assert.deepEqual(await send(), { copied: 0, skipped: 3, seen: "HEAD HEAD HEAD" });
  // Another tier needs no bytes, and no second look.
  const [blob] = account.blobs.values();
  blob!.tier = "Cool";
  assert.deepEqual(await send(), { copied: 0, skipped: 3, seen: "HEAD PUT HEAD HEAD" });
});
