/** What progress adds up to in every operation: the total is known before the first byte moves. */
import assert from "node:assert/strict";
import { ProgressTally } from "../../src/cli/output/progress/tally.ts";
import type { ProgressEvent } from "../../src/core/operation.ts";
import { createModelBackend } from "../../src/model/backend.ts";
import type { ModelBackend } from "../../src/model/operations.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { scriptedRegistry } from "../support/scripted_registry.ts";
import { tempFolder } from "../support/temp.ts";

const MIB = 1024 * 1024;

/** A large file, one of another size than blocks have, one whose name needs a header of its own. */
const FILES: Readonly<Record<string, number>> = {
  "large.bin": 6 * MIB + 1,
  "odd.bin": 700,
  [`${"long".repeat(30)}.bin`]: 3 * MIB,
};

/** Watches events, and finds out whether a stage's total changes when its first byte has moved. */
function watch() {
  const tally = new ProgressTally();
  const totals = new Map<string, number>();
  const changes: string[] = [];
  const progress = (event: ProgressEvent) => {
    const { phase, total } = tally.apply(event, 0);
    if (event.state === "plan") {
      if (totals.has(phase)) changes.push(`${phase} is planned again`);
      return;
    }
    const before = totals.get(phase) ?? total.size;
    if (before !== total.size) changes.push(`${phase}: ${before}, then ${total.size}`);
    totals.set(phase, total.size);
  };
  return { tally, changes, progress };
}

interface Scene {
  readonly backend: ModelBackend;
  readonly workspace: string;
  /** A name in the registry. */
  readonly name: string;
  /** A file that is not in the workspace. */
  readonly extra: string;
  readonly out: string;
}

type Operation = (scene: Scene, progress: (event: ProgressEvent) => void) => Promise<unknown>;

/** How a file becomes a layer. */
const FORMS = {
  "raw": {},
  "tar": { raw: false },
  "tar+gzip": { compression: "gzip" },
  "tar+zstd": { compression: "zstd" },
} as const;

interface Row {
  /** What is done before, without progress. */
  readonly before?: Operation;
  readonly run: Operation;
}

const build = (options: object): Operation => ({ backend, workspace, name }, progress) =>
  backend.build(workspace, { targets: [`${name}:v1`], digestCache: false, progress, ...options });

const attach = (options: object): Operation => ({ backend, extra, name }, progress) =>
  backend.attach(extra, { source: `${name}:v1`, target: `${name}:v2`, progress, ...options });

const pushed: Operation = build({ outputRemote: true });

/** Every operation that moves bytes. */
function rows(): Record<string, Row> {
  const all: Record<string, Row> = {
    "push": {
      before: build({}),
      run: ({ backend, name }, progress) => backend.push(`${name}:v1`, { progress }),
    },
    "pull": {
      before: pushed,
      run: ({ backend, name }, progress) => backend.pull(`${name}:v1`, { progress }),
    },
    "pull to a folder": {
      before: pushed,
      run: ({ backend, name, out }, progress) =>
        backend.pull(`${name}:v1`, { extractDir: out, progress }),
    },
    "pull past the store": {
      before: pushed,
      run: ({ backend, name, out }, progress) =>
        backend.pull(`${name}:v1`, { extractDir: out, extractFromRemote: true, progress }),
    },
    "fetch": {
      before: pushed,
      run: ({ backend, name, out }, progress) =>
        backend.fetch(`${name}:v1`, { output: out, patterns: ["*.bin"], progress }),
    },
    "extract": {
      before: build({}),
      run: ({ backend, name, out }, progress) =>
        backend.extract(`${name}:v1`, { output: out, progress }),
    },
  };
  for (const [form, options] of Object.entries(FORMS)) {
    all[`build, ${form}`] = { run: build(options) };
    all[`build to the registry, ${form}`] = { run: build({ ...options, outputRemote: true }) };
    all[`attach, ${form}`] = { before: build({}), run: attach(options) };
    all[`attach in the registry, ${form}`] = {
      before: pushed,
      run: attach({ ...options, outputRemote: true }),
    };
    all[`upload, ${form}`] = {
      run: ({ backend, extra, name }, progress) =>
        backend.upload(extra, { repository: name, progress, ...options }),
    };
  }
  return all;
}

for (const [what, { before, run }] of Object.entries(rows())) {
  Deno.test(`progress knows its totals before the first byte: ${what}`, async () => {
    await using registry = scriptedRegistry();
    await using folder = await tempFolder();
    for (const [name, size] of Object.entries(FILES)) {
      await folder.write(`ws/${name}`, new Uint8Array(size).fill(size % 251));
    }
    await folder.write("ws/Modelfile", "NAME demo\nMODEL *.bin\n");
    const extra = await folder.write("extra.bin", new Uint8Array(2 * MIB).fill(3));
    await using client = new RegistryClient();
    const catalog = diskCatalog(folder.join("store"));
    const scene = {
      backend: createModelBackend({ catalog, connect: client.connect }),
      workspace: folder.join("ws"),
      name: `${registry.host}/demo`,
      extra,
      out: folder.join("out"),
    };
    await before?.(scene, () => {});
    const { tally, changes, progress } = watch();
    await run(scene, progress);
    assert.deepEqual(changes, []);
    assert.ok(tally.stages.length > 0);
    for (const stage of tally.stages) {
      const { phase, total, over, files } = stage;
      assert.equal(total.bytes, total.size, phase);
      assert.equal(over, files, phase);
      assert.ok(!stage.isOpen, phase);
    }
  });
}
