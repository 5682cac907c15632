import assert from "node:assert/strict";
import { DigestIndex } from "../../../src/bundle/resolve/digest_index.ts";
import { resolveBundle } from "../../../src/bundle/resolve/bundle.ts";
import { bundleSettingsFromEnv } from "../../../src/library/bundle_settings.ts";
import {
  AccessDeniedError,
  IntegrityError,
  InvalidInputError,
  NotFoundError,
  TransferError,
} from "../../../src/core/errors.ts";
import { memoryCatalog, type MemoryStore } from "../../../src/oci/memory_store.ts";
import type { ContentStore } from "../../../src/oci/store.ts";
import { tempFolder } from "../../support/temp.ts";
import { json, memoryRegistry, put, putManifest } from "../publish/support.ts";

/** A bundle without files, told from others by its version. */
async function putBundle(store: MemoryStore, version: string, tag = version) {
  const manifest = await put(store, json({ name: "x", version, layers: [] }), "application/json");
  return await putManifest(store, tag, { layers: [manifest] });
}

Deno.test("resolveBundle() looks in the plain layout first, then in the one with bundles/", async () => {
  const registry = memoryRegistry();
  const { catalog } = registry;
  const old = await putBundle(catalog.repository("registry.test/team/bundles/x"), "old", "1");
  assert.equal((await resolveBundle("X:1", registry)).manifestDigest, old.digest);
  const now = await putBundle(catalog.repository("registry.test/team/x"), "new", "1");
  assert.equal((await resolveBundle("x:1", registry)).manifestDigest, now.digest);
  const both = await resolveBundle(`x@${old.digest}`, registry);
  assert.equal(both.repository, "registry.test/team/bundles/x");
});

Deno.test("resolveBundle() takes the host from REGISTRY_REPO, from REGISTRY_URL, or uses the local store", async () => {
  const places: [Record<string, string>, string][] = [
    [{ REGISTRY_REPO: "localhost:5000/a" }, "localhost:5000/a/x"],
    [{ REGISTRY_REPO: "a/b", REGISTRY_URL: "https://r.test" }, "r.test/a/b/x"],
    [{ REGISTRY_REPO: "localhost:5000" }, "localhost:5000/x"],
    [{ REGISTRY_REPO: "a/b" }, "a/b/x"],
  ];
  for (const [env, repository] of places) {
    const registry = memoryRegistry(env);
    await putBundle(registry.catalog.repository(repository), "1");
    assert.equal((await resolveBundle("x:1", registry)).repository, repository);
  }
});

Deno.test("resolveBundle() takes a full reference without any setting", async () => {
  const registry = memoryRegistry({});
  const root = await putBundle(registry.catalog.repository("other.test:5000/a/x"), "1");
  const found = await resolveBundle("other.test:5000/a/x:1", registry);
  assert.equal(found.manifestDigest, root.digest);
  assert.deepEqual(found.ref, { kind: "reference", reference: "other.test:5000/a/x:1" });
  await resolveBundle(`other.test:5000/a/x@${root.digest}`, registry);
  await resolveBundle(`other.test:5000/a/x:1@${root.digest}`, registry);
});

Deno.test("resolveBundle() misses REGISTRY_REPO where a name needs it", async () => {
  await assert.rejects(resolveBundle("x:1", memoryRegistry({})), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.equal(error.facts.setting, "repository");
    return true;
  });
});

Deno.test("resolveBundle() names all repositories it looked in", async () => {
  await assert.rejects(resolveBundle("x:1", memoryRegistry()), (error) => {
    assert.ok(error instanceof NotFoundError);
    assert.match(error.message, /registry\.test\/team\/x, registry\.test\/team\/bundles\/x/);
    return true;
  });
});

Deno.test("resolveBundle() refuses a version that is not the one of the digest", async () => {
  const registry = memoryRegistry();
  const store = registry.catalog.repository("registry.test/team/x");
  const first = await putBundle(store, "1");
  const second = await putBundle(store, "2");
  assert.equal(
    (await resolveBundle(`x:1@${first.digest}`, registry)).manifestDigest,
    first.digest,
  );
  for (const ref of [`x:1@${second.digest}`, `registry.test/team/x:1@${second.digest}`]) {
    await assert.rejects(resolveBundle(ref, registry), (error) => {
      assert.ok(error instanceof IntegrityError);
      assert.equal(error.facts.actual, first.digest);
      return true;
    });
  }
});

Deno.test("resolveBundle() finds a bare digest at the path itself, in the index, and where it is told", async () => {
  await using folder = await tempFolder();
  const registry = memoryRegistry();
  const { catalog } = registry;
  const digestIndex = new DigestIndex(folder.path);
  const base = await putBundle(catalog.repository("registry.test/team"), "base");
  assert.equal((await resolveBundle(base.digest, registry)).repository, "registry.test/team");
  const named = await putBundle(catalog.repository("registry.test/team/x"), "1");
  await assert.rejects(resolveBundle(`@${named.digest}`, registry), (error) => {
    assert.ok(error instanceof NotFoundError);
    assert.match(error.facts.remedy ?? "", /my-model@sha256/);
    return true;
  });
  await resolveBundle("x:1", { ...registry, digestIndex });
  const upper = `@sha256:${named.digest.slice(7).toUpperCase()}`;
  const found = await resolveBundle(upper, { ...registry, digestIndex });
  assert.equal(found.repository, "registry.test/team/x");
  const local = await putBundle(catalog.repository("elsewhere"), "3");
  const searched = await resolveBundle(local.digest, {
    ...registry,
    repositories: () => ["elsewhere"],
  });
  assert.equal(searched.repository, "elsewhere");
});

Deno.test("resolveBundle() goes on where a registry denies, and says so when nothing is found", async () => {
  const catalog = memoryCatalog();
  await putBundle(catalog.repository("r.test/a/bundles/x"), "1");
  const settings = bundleSettingsFromEnv({ REGISTRY_REPO: "r.test/a" });
  const refusing = (name: string, error: Error): ContentStore => ({
    ...catalog.repository(name),
    name,
    resolve: () => Promise.reject(error),
  } as unknown as ContentStore);
  const denied = new AccessDeniedError("Cannot read: denied");
  const open = (name: string) =>
    name === "r.test/a/x" ? refusing(name, denied) : catalog.repository(name);
  const found = await resolveBundle("x:1", { open, settings });
  assert.equal(found.repository, "r.test/a/bundles/x");
  await assert.rejects(resolveBundle("x:2", { open, settings }), (error) => error === denied);
  const fault = new TransferError("Cannot reach: no route");
  const down = (name: string) => refusing(name, fault);
  await assert.rejects(resolveBundle("x:1", { open: down, settings }), (error) => error === fault);
});

Deno.test("resolveBundle() finds a bare digest behind a registry that does not answer, or says so", async () => {
  const catalog = memoryCatalog();
  const { digest } = await putBundle(catalog.repository("elsewhere"), "1");
  const settings = bundleSettingsFromEnv({ REGISTRY_REPO: "r.test/a" });
  const down = () => Promise.reject(new TransferError('Cannot reach "dead.test": no route'));
  const open = (name: string): ContentStore =>
    name === "dead.test/b"
      ? { ...catalog.repository(name), name, resolve: down } as unknown as ContentStore
      : catalog.repository(name);
  const repositories = () => ["dead.test/b", "elsewhere"];
  const found = await resolveBundle(digest, { open, settings, repositories });
  assert.equal(found.repository, "elsewhere");
  await assert.rejects(
    resolveBundle(`sha256:${"0".repeat(64)}`, { open, settings, repositories }),
    {
      name: "TransferError",
      message:
        /^Cannot find bundle "@?sha256:0+": not in r\.test\/a, elsewhere, and not.*: Cannot reach "dead\.test"/,
    },
  );
});

Deno.test("resolveBundle() stops when it is told to", async () => {
  const reason = new Error("stop");
  const options = { ...memoryRegistry(), signal: AbortSignal.abort(reason) };
  await assert.rejects(resolveBundle("x:1", options), (error) => error === reason);
});

Deno.test("DigestIndex keeps the latest repositories of a digest and survives nonsense", async () => {
  await using folder = await tempFolder();
  const index = new DigestIndex(folder.join("cache"));
  const digest = `sha256:${"ab".repeat(32)}` as const;
  assert.deepEqual(await index.find(digest), []);
  for (const name of ["r.test/a", "localhost:5000/b", "c/d", "r.test/a"]) {
    await index.note(digest, name);
  }
  assert.deepEqual(await index.find(digest), ["r.test/a", "c/d", "localhost:5000/b"]);
  for (let number = 0; number < 30; number++) await index.note(digest, `r.test/n${number}`);
  assert.equal((await index.find(digest)).length, 16);
  const path = folder.join("cache", "sha256", "ab", "ab".repeat(32));
  await Deno.writeTextFile(path, "../../etc\n\u0000\nr.test/ok\n\nBAD\n");
  assert.deepEqual(await index.find(digest), ["r.test/ok"]);
});

Deno.test("resolveBundle() does not need a place to remember what it found", async () => {
  await using folder = await tempFolder();
  const digestIndex = new DigestIndex(await folder.write("file", ""));
  const registry = memoryRegistry();
  await putBundle(registry.catalog.repository("registry.test/team/x"), "1");
  const warnings: string[] = [];
  const log = (_: string, message: string) => warnings.push(message);
  await resolveBundle("x:1", { ...registry, digestIndex, log });
  assert.match(warnings.join(), /Cannot remember where sha256:/);
});
