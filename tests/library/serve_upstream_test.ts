import assert from "node:assert/strict";
import { InvalidInputError, ModelOpsError } from "../../src/core/errors.ts";
import { openModels } from "../../src/library/models.ts";
import { serveStore } from "../../src/library/serve.ts";
import { parseUpstream } from "../../src/library/upstream.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import {
  broken,
  changed,
  type LedgerEntry,
  pushModel,
  refusal,
  type Script,
  scriptedRegistry,
} from "../support/scripted_registry.ts";
import { tempFolder } from "../support/temp.ts";

const MIB = 1024 * 1024;
const LARGE = Uint8Array.from({ length: 9 * MIB + 5 }, (_, at) => at * 5 + (at >> 11));
const FILES = { "large.bin": LARGE, "small.bin": new TextEncoder().encode("small") };
const FAST = { firstWait: 1, longestWait: 1 };

const isBlob = ({ method, target }: LedgerEntry) => method === "GET" && target.startsWith("blobs/");

/** An upstream, a cache in front of it, and pullers with stores of their own. */
async function setup(script: Script = (_request, pass) => pass()) {
  const stack = new AsyncDisposableStack();
  const upstream = stack.use(scriptedRegistry());
  await pushModel(upstream, FILES);
  upstream.ledger.length = 0;
  const folder = stack.use(await tempFolder());
  const name = upstream.scripted(script).replace(/^.*\//, "");
  const storageDir = folder.join("cache");
  const logged: string[] = [];
  const start = async (address = "127.0.0.1:0") => {
    const stop = new AbortController();
    const server = await serveStore({ storageDir, retry: FAST }, {
      address,
      upstream: `http://${upstream.host}`,
      drainTimeout: 0,
      signal: stop.signal,
      log: (level, message) => void (level === "warning" && logged.push(message)),
    });
    return {
      ...server,
      async [Symbol.asyncDispose]() {
        stop.abort();
        await server.finished;
      },
    };
  };
  const cache = stack.use(await start());
  let pullers = 0;
  const pull = async (options: { host?: string; store?: string } = {}) => {
    const place = options.store ?? folder.join(`puller-${pullers++}`);
    await using models = await openModels({ storageDir: `${place}/store`, retry: FAST });
    const output = `${place}/out`;
    const target = `${options.host ?? cache.address}/${name}:v1`;
    const result = await models.pull(target, { extractDir: output, overwrite: true });
    for (const [file, bytes] of Object.entries(FILES)) {
      assert.deepEqual(await Deno.readFile(`${output}/${file}`), Uint8Array.from(bytes));
    }
    return result;
  };
  return {
    upstream,
    cache,
    start,
    pull,
    name,
    logged,
    folder,
    storageDir,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

Deno.test("eight pullers at once have the upstream send each blob once", async () => {
  await using fixture = await setup();
  const { upstream, pull } = fixture;
  const digests = await Promise.all(Array.from({ length: 8 }, () => pull()));
  assert.equal(new Set(digests.map(({ digest }) => digest)).size, 1);
  const asked = Object.groupBy(upstream.ledger.filter(isBlob), ({ target }) => target);
  assert.deepEqual(Object.values(asked).map((entries) => entries?.length), [1, 1, 1]);
  upstream.ledger.length = 0;
  await pull();
  assert.deepEqual(upstream.ledger.filter(isBlob), []);
});

Deno.test("what is kept lies under the name of the upstream, and is right", async () => {
  await using fixture = await setup();
  await fixture.pull();
  const catalog = diskCatalog(fixture.storageDir);
  const names = await Array.fromAsync(catalog.repositories());
  assert.deepEqual(names, [`${fixture.upstream.host}/${fixture.name}`]);
  const report = await catalog.verify("all");
  assert.deepEqual(report.damaged, []);
});

Deno.test("a client gets bytes while the cache still fetches", async () => {
  const released = Promise.withResolvers<void>();
  await using fixture = await setup(async (request, pass) => {
    const response = await pass();
    if (!request.url.includes("/blobs/") || response.status !== 200) return response;
    const bytes = await response.bytes();
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (sent >= bytes.byteLength / 2) await released.promise;
        controller.enqueue(bytes.slice(sent, sent += MIB));
        if (sent >= bytes.byteLength) controller.close();
      },
    }, { highWaterMark: 0 });
    return new Response(body, { headers: response.headers });
  });
  const { upstream, cache, name } = fixture;
  const model = await upstream.catalog.repository("demo").resolve("v1");
  const manifest = await (await fetch(`http://${cache.address}/v2/${name}/manifests/v1`)).json();
  assert.equal(model.size > 0, true);
  const { digest } = manifest.layers.find(({ size }: { size: number }) => size > MIB);
  const response = await fetch(`http://${cache.address}/v2/${name}/blobs/${digest}`);
  const reader = response.body!.getReader();
  const first = await reader.read();
  assert.ok((first.value?.byteLength ?? 0) > 0);
  released.resolve();
  let bytes = first.value!.byteLength;
  for (let next; !(next = await reader.read()).done;) bytes += next.value.byteLength;
  assert.equal(bytes, LARGE.byteLength);
  const range = { headers: { Range: "bytes=100-199" } };
  const part = await fetch(`http://${cache.address}/v2/${name}/blobs/${digest}`, range);
  assert.equal(part.status, 206);
  assert.deepEqual(await part.bytes(), LARGE.slice(100, 200));
});

Deno.test("an upstream that dies half-way leaves clients with a clear error, and they go on later", async () => {
  let state: "dying" | "dead" | "well" = "dying";
  await using fixture = await setup(async (request, pass) => {
    if (state === "dead") return refusal(503);
    const response = await pass();
    const isLarge = Number(response.headers.get("Content-Length")) > MIB;
    const isFetch = request.method === "GET" && request.url.includes("/blobs/") && isLarge;
    if (state === "well" || !isFetch) return response;
    state = "dead";
    return await broken(response, { after: 5 * MIB, ending: "cut" });
  });
  const { pull, folder, upstream, cache } = fixture;
  const places = ["a", "b", "c"].map((name) => folder.join(name));
  const outcomes = await Promise.allSettled(places.map((store) => pull({ store })));
  for (const outcome of outcomes) {
    assert.ok(outcome.status === "rejected" && outcome.reason instanceof ModelOpsError);
    assert.match(outcome.reason.message, /upstream registry does not answer|was cut/);
  }
  state = "well";
  upstream.ledger.length = 0;
  await using again = await fixture.start();
  const hosts = [cache.address, again.address, again.address];
  await Promise.all(places.map((store, index) => pull({ store, host: hosts[index] })));
  const fetched = upstream.ledger.filter(isBlob).filter(({ sent }) => sent > MIB);
  assert.deepEqual(fetched.map(({ range }) => /^bytes=[1-9]/.test(range ?? "")), [true]);
});

Deno.test("a tag is the upstream's: it is asked each time, and what it named last is served while it is down", async () => {
  let answer: Script | undefined;
  await using fixture = await setup((request, pass) => answer ? answer(request, pass) : pass());
  const { pull, upstream, cache, name, logged } = fixture;
  const first = await pull();
  await pushModel(upstream, { ...FILES, "more.bin": new Uint8Array(10) });
  const second = await pull();
  assert.notEqual(second.digest, first.digest);
  answer = () => refusal(503);
  assert.equal((await pull()).digest, second.digest);
  assert.match(logged.join(), /as it was last/);
  const tags = await (await fetch(`http://${cache.address}/v2/${name}/tags/list`)).json();
  assert.deepEqual(tags.tags, ["v1"]);
  answer = () => refusal(404);
  const gone = await fetch(`http://${cache.address}/v2/${name}/manifests/v1`);
  assert.equal(gone.status, 404);
  await gone.body?.cancel();
  answer = () => refusal(503);
  const forgotten = await fetch(`http://${cache.address}/v2/${name}/manifests/v1`);
  assert.equal(forgotten.status, 502);
  assert.match(await forgotten.text(), /upstream registry does not answer/);
});

Deno.test("wrong bytes of the upstream are not kept, and nobody gets all of them", async () => {
  await using fixture = await setup(async (request, pass) => {
    const response = await pass();
    if (!request.url.includes("/blobs/") || request.method !== "GET") return response;
    return await changed(response, { bytes: (bytes) => bytes.fill(7) });
  });
  const { cache, name } = fixture;
  const manifest = await (await fetch(`http://${cache.address}/v2/${name}/manifests/v1`)).json();
  for (const { digest } of [manifest.config, ...manifest.layers]) {
    const read = async () => {
      const response = await fetch(`http://${cache.address}/v2/${name}/blobs/${digest}`);
      return response.status === 200 ? await response.bytes() : Promise.reject(response.status);
    };
    await assert.rejects(read());
  }
  const stored = diskCatalog(fixture.storageDir);
  const { damaged } = await stored.verify("all");
  assert.deepEqual(new Set(damaged.map(({ reason }) => reason)), new Set(["it is missing"]));
  assert.equal((await stored.usage()).blobs, 1);
});

/** What an upstream may answer, and what clients of the cache are told of it. */
const FAULTS: readonly (readonly [string, Script, RegExp])[] = [
  ["a page", () => new Response("<html>log in"), /sent what cannot be used: .*it holds a page/],
  ["nothing", () => new Response(), /sent what cannot be used: .*it holds nothing/],
  ["an error", () => refusal(500), /does not answer: .*127\.0\.0\.1:\d+ answered 500/],
  ["a refusal", () => refusal(403), /refuses it: .*127\.0\.0\.1:\d+ answered 403/],
  ["a wish for patience", () => refusal(429, { "Retry-After": "3600" }), /no request for 3600 s/],
  ["a circle", ({ url }) => refusal(307, { Location: url }), /redirects more than 10 times/],
  ["a URL of its own kind", () => refusal(307, { Location: "ftp://a.test/" }), /scheme "ftp:"/],
  [
    "another digest",
    async (_request, pass) =>
      await changed(await pass(), { bytes: (bytes) => bytes.with(bytes.length - 2, 0x20) }),
    /sent other content than its name says: /,
  ],
];

for (const [what, script, told] of FAULTS) {
  Deno.test(`an upstream that answers with ${what} is named, and none of it is kept`, async () => {
    await using fixture = await setup(script);
    const { cache, name, storageDir } = fixture;
    const response = await fetch(`http://${cache.address}/v2/${name}/manifests/v1`);
    assert(response.status === 502 || response.status === 403, String(response.status));
    const [{ message }] = (await response.json()).errors;
    assert.match(message, /^The upstream registry /);
    assert.match(message, told);
    assert.deepEqual(await Array.fromAsync(diskCatalog(storageDir).repositories()), []);
  });
}

Deno.test("what an upstream sends in place of a manifest is its fault, and is not kept", async () => {
  const page = (body: BodyInit, type: string) => () =>
    new Response(body, { headers: { "content-type": type } });
  const index = "application/vnd.oci.image.index.v1+json";
  for (
    const answer of [
      page("<html>Sign in</html>", "text/html"),
      page("{", index),
      page("[".repeat(100_000), index),
      page("{}", "application/vnd.nobody.knows+json"),
      page(new Uint8Array(5 * MIB), index),
      refusal.bind(null, 500),
    ]
  ) {
    await using fixture = await setup((request, pass) =>
      request.url.includes("/manifests/") ? answer() : pass()
    );
    const response = await fetch(`http://${fixture.cache.address}/v2/${fixture.name}/manifests/v1`);
    const text = await response.text();
    assert.equal(response.status, 502, text);
    assert.match(text, /The upstream registry/);
    assert.equal((await diskCatalog(fixture.storageDir).usage()).blobs, 0);
  }
});

Deno.test("a list that the upstream does not give is not taken for an empty one", async () => {
  let page = 0;
  const endless = (url: string, key: string) =>
    Response.json({ [key]: [] }, {
      headers: { link: `<${new URL(url).pathname}?page=${page++}>; rel="next"` },
    });
  for (const answer of [() => refusal(503), () => refusal(500), endless]) {
    await using fixture = await setup(async ({ url }, pass) => {
      if (url.includes("/tags/list")) return answer(url, "tags");
      return url.includes("/referrers/") ? answer(url, "manifests") : await pass();
    });
    const base = `http://${fixture.cache.address}/v2/${fixture.name}`;
    for (const path of ["tags/list", "tags/list?n=1", `referrers/sha256:${"0".repeat(64)}`]) {
      const response = await fetch(`${base}/${path}`);
      assert.equal(response.status, 502, path);
      assert.match(await response.text(), /upstream registry does not answer/);
    }
    // What was pulled through it is known.
    await fixture.pull();
    assert.deepEqual((await (await fetch(`${base}/tags/list`)).json()).tags, ["v1"]);
  }
});

Deno.test("an upstream is asked for a few manifests at once, however many clients want others", async () => {
  let [open, most] = [0, 0];
  await using fixture = await setup(async (request, pass) => {
    if (!request.url.includes("/manifests/")) return await pass();
    most = Math.max(most, ++open);
    // All that may come at once have come by then.
    await new Promise((resolve) => setTimeout(resolve, 20));
    open--;
    return refusal(404);
  });
  const base = `http://${fixture.cache.address}/v2/${fixture.name}`;
  const statuses = await Promise.all(Array.from({ length: 30 }, async (_, at) => {
    const response = await fetch(`${base}${at % 3}/manifests/t${at}`);
    await response.body?.cancel();
    return response.status;
  }));
  assert.deepEqual(new Set(statuses), new Set([404]));
  assert.ok(most > 1 && most <= 4, `${most}`);
});

Deno.test("nobody writes through a cache", async () => {
  await using fixture = await setup();
  const { cache, name } = fixture;
  for (
    const [method, path] of [["POST", "blobs/uploads/"], ["PUT", "manifests/v2"], [
      "DELETE",
      "manifests/v1",
    ]]
  ) {
    const response = await fetch(`http://${cache.address}/v2/${name}/${path}`, { method });
    assert.equal(response.status, 405, path);
    await response.body?.cancel();
  }
});

Deno.test("an upstream is the address of a registry, perhaps with a path", () => {
  assert.deepEqual(parseUpstream("https://r.test"), {
    registry: "r.test",
    path: "",
    plainHttp: false,
  });
  assert.deepEqual(parseUpstream("http://r.test:5000/a/b/"), {
    registry: "r.test:5000",
    path: "a/b",
    plainHttp: true,
  });
  for (
    const text of [
      "r.test",
      "ftp://r.test",
      "https://",
      "https://u:secret@r.test",
      "https://r.test/UP",
      "https://r.test?x",
      "",
    ]
  ) {
    assert.throws(
      () => parseUpstream(text),
      (error) => error instanceof InvalidInputError && !error.message.includes("secret"),
      text,
    );
  }
});
