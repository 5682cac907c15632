/**
 * Two publishers of one version with other content, whose objects have one address: the bundle that
 * has its tag has its object too, and who does not publish is told.
 */
import assert from "node:assert/strict";
import { publishBundle } from "../../../src/bundle/publish/push.ts";
import { ConflictError, ifFound } from "../../../src/core/errors.ts";
import { bytesSource } from "../../../src/core/content/source.ts";
import { openObjectStore } from "../../../src/objects/dispatch.ts";
import type { ObjectStore } from "../../../src/objects/object_store.ts";
import { sha256Of } from "../../conformance/object_store.ts";
import { tempFolder } from "../../support/temp.ts";
import { goldenFolder, memoryRegistry } from "./support.ts";

const URI = "az://cont1/b/data/ten.bin";
const REPOSITORY = "registry.test/team/golden";

interface Rival {
  /** Writes its object. */
  write(): Promise<unknown>;
  publish(): Promise<unknown>;
}

type Put = ObjectStore["put"];

/** What comes before a put of ours, and how it goes on; `early` is before all else. */
interface Case {
  readonly early?: (rival: Rival) => Promise<unknown>;
  readonly put: (rival: Rival, put: () => ReturnType<Put>) => ReturnType<Put>;
  readonly message: RegExp;
  /** Whether the rival has published. */
  readonly published: boolean;
}

const CASES: Readonly<Record<string, Case>> = {
  "publishes before our object is written": {
    async put(rival, put) {
      await rival.publish();
      return await put();
    },
    message: /^Cannot write "az:.*": another command wrote other content there meanwhile$/,
    published: true,
  },
  "has written before we look, and publishes before we replace that": {
    early: (rival) => rival.write(),
    async put(rival, put) {
      await rival.publish();
      return await put();
    },
    message: /^Cannot publish .*: the tag names another bundle/,
    published: true,
  },
  "replaces our object before our bundle is published": {
    async put(rival, put) {
      const facts = await put();
      await rival.write();
      return facts;
    },
    message: /^Cannot publish "golden:1\.0\.0": another command has replaced az:/,
    published: false,
  },
};

for (const [what, { early, put, message, published }] of Object.entries(CASES)) {
  Deno.test(`a publisher is refused when a rival ${what}`, async () => {
    await using ours = await goldenFolder();
    await using theirs = await goldenFolder();
    await using folder = await tempFolder();
    const content = new TextEncoder().encode("of the rival");
    await theirs.write("data/ten.bin", content);
    const registry = memoryRegistry();
    const objects = openObjectStore({ fileRoot: folder.path });
    const rival: Rival = {
      write: () => objects.put(URI, bytesSource(content), { sha256: sha256Of(content) }),
      publish: () => publishBundle(theirs.path, { ...registry, objects: () => objects }),
    };
    await early?.(rival);
    const watched: ObjectStore = {
      ...objects,
      put: (...args) => put(rival, () => objects.put(...args)),
    };
    await assert.rejects(
      publishBundle(ours.path, { ...registry, objects: () => watched }),
      (error) => error instanceof ConflictError && message.test(error.message),
    );
    const { sha256 } = await objects.stat(URI);
    assert.equal(sha256, sha256Of(content));
    const tag = await ifFound(registry.catalog.repository(REPOSITORY).resolve("1.0.0"));
    assert.equal(tag !== undefined, published);
  });
}

for (const force of [false, true]) {
  const how = force ? "by force" : "at once";
  Deno.test(`a publisher whose tag a rival moves ${how} is told`, async () => {
    await using ours = await goldenFolder();
    await using theirs = await goldenFolder();
    await theirs.write("src/b.py", "new");
    await using folder = await tempFolder();
    const objects = openObjectStore({ fileRoot: folder.path });
    const registry = { ...memoryRegistry(), objects: () => objects };
    const rival = await publishBundle(theirs.path, registry, { force });
    const store = registry.catalog.repository(REPOSITORY);
    await store.untag("1.0.0");
    const tag = store.tag.bind(store);
    store.tag = async (descriptor, name, options) => {
      await tag(descriptor, name, options);
      await tag({ ...descriptor, digest: rival.digest }, "1.0.0");
    };
    await assert.rejects(
      publishBundle(ours.path, registry, { tags: ["latest"], force }),
      (error) => error instanceof ConflictError && error.facts.actual === rival.digest,
    );
  });
}
