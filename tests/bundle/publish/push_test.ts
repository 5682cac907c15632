import assert from "node:assert/strict";
import { readEntries } from "../../../src/bundle/documents/entries.ts";
import { DigestIndex } from "../../../src/bundle/resolve/digest_index.ts";
import { bundleContents } from "../../../src/bundle/publish/content.ts";
import { planStorage } from "../../../src/bundle/publish/plan.ts";
import { publishBundle } from "../../../src/bundle/publish/push.ts";
import { scanWorkdir } from "../../../src/bundle/publish/scan.ts";
import { openObjectStore } from "../../../src/objects/dispatch.ts";
import { copyGraph } from "../../../src/oci/copy_graph.ts";
import { resolveBundle } from "../../../src/bundle/resolve/bundle.ts";
import {
  ConflictError,
  InvalidInputError,
  ModelOpsError,
  TransferError,
} from "../../../src/core/errors.ts";
import type { ProgressEvent } from "../../../src/core/operation.ts";
import type { Descriptor } from "../../../src/oci/descriptor.ts";
import { readContent, readManifest } from "../../../src/oci/store.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import { GOLDEN_SPEC, goldenFolder, MemoryObjects, memoryRegistry } from "./support.ts";

const REPOSITORY = "registry.test/team/golden";

function publishing() {
  const registry = memoryRegistry();
  const memory = new MemoryObjects();
  const store = registry.catalog.repository(REPOSITORY);
  return { ...registry, memory, objects: () => memory, store };
}

const specOf = (folder: TempFolder) => Deno.readTextFile(folder.join("modelops.yaml"));

async function tagsOf({ store }: Pick<ReturnType<typeof publishing>, "store">): Promise<string[]> {
  return await Array.fromAsync(store.tags());
}

Deno.test("publishBundle() makes a bundle that resolves to the same digest and the same bytes", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const result = await publishBundle(folder.path, target);
  assert.equal(result.reference, `${REPOSITORY}:1.0.0`);
  assert.deepEqual([result.tags, result.upToDate, result.dryRun], [["1.0.0"], false, false]);
  assert.deepEqual([result.registry.copied, result.registry.skipped], [7, 0]);
  assert.deepEqual(result.external, { copied: 1, skipped: 0, bytes: 10 });
  const bundle = await resolveBundle("golden:1.0.0", target);
  assert.equal(bundle.manifestDigest, result.digest);
  assert.equal(bundle.totalSize, 28);
  assert.equal(bundle.externalIndexPresent, true);
  const contents: Record<string, string> = {};
  for await (const entry of readEntries(bundle, bundle.layers)) {
    const bytes = entry.kind === "external"
      ? target.memory.objects.get(entry.uri)!.bytes
      : await readContent(bundle.store, entry.blob);
    contents[entry.path] = new TextDecoder().decode(bytes);
    assert.equal(entry.mode, 0o644);
  }
  assert.deepEqual(contents, {
    "src/a.py": "print(1)\n",
    "data/nine.bin": "012345678",
    "data/ten.bin": "0123456789",
  });
  const object = target.memory.objects.get("az://cont1/b/data/ten.bin");
  assert.equal(object?.tier, "cool");
});

Deno.test("publishBundle() gives the same digest for the same files", async () => {
  await using first = await goldenFolder();
  await using second = await goldenFolder();
  const one = await publishBundle(first.path, publishing());
  const two = await publishBundle(second.path, publishing());
  assert.equal(one.digest, two.digest);
});

Deno.test("publishBundle() sends nothing again", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const first = await publishBundle(folder.path, target);
  const again = await publishBundle(folder.path, target);
  assert.equal(again.digest, first.digest);
  assert.equal(again.upToDate, true);
  assert.equal(again.registry.copied, 0);
  assert.deepEqual(again.external, { copied: 0, skipped: 1, bytes: 0 });
  await folder.write("src/b.py", "new");
  const grown = await publishBundle(folder.path, target, { bump: "patch" });
  // The new file, the index of its layer, the bundle manifest and the manifest.
  assert.equal(grown.registry.copied, 4);
  assert.deepEqual(target.memory.puts, ["az://cont1/b/data/ten.bin"]);
});

Deno.test("publishBundle() refuses to move a tag, before anything is sent, unless it is forced", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const first = await publishBundle(folder.path, target);
  await folder.write("data/ten.bin", "other, and longer");
  await assert.rejects(publishBundle(folder.path, target), (error) => {
    assert.ok(error instanceof ConflictError);
    assert.equal(error.facts.actual, first.digest);
    assert.match(error.facts.remedy ?? "", /--force/);
    return true;
  });
  assert.equal(target.memory.puts.length, 1);
  const warnings: string[] = [];
  const moved = await publishBundle(folder.path, target, {
    force: true,
    log: (_, message) => warnings.push(message),
  });
  assert.notEqual(moved.digest, first.digest);
  assert.equal((await target.store.resolve("1.0.0")).digest, moved.digest);
  assert.match(warnings.join(), /Replacing az:\/\/cont1\/b\/data\/ten\.bin/);
});

Deno.test("publishBundle() refuses a tag that someone else took meanwhile", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const rival = await publishBundle(folder.path, target, { tags: ["rival"] });
  await target.store.untag("1.0.0");
  await folder.write("src/b.py", "new");
  const error = await publishBundle(folder.path, target, {
    // The rival's tag appears while our files are on their way.
    progress: ({ phase, state }) => {
      if (phase === "upload" && state === "done") {
        void target.store.tag({ ...EMPTY, digest: rival.digest }, "1.0.0");
      }
    },
  }).catch((error) => error);
  assert.ok(error instanceof ConflictError, String(error));
  assert.equal((await target.store.resolve("1.0.0")).digest, rival.digest);
});

const EMPTY: Descriptor = {
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  digest: `sha256:${"0".repeat(64)}`,
  size: 0,
};

Deno.test("publishBundle() sets all tags, and refuses those that cannot be", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const { tags } = await publishBundle(folder.path, target, { tags: ["latest", "1.0.0", "a"] });
  assert.deepEqual(tags, ["1.0.0", "latest", "a"]);
  assert.deepEqual(await tagsOf(target), ["1.0.0", "a", "latest"]);
  await assert.rejects(
    publishBundle(folder.path, target, { tags: ["not a tag"] }),
    InvalidInputError,
  );
});

Deno.test("publishBundle() changes nothing in a dry run, and says what it would publish", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const dry = await publishBundle(folder.path, target, { dryRun: true, bump: "minor" });
  assert.equal(dry.version, "1.1.0");
  assert.equal(dry.dryRun, true);
  assert.equal(target.store.isEmpty, true);
  assert.equal(target.memory.puts.length, 0);
  assert.equal(await specOf(folder), GOLDEN_SPEC);
  const real = await publishBundle(folder.path, target, { bump: "minor" });
  assert.equal(real.digest, dry.digest);
});

Deno.test("publishBundle() writes the raised version into the spec, and only that", async () => {
  await using folder = await goldenFolder();
  await Deno.chmod(folder.join("modelops.yaml"), 0o640);
  const target = publishing();
  const result = await publishBundle(folder.path, target, { bump: "patch" });
  assert.equal(result.version, "1.0.1");
  assert.equal(result.previousVersion, "1.0.0");
  assert.deepEqual(await tagsOf(target), ["1.0.1"]);
  assert.equal(await specOf(folder), GOLDEN_SPEC.replace("1.0.0", "1.0.1"));
  assert.equal((await Deno.stat(folder.join("modelops.yaml"))).mode! & 0o777, 0o640);
});

Deno.test("publishBundle() packs the spec with its new version", async () => {
  await using folder = await goldenFolder();
  await folder.write("modelops.yaml", GOLDEN_SPEC.replace('"src/**"', '"src/**", "modelops.yaml"'));
  const target = publishing();
  await publishBundle(folder.path, target, { bump: "patch" });
  const bundle = await resolveBundle("golden:1.0.1", target);
  const entries = await Array.fromAsync(readEntries(bundle, ["code"]));
  const spec = entries.find(({ path }) => path === "modelops.yaml");
  assert.ok(spec?.kind === "registry");
  const packed = new TextDecoder().decode(await readContent(bundle.store, spec.blob));
  assert.equal(packed, await specOf(folder));
  const again = await publishBundle(folder.path, target);
  assert.equal(again.upToDate, true);
});

Deno.test("publishBundle() leaves tags and spec alone when something fails", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const fault = new TransferError("Cannot write: no route");
  const failing = Object.assign(new MemoryObjects(), { put: () => Promise.reject(fault) });
  const objects = () => failing;
  const attempt = publishBundle(folder.path, { ...target, objects }, { bump: "patch" });
  await assert.rejects(attempt, (error) => error === fault);
  assert.equal(target.store.isEmpty, true);
  assert.equal(await specOf(folder), GOLDEN_SPEC);
  Object.assign(target.store, { write: () => Promise.reject(fault) });
  await assert.rejects(
    publishBundle(folder.path, target, { bump: "patch" }),
    (error) => error === fault,
  );
  assert.deepEqual(await tagsOf(target), []);
  assert.equal(await specOf(folder), GOLDEN_SPEC);
});

Deno.test("publishBundle() needs an object store only for files that go there", async () => {
  await using folder = await goldenFolder();
  const { objects: _, ...target } = publishing();
  await assert.rejects(publishBundle(folder.path, target), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.match(error.message, /ten\.bin.*no object store/);
    return true;
  });
  assert.equal(target.store.isEmpty, true);
  await folder.write("data/ten.bin", "small");
  await publishBundle(folder.path, target);
});

Deno.test("publishBundle() places files by the default base where a rule has no template", async () => {
  await using folder = await goldenFolder();
  await folder.write("modelops.yaml", GOLDEN_SPEC.replace(/uri_template: "[^"]*", /, ""));
  const target = publishing();
  await publishBundle(folder.path, { ...target, externalBase: "file:///srv/objects" });
  assert.deepEqual(target.memory.puts, ["file:///srv/objects/golden/data/ten.bin"]);
});

Deno.test("publishBundle() refuses versions it cannot raise, and what has no repository", async () => {
  await using folder = await goldenFolder();
  await folder.write("modelops.yaml", GOLDEN_SPEC.replace("1.0.0", "1.0.0-rc1"));
  const target = publishing();
  await assert.rejects(
    publishBundle(folder.path, target, { bump: "patch" }),
    InvalidInputError,
  );
  await assert.rejects(
    publishBundle(folder.path, { ...target, settings: memoryRegistry({}).settings }),
    InvalidInputError,
  );
  await using empty = await tempFolder();
  await assert.rejects(publishBundle(empty.path, target), InvalidInputError);
});

Deno.test("publishBundle() finds the version raised by another run, which published the same", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const raised = GOLDEN_SPEC.replace("1.0.0", "1.0.1");
  const { tags } = await publishBundle(folder.path, target, {
    bump: "patch",
    progress: ({ phase }) => {
      if (phase === "upload") Deno.writeTextFileSync(folder.join("modelops.yaml"), raised);
    },
  });
  assert.deepEqual(tags, ["1.0.1"]);
  assert.equal(await specOf(folder), raised);
});

Deno.test("publishBundle() notices a spec that changes while it publishes", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const attempt = publishBundle(folder.path, target, {
    bump: "patch",
    progress: ({ phase, state }) => {
      if (phase === "upload" && state === "done") {
        Deno.writeTextFileSync(folder.join("modelops.yaml"), "edited: true\n");
      }
    },
  });
  await assert.rejects(attempt, ConflictError);
  assert.equal(await specOf(folder), "edited: true\n");
  assert.deepEqual(await tagsOf(target), ["1.0.1"]);
});

Deno.test("publishBundle() notices a file that changes while it publishes", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const attempt = publishBundle(folder.path, target, {
    progress: (event) => {
      if (event.phase === "hash" && event.state === "done" && event.name === "data/ten.bin") {
        Deno.writeTextFileSync(folder.join("src/a.py"), "something else");
      }
    },
  });
  await assert.rejects(attempt, (error) => error instanceof ModelOpsError);
  assert.deepEqual(await tagsOf(target), []);
});

Deno.test("publishBundle() names contents by path in its progress, and every start has an end", async () => {
  await using folder = await goldenFolder();
  const events: ProgressEvent[] = [];
  await publishBundle(folder.path, publishing(), { progress: (event) => events.push(event) });
  const uploads = events.filter(({ phase }) => phase === "upload");
  const names = (state: string) =>
    uploads.flatMap((event) => event.state !== "plan" && event.state === state ? [event.name] : [])
      .sort();
  assert.deepEqual(names("start"), names("done"));
  for (const name of ["src/a.py", "data/nine.bin", "data/ten.bin", "layer.code.json"]) {
    assert.ok(names("done").includes(name), name);
  }
});

Deno.test("publishBundle() notes the repository, so that the bare digest is a reference", async () => {
  await using folder = await goldenFolder();
  await using cache = await tempFolder();
  const target = { ...publishing(), digestIndex: new DigestIndex(cache.path) };
  const { digest } = await publishBundle(folder.path, target);
  assert.equal((await resolveBundle(digest, target)).repository, REPOSITORY);
});

Deno.test("publishBundle() writes a manifest with the full paths of files as titles", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const { digest } = await publishBundle(folder.path, target);
  const manifest = await readManifest(target.store, await target.store.resolve(digest));
  assert.ok(manifest.kind === "manifest");
  assert.deepEqual(
    manifest.layers.map(({ annotations }) => annotations?.["org.opencontainers.image.title"]),
    [
      "bundle.manifest.json",
      "layer.code.json",
      "layer.data.json",
      "src/a.py",
      "data/nine.bin",
    ],
  );
});

Deno.test("publishBundle() puts a version beside the versions that there are", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const nested = target.catalog.repository("registry.test/team/bundles/golden");
  const publish = async (version: string) => {
    await folder.write("modelops.yaml", GOLDEN_SPEC.replace("1.0.0", version));
    return (await publishBundle(folder.path, target)).repository;
  };
  const { written, store } = await bundleContents(
    planStorage(await scanWorkdir(folder.path), {}),
  );
  await copyGraph(store, nested, written.manifest.descriptor);
  await nested.tag(written.manifest.descriptor, "0.9.0");
  assert.equal(await publish("1.1.0"), nested.name);
  assert.deepEqual(await tagsOf(target), []);
  // Where both places have versions, the setting decides.
  const other = target.catalog.repository(REPOSITORY);
  await copyGraph(store, other, written.manifest.descriptor);
  await other.tag(written.manifest.descriptor, "0.8.0");
  assert.equal(await publish("1.2.0"), REPOSITORY);
  const settings = { ...target.settings, layout: "bundles" } as const;
  await folder.write("modelops.yaml", GOLDEN_SPEC.replace("1.0.0", "1.3.0"));
  assert.equal((await publishBundle(folder.path, { ...target, settings })).repository, nested.name);
});

Deno.test("publishBundle() puts a first version where the setting says", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  const settings = { ...target.settings, layout: "bundles" } as const;
  const { repository } = await publishBundle(folder.path, { ...target, settings });
  assert.equal(repository, "registry.test/team/bundles/golden");
  assert.equal((await resolveBundle("golden:1.0.0", target)).repository, repository);
});

Deno.test("publishBundle() guards the tags of both places", async () => {
  await using folder = await goldenFolder();
  const target = publishing();
  await publishBundle(folder.path, target);
  const nested = target.catalog.repository("registry.test/team/bundles/golden");
  const other = await publishBundle(folder.path, {
    ...target,
    settings: { ...target.settings, repository: "team/bundles" },
  });
  assert.equal(other.repository, nested.name);
  await folder.write("src/a.py", "print(2)\n");
  await folder.write("modelops.yaml", GOLDEN_SPEC.replace("1.0.0", "2.0.0"));
  await publishBundle(folder.path, {
    ...target,
    settings: { ...target.settings, repository: "team/bundles" },
  });
  await folder.write("src/a.py", "print(3)\n");
  await assert.rejects(publishBundle(folder.path, target), (error) => {
    assert.ok(error instanceof ConflictError);
    return error.facts.reference === `${nested.name}:2.0.0`;
  });
  const { repository } = await publishBundle(folder.path, target, { force: true });
  assert.equal(repository, REPOSITORY);
});

Deno.test("publishBundle() moves an object to another tier without its bytes", async () => {
  await using folder = await goldenFolder();
  await using objects = await tempFolder();
  const store = openObjectStore({ fileRoot: objects.path });
  const target = { ...publishing(), objects: () => store };
  await publishBundle(folder.path, target);
  const { etag } = await store.stat("az://cont1/b/data/ten.bin");
  const spec = GOLDEN_SPEC.replace("1.0.0", "1.0.1").replace("cool", "archive");
  await folder.write("modelops.yaml", spec);
  const { external } = await publishBundle(folder.path, target);
  assert.deepEqual(external, { copied: 0, skipped: 1, bytes: 0 });
  const facts = await store.stat("az://cont1/b/data/ten.bin");
  assert.deepEqual([facts.tier, facts.etag], ["archive", etag]);
});

Deno.test("publishBundle() says before anything moves that an object has no place", async () => {
  await using folder = await goldenFolder();
  await using objects = await tempFolder();
  const store = openObjectStore({ fileRoot: objects.path });
  for (const uri of ["file:///etc/{path}", "file:%2e%2e/{path}", `file://${folder.path}/{path}`]) {
    const target = { ...publishing(), objects: () => store };
    const spec = GOLDEN_SPEC.replace("az://cont1/b/{path}", uri);
    await folder.write("modelops.yaml", spec);
    for (const dryRun of [true, false]) {
      await assert.rejects(publishBundle(folder.path, target, { dryRun }), InvalidInputError);
    }
    assert.deepEqual(await tagsOf(target), []);
  }
});
