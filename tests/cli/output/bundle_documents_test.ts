import assert from "node:assert/strict";
import { diffListings, type FileListing } from "../../../src/bundle/compare/diff.ts";
import { planStorage } from "../../../src/bundle/publish/plan.ts";
import { publishBundle } from "../../../src/bundle/publish/push.ts";
import { scanWorkdir } from "../../../src/bundle/publish/scan.ts";
import {
  diffDocument,
  planDocument,
  publishDocument,
  scanDocument,
} from "../../../src/cli/output/bundle_documents.ts";
import { digestBytes, digestHex } from "../../../src/core/digest.ts";
import { goldenFolder, MemoryObjects, memoryRegistry } from "../../bundle/publish/support.ts";

const shaOf = (text: string) => digestHex(digestBytes(new TextEncoder().encode(text)));

Deno.test("scanDocument() lists the golden directory", async () => {
  await using folder = await goldenFolder();
  const inventory = await scanWorkdir(folder.path);
  assert.deepEqual(inventory.warnings, []);
  assert.deepEqual(scanDocument(inventory), {
    workingDir: folder.path,
    name: "golden",
    version: "1.0.0",
    roles: { default: ["code"], training: ["code", "data"] },
    layers: [
      {
        name: "code",
        type: "code",
        fileCount: 1,
        size: 9,
        files: [{
          path: "src/a.py",
          size: 9,
          mode: "0644",
          sha256: "cc42155088fca5730758db72b2a5bca33112a941dfaa2d43098ec422ce4ea213",
        }],
      },
      {
        name: "data",
        type: "data",
        fileCount: 2,
        size: 19,
        files: [
          {
            path: "data/nine.bin",
            size: 9,
            mode: "0644",
            sha256: "36f50957f5e0b6ee3ef455674da35a86667f3314209dc1514c510fe95e840831",
          },
          {
            path: "data/ten.bin",
            size: 10,
            mode: "0644",
            sha256: "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882",
          },
        ],
      },
    ],
    fileCount: 3,
    totalSize: 28,
    warnings: [],
  });
});

Deno.test("planDocument() has decisions and totals under stable names", async () => {
  await using folder = await goldenFolder();
  const document = planDocument(planStorage(await scanWorkdir(folder.path)));
  assert.deepEqual(document["totals"], {
    fileCount: 3,
    totalSize: 28,
    registryCount: 2,
    registrySize: 18,
    externalCount: 1,
    externalSize: 10,
  });
  assert.deepEqual((document["files"] as unknown[])[2], {
    path: "data/ten.bin",
    layer: "data",
    size: 10,
    mode: "0644",
    sha256: shaOf("0123456789"),
    decision: "external",
    reason: 'matches rule "data/*.bin", and has 10 bytes or more',
    uri: "az://cont1/b/data/ten.bin",
    tier: "cool",
    place: "az://cont1/b/data/ten.bin",
  });
});

Deno.test("publishDocument() says what was sent", async () => {
  await using folder = await goldenFolder();
  const memory = new MemoryObjects();
  const result = await publishBundle(folder.path, { ...memoryRegistry(), objects: () => memory });
  assert.deepEqual(publishDocument(result), {
    reference: "registry.test/team/golden:1.0.0",
    digest: result.digest,
    name: "golden",
    version: "1.0.0",
    tags: ["1.0.0"],
    files: 3,
    uploaded: 7,
    skipped: 0,
    uploadedBytes: result.registry.bytes,
    external: { uploaded: 1, skipped: 0, uploadedBytes: 10 },
    externalFiles: [{
      path: "data/ten.bin",
      size: 10,
      uri: "az://cont1/b/data/ten.bin",
      tier: "cool",
      place: "az://cont1/b/data/ten.bin",
    }],
    upToDate: false,
    dryRun: false,
  });
});

Deno.test("diffDocument() has the files that differ and totals", () => {
  const listing = (label: string, files: Record<string, string>): FileListing => ({
    label,
    files: new Map(
      Object.entries(files).map((
        [path, text],
      ) => [path, { path, size: text.length, sha256: shaOf(text) }]),
    ),
  });
  const from = listing("one", { gone: "g", same: "s", changed: "old" });
  const to = listing("two", { "😀": "n", "～": "n", same: "s", changed: "newer" });
  assert.deepEqual(diffDocument(diffListings(from, to)), {
    from: "one",
    to: "two",
    identical: false,
    added: ["～", "😀"].map((path) => ({ path, size: 1, sha256: shaOf("n") })),
    modified: [
      {
        path: "changed",
        oldSize: 3,
        newSize: 5,
        oldSha256: shaOf("old"),
        newSha256: shaOf("newer"),
      },
    ],
    removed: [{ path: "gone", size: 1, sha256: shaOf("g") }],
    unchanged: ["same"],
    unread: [],
    totals: { added: 2, modified: 1, removed: 1, unchanged: 1 },
  });
  assert.equal(diffDocument(diffListings(to, to))["identical"], true);
});
