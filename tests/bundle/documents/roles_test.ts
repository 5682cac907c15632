import assert from "node:assert/strict";
import { resolveBundle } from "../../../src/bundle/resolve/bundle.ts";
import { selectLayers, selectRole } from "../../../src/bundle/documents/roles.ts";
import { RoleMismatchError } from "../../../src/core/errors.ts";
import { json, memoryRegistry, put, putManifest, titled } from "../publish/support.ts";

const roles = { default: ["code"], training: ["code", "data"] };

Deno.test("selectRole() takes the role asked for, then that of the reference, then the default", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/x");
  const manifest = json({
    roles: { ...roles, broken: ["code", "zzz", "aaa"] },
    layers: ["code", "data"],
  });
  await putManifest(store, "1", {
    layers: [titled(await put(store, manifest), "bundle.manifest.json")],
  });
  const bundle = await resolveBundle("x:1", { ...registry, log: () => {} });
  assert.deepEqual(selectRole(bundle), { role: "default", layers: ["code"] });
  assert.equal(selectRole(bundle, "").role, "default");
  assert.deepEqual(selectRole(bundle, "training"), { role: "training", layers: ["code", "data"] });
  const asked = { ...bundle, ref: { ...bundle.ref, role: "training" } };
  assert.equal(selectRole(asked).role, "training");
  assert.equal(selectRole(asked, "default").role, "default");
  const failure = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      assert.ok(error instanceof RoleMismatchError);
      return error;
    }
    throw new Error("nothing was thrown");
  };
  const unknown = failure(() => selectRole(bundle, "trainin"));
  assert.match(unknown.message, /its roles are "broken", "default", "training"/);
  assert.deepEqual(unknown.facts.suggestions, ["training"]);
  assert.match(
    failure(() => selectRole(bundle, "broken")).message,
    /no layer "aaa", "zzz"; its layers are "code", "data"/,
  );
  failure(() => selectRole(bundle, "toString"));
  failure(() => selectRole({ ...bundle, roles: {} }));
  failure(() => selectRole({ ...bundle, roles: { runtime: ["code"] } }));
  failure(() => selectLayers(bundle, { layers: ["nope"] }));
});

Deno.test("selectRole() and selectLayers() take as many names as a document may have", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/many");
  const names = (word: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${word}-${index}`);
  const layers = names("layer", 1000);
  const broken = names("other", 90_000);
  const twice = [...layers, ...layers];
  const manifest = json({ roles: { default: twice, broken }, layers });
  await putManifest(store, "1", {
    layers: [titled(await put(store, manifest), "bundle.manifest.json")],
  });
  const bundle = await resolveBundle("many:1", { ...registry, log: () => {} });
  assert.deepEqual(selectRole(bundle).layers, layers);
  assert.deepEqual(selectLayers(bundle, { layers: twice }).layers, layers);
  assert.throws(
    () => selectRole(bundle, "broken"),
    /no layer "other-0", .* and 89980 more; its layers are "layer-0", .* and 980 more$/,
  );
});
