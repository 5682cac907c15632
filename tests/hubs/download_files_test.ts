import assert from "node:assert/strict";
import fc from "fast-check";
import { ConflictError, IntegrityError, TransferError } from "../../src/core/errors.ts";
import { duplicateKey, safeRelativePath } from "../../src/archive/safe_path.ts";
import { downloadFiles } from "../../src/hubs/download_files.ts";
import { planDownload } from "../../src/hubs/download_plan.ts";
import { HubClient } from "../../src/hubs/client.ts";
import { hubFileSource } from "../../src/hubs/file_source.ts";
import { tempFolder } from "../support/temp.ts";
import { bytesOf, cutBytes, FAST, gitId, sendBytes, serve, sha256, snapshotOf } from "./support.ts";

const CONTENT = Array.from({ length: 3000 }, (_, at) => String.fromCharCode(97 + at % 26)).join("");
const FILE = { path: "model.bin", size: CONTENT.length, sha256: sha256(CONTENT) };

function clientOf(url: string) {
  return new HubClient({
    hubUrl: url,
    retry: FAST,
    explain: ({ status }) => new TransferError(`status ${status}`),
    malformed: (found: string) => new TransferError(found),
  });
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

Deno.test("a connection that is cut is taken up where it ended", async () => {
  const ranges: (string | null)[] = [];
  await using hub = await serve((request) => {
    ranges.push(request.headers.get("Range"));
    if (ranges.length === 1) return cutBytes(CONTENT, 1000);
    if (ranges.length === 2) return cutBytes(CONTENT, 500, 1000);
    return sendBytes(request, CONTENT);
  });
  await using folder = await tempFolder();
  const snapshot = snapshotOf(clientOf(hub.url), hub.url, [FILE]);
  await downloadFiles(snapshot, folder.path);
  assert.equal(await Deno.readTextFile(folder.join("model.bin")), CONTENT);
  assert.deepEqual(ranges, [null, "bytes=1000-", "bytes=1500-"]);
  assert.deepEqual(await names(folder.path), ["model.bin"]);
});

Deno.test("a later run goes on with the part of an earlier one", async () => {
  let down = true;
  await using hub = await serve((request) => {
    if (!down) return sendBytes(request, CONTENT);
    const range = request.headers.get("Range");
    return range === null ? cutBytes(CONTENT, 1000) : new Response(null, { status: 500 });
  });
  await using folder = await tempFolder();
  const snapshot = snapshotOf(clientOf(hub.url), hub.url, [FILE]);
  await assert.rejects(downloadFiles(snapshot, folder.path), TransferError);
  assert.deepEqual(await names(folder.path), [".model.bin.journal", ".model.bin.partial"]);
  down = false;
  const seen = hub.requests.length;
  await downloadFiles(snapshot, folder.path);
  assert.equal(hub.requests[seen]?.headers.get("Range"), "bytes=1000-");
  assert.equal(await Deno.readTextFile(folder.join("model.bin")), CONTENT);
});

Deno.test("a part with wrong bytes is given up and the file starts again", async () => {
  await using hub = await serve((request) => sendBytes(request, CONTENT));
  await using folder = await tempFolder();
  await folder.write(".model.bin.partial", `wrong${"\0".repeat(2995)}`);
  await folder.write(".model.bin.journal", `${FILE.sha256} 3000 3000\n0 5\n`);
  await downloadFiles(snapshotOf(clientOf(hub.url), hub.url, [FILE]), folder.path);
  assert.equal(await Deno.readTextFile(folder.join("model.bin")), CONTENT);
  assert.deepEqual(hub.requests.map(({ headers }) => headers.get("Range")), ["bytes=5-", null]);
});

Deno.test("a part that is longer than the file is given up", async () => {
  await using hub = await serve((request) => sendBytes(request, CONTENT));
  await using folder = await tempFolder();
  await folder.write(".model.bin.partial", "x".repeat(5000));
  await downloadFiles(snapshotOf(clientOf(hub.url), hub.url, [FILE]), folder.path);
  assert.equal(await Deno.readTextFile(folder.join("model.bin")), CONTENT);
});

Deno.test("a server that knows no ranges sends the file again", async () => {
  let tries = 0;
  await using hub = await serve(() =>
    ++tries === 1 ? cutBytes(CONTENT, 1000) : new Response(CONTENT)
  );
  await using folder = await tempFolder();
  await downloadFiles(snapshotOf(clientOf(hub.url), hub.url, [FILE]), folder.path);
  assert.equal(await Deno.readTextFile(folder.join("model.bin")), CONTENT);
});

Deno.test("without a hash a part is continued only while the server says it is the same", async () => {
  const ranges: (string | null)[] = [];
  const file = { path: "model.bin", size: CONTENT.length };
  for (const etag of ['"one"', undefined]) {
    ranges.length = 0;
    await using hub = await serve((request) => {
      ranges.push(`${request.headers.get("Range")} ${request.headers.get("If-Range")}`);
      if (ranges.length > 1) return sendBytes(request, CONTENT);
      const response = cutBytes(CONTENT, 1000);
      if (etag !== undefined) response.headers.set("ETag", etag);
      return response;
    });
    await using folder = await tempFolder();
    await downloadFiles(snapshotOf(clientOf(hub.url), hub.url, [file]), folder.path);
    assert.equal(await Deno.readTextFile(folder.join("model.bin")), CONTENT);
    const second = etag === undefined ? "null null" : `bytes=1000- ${etag}`;
    assert.deepEqual(ranges, ["null null", second]);
  }
});

Deno.test("without a hash nothing remains of a file that failed", async () => {
  await using hub = await serve(() => cutBytes(CONTENT, 1000));
  await using folder = await tempFolder();
  const file = { path: "model.bin", size: CONTENT.length };
  await assert.rejects(
    downloadFiles(snapshotOf(clientOf(hub.url), hub.url, [file]), folder.path),
    /Cannot download "model.bin": .* after 1000 of 3000 bytes/,
  );
  assert.deepEqual(await names(folder.path), []);
});

Deno.test("a file of unknown size is downloaded to the end of its stream", async () => {
  await using hub = await serve((request) => sendBytes(request, CONTENT));
  await using folder = await tempFolder();
  const snapshot = snapshotOf(clientOf(hub.url), hub.url, [{ path: "a" }, {
    path: "b",
    sha256: FILE.sha256,
  }]);
  const { files } = await downloadFiles(snapshot, folder.path);
  assert.deepEqual(files.map(({ size }) => size), [3000, 3000]);
});

const WRONG: readonly (readonly [string, string, object])[] = [
  ["wrong bytes", "x".repeat(3000), FILE],
  ["too many bytes", `${CONTENT}x`, FILE],
  ["wrong bytes by git's hash", "x".repeat(3000), {
    path: "model.bin",
    size: 3000,
    gitSha1: gitId(CONTENT),
  }],
];

for (const [what, sent, file] of WRONG) {
  Deno.test(`${what} fail, and nothing of them remains`, async () => {
    await using hub = await serve((request) => sendBytes(request, sent));
    await using folder = await tempFolder();
    const snapshot = snapshotOf(clientOf(hub.url), hub.url, [{
      ...FILE,
      sha256: undefined,
      ...file,
    }]);
    await assert.rejects(downloadFiles(snapshot, folder.path), (error) => {
      assert.ok(error instanceof IntegrityError, String(error));
      assert.notEqual(error.facts.expected, error.facts.actual);
      return true;
    });
    assert.deepEqual(await names(folder.path), []);
  });
}

Deno.test("a server that never gives the last byte is given up", async () => {
  await using hub = await serve((request) => sendBytes(request, CONTENT.slice(1)));
  await using folder = await tempFolder();
  const snapshot = snapshotOf(clientOf(hub.url), hub.url, [FILE]);
  await assert.rejects(
    downloadFiles(snapshot, folder.path),
    (error) => error instanceof TransferError && error.facts.expected === 3000,
  );
});

Deno.test("a length or a range that does not fit is refused unread", async () => {
  const answers = [
    new Response("x".repeat(10), { headers: { "Content-Length": "10" } }),
    new Response("x", { status: 206, headers: { "Content-Range": "bytes 7-7/3000" } }),
    new Response("x", { status: 206, headers: { "Content-Range": "bytes 0-0/7" } }),
  ];
  for (const answer of answers) {
    await using hub = await serve(() => answer);
    await using folder = await tempFolder();
    const snapshot = snapshotOf(clientOf(hub.url), hub.url, [FILE]);
    await assert.rejects(downloadFiles(snapshot, folder.path), /"model.bin": got /);
    assert.equal(hub.requests.length, 1);
  }
});

Deno.test("an old file stays until the new one is whole", async () => {
  await using hub = await serve(() => new Response(null, { status: 404 }));
  await using folder = await tempFolder();
  await folder.write("model.bin", "old");
  const snapshot = snapshotOf(clientOf(hub.url), hub.url, [FILE]);
  await assert.rejects(downloadFiles(snapshot, folder.path), /status 404/);
  assert.equal(await Deno.readTextFile(folder.join("model.bin")), "old");
});

Deno.test("a file that the hub has under the name of a part is kept apart from it", async () => {
  await using hub = await serve((request) => sendBytes(request, new URL(request.url).pathname));
  await using folder = await tempFolder();
  const files = ["a", ".a.partial", ".a.journal"].map((path) => ({
    path,
    size: path.length + 1,
    sha256: sha256(`/${path}`),
  }));
  await downloadFiles(snapshotOf(clientOf(hub.url), hub.url, files), folder.path);
  assert.equal(await Deno.readTextFile(folder.join("a")), "/a");
  assert.equal(await Deno.readTextFile(folder.join(".a.partial")), "/.a.partial");
  assert.deepEqual(await names(folder.path), [".a.journal", ".a.partial", "a"]);
});

Deno.test("links in the folder are not followed", async () => {
  await using hub = await serve((request) => sendBytes(request, CONTENT));
  await using folder = await tempFolder();
  await using outside = await tempFolder();
  await Deno.symlink(outside.path, folder.join("sub"));
  const client = clientOf(hub.url);
  const inLink = snapshotOf(client, hub.url, [{ ...FILE, path: "sub/model.bin" }]);
  await assert.rejects(downloadFiles(inLink, folder.path), ConflictError);
  const target = await outside.write("target", "old");
  for (const ending of ["partial", "journal"]) {
    await Deno.symlink(target, folder.join(`.model.bin.${ending}`));
  }
  await downloadFiles(snapshotOf(client, hub.url, [FILE]), folder.path);
  assert.equal(await Deno.readTextFile(outside.join("target")), "old");
  assert.deepEqual(await names(outside.path), ["target"]);
});

Deno.test("a folder in the place of a part is not removed", async () => {
  await using hub = await serve((request) => sendBytes(request, CONTENT));
  await using folder = await tempFolder();
  const snapshot = snapshotOf(clientOf(hub.url), hub.url, [FILE]);
  for (const ending of ["partial", "journal"]) {
    const precious = await folder.write(`.model.bin.${ending}/precious`, "x");
    await assert.rejects(downloadFiles(snapshot, folder.path), ConflictError);
    assert.equal(await Deno.readTextFile(precious), "x");
    await Deno.remove(folder.join(`.model.bin.${ending}`), { recursive: true });
  }
});

Deno.test("an abort ends the download with its reason and leaves a part to go on with", async () => {
  const stop = new AbortController();
  const release = Promise.withResolvers<void>();
  await using hub = await serve(() =>
    new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(bytesOf(CONTENT.slice(0, 100))),
        pull: () => release.promise,
      }, { highWaterMark: 0 }),
    )
  );
  await using folder = await tempFolder();
  const reason = new Error("enough");
  const running = downloadFiles(snapshotOf(clientOf(hub.url), hub.url, [FILE]), folder.path, {
    signal: stop.signal,
    progress: (event) => {
      if (event.state === "advance" && event.bytes === 100) stop.abort(reason);
    },
  });
  await assert.rejects(running, (error) => error === reason);
  release.resolve();
  assert.deepEqual(await names(folder.path), [".model.bin.journal", ".model.bin.partial"]);
});

Deno.test("a connection that gives nothing any more counts as lost", async () => {
  const release = Promise.withResolvers<void>();
  let tries = 0;
  await using hub = await serve((request) =>
    ++tries > 1 ? sendBytes(request, CONTENT) : new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(bytesOf(CONTENT.slice(0, 100))),
        pull: () => release.promise,
      }, { highWaterMark: 0 }),
    )
  );
  await using folder = await tempFolder();
  const client = new HubClient({
    hubUrl: hub.url,
    retry: { ...FAST, stallTime: 300 },
    explain: () => new TransferError("status"),
    malformed: (found: string) => new TransferError(found),
  });
  await downloadFiles(snapshotOf(client, hub.url, [FILE]), folder.path);
  release.resolve();
  assert.equal(await Deno.readTextFile(folder.join("model.bin")), CONTENT);
});

Deno.test("redirects that give up TLS, leave HTTP or never end are not followed", async () => {
  const from = "https://hub.test";
  const targets = [
    "http://hub.test/x",
    "file:///etc/passwd",
    "https://a:b@hub.test/",
    `${from}/loop`,
  ];
  for (const target of targets) {
    const client = new HubClient({
      hubUrl: from,
      retry: FAST,
      transport: () =>
        Promise.resolve(new Response(null, { status: 302, headers: { Location: target } })),
      explain: () => new TransferError("status"),
      malformed: (found: string) => new TransferError(found),
    });
    await assert.rejects(
      client.send(`${from}/loop`),
      /Cannot follow "hub.test": it (points|redirects) to|more than/,
    );
  }
});

Deno.test("whatever a hub calls its files, the planned names are safe and differ", () => {
  const name = fc.stringMatching(/^[aA./b-]{0,6}$/);
  fc.assert(fc.property(fc.array(name, { maxLength: 5 }), (paths) => {
    const files = paths.map((path) => ({ path, request: () => Promise.resolve({ url: "" }) }));
    let planned;
    try {
      planned = planDownload(files);
    } catch (error) {
      assert.match(String(error), /Cannot download the model: /);
      return;
    }
    const all = planned.flatMap(({ path, partialBase: base }) => [
      path,
      `${base}.partial`,
      `${base}.journal`,
    ]);
    assert.equal(new Set(all.map((path) => duplicateKey(path))).size, all.length);
    for (const path of all) assert.equal(safeRelativePath(path), path);
  }));
});

Deno.test("a range of a file is what was asked for, whether the server knows ranges or not", async () => {
  for (const knowsRanges of [true, false]) {
    await using hub = await serve((request) =>
      knowsRanges ? sendBytes(request, CONTENT) : new Response(CONTENT)
    );
    const [file] = snapshotOf(clientOf(hub.url), hub.url, [FILE]).files;
    const source = hubFileSource(clientOf(hub.url), file!);
    const stream = await source.open({ range: { start: 10, end: 20 } });
    assert.equal(await new Response(stream).text(), CONTENT.slice(10, 20));
  }
});
