import assert from "node:assert/strict";
import { fetchTransport } from "../../src/http/fetch_sender.ts";
import {
  AccessDeniedError,
  IntegrityError,
  InvalidInputError,
  ModelOpsError,
  NotFoundError,
  TransferError,
} from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import type { Transport } from "../../src/http/transport_options.ts";
import { openObjectStore } from "../../src/objects/dispatch.ts";
import { downloadToFile } from "../../src/objects/download.ts";
import type { ObjectStore } from "../../src/objects/object_store.ts";
import { noise, readObject, sha256Of } from "../conformance/object_store.ts";
import { e2eTest } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";
import { azureWorld, cutBody, sasOf, service } from "./azurite.ts";

const MIB = 1024 * 1024;
const needs = ["azurite-blob"] as const;
const text = (value: string) => new TextEncoder().encode(value);

async function put(store: ObjectStore, uri: string, bytes: Uint8Array<ArrayBuffer>) {
  return await store.put(uri, bytesSource(bytes), { sha256: sha256Of(bytes) });
}

/** The error that a promise is rejected with. */
async function failure(promise: Promise<unknown>): Promise<ModelOpsError> {
  try {
    await promise;
  } catch (error) {
    assert(error instanceof ModelOpsError, String(error));
    return error;
  }
  throw new Error("Nothing failed");
}

/** A network that notes what is asked for. */
function noted(next: Transport = fetchTransport) {
  const requests: Request[] = [];
  const transport: Transport = (request) => {
    requests.push(request);
    return next(request);
  };
  return { requests, transport };
}

const isStaging = (request: Request) => new URL(request.url).searchParams.get("comp") === "block";

e2eTest("the Azure store", { needs }, async (context) => {
  await using world = await azureWorld();
  const { azurite } = world;
  const content = text("0123456789");
  await put(world.store(), "az://data/ten", content);

  await context.step("takes azure:// for az://", async () => {
    assert.deepEqual(await readObject(world.store(), "azure://data/ten"), content);
  });

  await context.step("is refused with a wrong key, and shows no key", async () => {
    const key = btoa("wrong key");
    const store = openObjectStore({ azure: { ...world.azure, key } });
    const error = await failure(store.stat("az://data/ten"));
    assert(error instanceof AccessDeniedError);
    assert.equal(error.facts.status, 403);
    assert.equal(error.facts.setting, "azurePermission");
    assert(!Deno.inspect(error, { depth: 20 }).includes(key));
    await assert.rejects(put(store, "az://data/no", content), AccessDeniedError);
    await assert.rejects(store.open("az://data/ten"), AccessDeniedError);
  });

  await context.step("is entered with a SAS, and never shows it", async () => {
    const { account, endpoint } = azurite;
    const sas = await sasOf(world, "rwc");
    const store = openObjectStore({ azure: { account, endpoint, sas } });
    await put(store, "az://data/sas", content);
    assert.deepEqual(await readObject(store, "az://data/sas"), content);
    const secret = new URLSearchParams(sas).get("sig")!;
    const readOnly = openObjectStore({
      azure: { account, endpoint, sas: await sasOf(world, "r") },
    });
    const refused = await failure(put(readOnly, "az://data/new", content));
    assert(refused instanceof AccessDeniedError);
    const expired = openObjectStore({
      azure: { account, endpoint, sas: await sasOf(world, "r", new Date(1e12)) },
    });
    assert(await failure(expired.stat("az://data/ten")) instanceof AccessDeniedError);
    const nobody = openObjectStore(
      { azure: { account, endpoint: `http://127.0.0.1:${freePort()}`, sas }, retries: 1 },
      { retry: { firstWait: 1 } },
    );
    const lost = await failure(nobody.stat("az://data/ten"));
    assert.equal(lost.message, 'Cannot read "az://data/ten": the connection was refused');
    for (const error of [refused, lost]) {
      const shown = Deno.inspect(error, { depth: 20 });
      assert(!shown.includes(secret) && !shown.includes(encodeURIComponent(secret)));
      assert(!shown.includes("sig="));
    }
  });

  await context.step("is entered with a connection string", async () => {
    const { connectionString } = azurite;
    const store = openObjectStore({ azure: { connectionString } });
    assert.deepEqual(await readObject(store, "az://data/ten"), content);
    const elsewhere = connectionString.replace(/BlobEndpoint=[^;]*/, "");
    const custom = openObjectStore({
      azure: { connectionString: elsewhere, endpoint: `http://${azurite.address}/` },
    });
    assert.deepEqual(await readObject(custom, "az://data/ten"), content);
  });

  await context.step(
    "says that the endpoint of a connection string lacks its account",
    async () => {
      const connectionString = azurite.connectionString
        .replace(/BlobEndpoint=[^;]*/, `BlobEndpoint=http://${azurite.address}`);
      const error = await failure(
        put(openObjectStore({ azure: { connectionString } }), "az://data/folder/x", content),
      );
      assert.match(error.message, /the endpoint has no such account or container \(status 404/);
      assert.equal(error.facts.setting, "azureEndpoint");
    },
  );

  await context.step("says that the container is missing, and how to mend it", async () => {
    const error = await failure(put(world.store(), "az://nothing/here", content));
    assert(error instanceof NotFoundError);
    assert.match(error.facts.remedy ?? "", /create the container/);
    await assert.rejects(world.store().stat("az://nothing/here"), NotFoundError);
  });

  await context.step("refuses containers that Azure does not allow", async () => {
    for (const container of ["ab", "a_b", "-ab", "ab-", "a--b"]) {
      await assert.rejects(world.store().stat(`az://${container}/k`), InvalidInputError);
    }
  });

  await context.step("says what to do about an archived object", async () => {
    const sha256 = sha256Of(content);
    const store = world.store();
    await store.put("az://data/ice", bytesSource(content), { sha256, tier: "archive" });
    const error = await failure(store.open("az://data/ice"));
    assert(error instanceof TransferError);
    assert.match(error.message, /archive tier/);
    assert.match(error.facts.remedy ?? "", /rehydrate/);
  });

  await context.step("escapes what a URL would read as something else", async () => {
    const store = world.store();
    const container = (await service(world)).getContainerClient("data");
    for (const name of ["we#ird?.bin", "a?b=c&d#e", "50%25 of it", "a+b c", "%2e%2e/x", "?", "#"]) {
      await put(store, `az://data/names/${name}`, content);
      assert.deepEqual(await readObject(store, `az://data/names/${name}`), content, name);
      assert.ok(await container.getBlockBlobClient(`names/${name}`).exists(), name);
    }
    const names = [];
    for await (const { name } of container.listBlobsFlat({ prefix: "names/" })) names.push(name);
    assert.equal(names.length, 7);
  });

  await context.step("reads the digest from every known name of metadata", async () => {
    const container = (await service(world)).getContainerClient("data");
    const sha256 = sha256Of(content);
    const stat = async (transport: Transport = fetchTransport) =>
      (await world.store({ transport }).stat("az://data/meta")).sha256;
    const write = async (metadata: Record<string, string>) => {
      await container.getBlockBlobClient("meta").upload("0123456789", 10, { metadata });
    };
    await write({ modelops_sha256: sha256 });
    assert.equal(await stat(), sha256);
    await write({ sha256: "not a digest" });
    assert.equal(await stat(), undefined);
    await write({});
    assert.equal(await stat(), undefined);
    const hyphen: Transport = async (request) => {
      const response = await fetchTransport(request);
      const headers = new Headers(response.headers);
      headers.set("x-ms-meta-modelops-sha256", sha256);
      return new Response(response.body, { status: response.status, headers });
    };
    assert.equal(await stat(hyphen), sha256);
  });

  await context.step("gives the bytes of an object as they are stored", async () => {
    const zipped = new Uint8Array(
      await new Response(
        new Blob([content]).stream().pipeThrough(new CompressionStream("gzip")),
      ).arrayBuffer(),
    );
    await (await service(world)).getContainerClient("data").getBlockBlobClient("zipped").upload(
      zipped,
      zipped.length,
      { blobHTTPHeaders: { blobContentEncoding: "gzip" } },
    );
    assert.deepEqual(await readObject(world.store(), "az://data/zipped"), zipped);
    assert.deepEqual(
      await readObject(world.store(), "az://data/zipped", { start: 3 }),
      zipped.subarray(3),
    );
  });

  await context.step("tells the service nothing of the machine", async () => {
    const { requests, transport } = noted();
    await world.store({ transport }).stat("az://data/ten");
    assert.deepEqual(requests.map((request) => request.headers.get("User-Agent")), ["modelops"]);
  });

  await context.step("goes on where a cut connection stopped", async () => {
    const bytes = noise(3 * MIB);
    await put(world.store(), "az://data/cut", bytes);
    const { requests, transport } = noted(async (request) => {
      const response = await fetchTransport(request);
      return request.method === "GET" ? cutBody(response, MIB) : response;
    });
    const store = world.store({ transport });
    assert.deepEqual(await readObject(store, "az://data/cut"), bytes);
    const starts = requests.map(({ headers }) =>
      Number(/^bytes=(\d+)-$/.exec(headers.get("x-ms-range") ?? "bytes=0-")?.[1])
    );
    assert(starts.length >= 3, `only ${starts.length} requests`);
    assert.deepEqual(starts, starts.toSorted((a, b) => a - b));
    assert.equal(new Set(starts).size, starts.length);
    assert.notEqual(requests[1]?.headers.get("If-Match"), null);
    assert.deepEqual(
      await readObject(store, "az://data/cut", { start: 5, end: 2 * MIB }),
      bytes.subarray(5, 2 * MIB),
    );
  });

  await context.step("does not take the whole for a range", async () => {
    const transport: Transport = () =>
      Promise.resolve(new Response(content, { headers: { ETag: "1", "Content-Length": "10" } }));
    const error = await failure(
      readObject(world.store({ transport }), "az://data/ten", { start: 4 }),
    );
    assert.match(error.message, /got Content-Range "", want "bytes 4-"/);
  });

  await context.step("does not mix two versions of an object", async () => {
    await put(world.store(), "az://data/moved", noise(2 * MIB, 1));
    const transport: Transport = async (request) => {
      const response = await fetchTransport(request);
      if (request.method !== "GET" || request.headers.has("If-Match")) return response;
      await put(world.store(), "az://data/moved", noise(2 * MIB, 2));
      return cutBody(response, MIB);
    };
    const error = await failure(readObject(world.store({ transport }), "az://data/moved"));
    assert(error instanceof IntegrityError);
    assert.match(error.message, /changed meanwhile/);
  });

  await context.step("gives up after as many cuts in a row as it may try", async () => {
    const { requests, transport } = noted(async (request) =>
      cutBody(await fetchTransport(request), 0)
    );
    const store = world.store({ transport }, { retries: 2 });
    const error = await failure(readObject(store, "az://data/ten"));
    assert(error instanceof TransferError);
    assert.equal(requests.length, 3);
  });

  await context.step("takes a silent connection for a lost one", async () => {
    let silent = true;
    const transport: Transport = async (request) => {
      const response = await fetchTransport(request);
      if (!silent || request.method !== "GET") return response;
      silent = false;
      await response.body?.cancel();
      return new Response(new ReadableStream(), response);
    };
    const store = world.store({ transport }, { timeoutSeconds: 0.1 });
    assert.deepEqual(await readObject(store, "az://data/ten"), content);
    const mute = world.store({ transport: never }, { timeoutSeconds: 0.05, retries: 1 });
    const error = await failure(mute.stat("az://data/ten"));
    assert.equal(error.message, 'Cannot read "az://data/ten": no answer for 0.05 s');
  });

  await context.step("tries again after a busy service, as long as that asks", async () => {
    let busy = 3;
    const { requests, transport } = noted((request) =>
      busy-- > 0
        ? Promise.resolve(new Response(null, { status: 503, headers: { "Retry-After": "0" } }))
        : fetch(request)
    );
    await world.store({ transport }).stat("az://data/ten");
    assert.equal(requests.length, 4);
    const closed = noted(() =>
      Promise.resolve(new Response(null, { status: 429, headers: { "Retry-After": "7200" } }))
    );
    const error = await failure(
      world.store({ transport: closed.transport }).stat("az://data/ten"),
    );
    assert.equal(error.message, 'Cannot read "az://data/ten": status 429');
    assert.equal(closed.requests.length, 1);
  });

  await context.step("does not try again what was refused", async () => {
    const { requests, transport } = noted();
    await failure(world.store({ transport }).stat("az://data/missing"));
    assert.equal(requests.length, 1);
  });

  await context.step("sends blocks in parallel and goes on with an aborted upload", async () => {
    const bytes = noise(70 * MIB);
    const sha256 = sha256Of(bytes);
    const source = bytesSource(bytes);
    const stop = new AbortController();
    let arrived = 0;
    const cutting: Transport = async (request) => {
      const response = await fetchTransport(request);
      if (isStaging(request) && ++arrived === 3) stop.abort(new Error("enough"));
      return response;
    };
    await assert.rejects(
      world.store({ transport: cutting })
        .put("az://data/resumed", source, { sha256, signal: stop.signal }),
      /enough/,
    );
    const blob = (await service(world)).getContainerClient("data").getBlockBlobClient("resumed");
    const there = (await blob.getBlockList("uncommitted")).uncommittedBlocks?.length ?? 0;
    assert(there >= 3, `only ${there} blocks arrived before the abort`);
    await assert.rejects(world.store().stat("az://data/resumed"), NotFoundError);
    const second = noted();
    const store = world.store({ transport: second.transport });
    await store.put("az://data/resumed", source, { sha256, tier: "cool" });
    assert.equal(second.requests.filter(isStaging).length, 9 - there);
    const facts = await world.store().stat("az://data/resumed");
    assert.equal(facts.tier, "cool");
    assert.equal(facts.sha256, sha256);
    assert.equal(sha256Of(await readObject(world.store(), "az://data/resumed")), sha256);
  });

  await context.step("fetches only what is missing after an aborted download", async () => {
    await using folder = await tempFolder();
    const bytes = noise(70 * MIB);
    const options = {
      size: bytes.length,
      sha256: sha256Of(bytes),
      partialFolder: folder.join("partial"),
    };
    const path = folder.join("resumed.bin");
    const stop = new AbortController();
    const stopped = downloadToFile(world.store(), "az://data/resumed", path, {
      ...options,
      signal: stop.signal,
      progress: (event) =>
        event.state !== "plan" && event.bytes > 50 * MIB && stop.abort(new Error("enough")),
    });
    await assert.rejects(stopped, /enough/);
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    const { requests, transport } = noted();
    await downloadToFile(world.store({ transport }), "az://data/resumed", path, options);
    const ranges = requests.filter(({ method }) => method === "GET");
    // Of 50 MiB in ranges of 8 MiB, at most four were not complete.
    assert(ranges.length > 0 && ranges.length <= 9 - 2, `${ranges.length} ranges`);
    for (const { headers } of ranges) assert.notEqual(headers.get("If-Match"), null);
    assert.equal(sha256Of(await Deno.readFile(path)), options.sha256);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(options.partialFolder)), []);
  });

  await context.step("does not use the blocks of other content", async () => {
    const good = noise(20 * MIB, 5);
    const bad = new Uint8Array(good);
    bad[12 * MIB]! ^= 1;
    const sha256 = sha256Of(good);
    const uri = "az://data/liar";
    await assert.rejects(world.store().put(uri, bytesSource(bad), { sha256 }), IntegrityError);
    await assert.rejects(world.store().stat(uri), NotFoundError);
    const { requests, transport } = noted();
    await world.store({ transport }).put(uri, bytesSource(good), { sha256 });
    // The first block is equal, so it may be there already; those after the difference are not.
    assert(requests.filter(isStaging).length >= 2);
    assert.equal(sha256Of(await readObject(world.store(), uri)), sha256);
  });

  await context.step("stops every block when one fails for good", async () => {
    const transport: Transport = (request) =>
      isStaging(request) ? Promise.resolve(new Response(null, { status: 413 })) : fetch(request);
    const error = await failure(put(world.store({ transport }), "az://data/f", noise(40 * MIB)));
    assert(error instanceof TransferError);
    assert.equal(error.message, 'Cannot write "az://data/f": status 413');
  });

  await context.step("sends a block again when its connection was lost", async () => {
    let lost = 2;
    const transport: Transport = async (request) => {
      if (!isStaging(request) || lost-- <= 0) return await fetchTransport(request);
      await request.body?.cancel();
      throw new TypeError("connection reset");
    };
    const bytes = noise(20 * MIB, 9);
    await put(world.store({ transport }), "az://data/again", bytes);
    assert.equal(sha256Of(await readObject(world.store(), "az://data/again")), sha256Of(bytes));
  });
});

/** A port that nobody listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A network that never answers. */
function never(request: Request): Promise<Response> {
  return new Promise((_, reject) => {
    request.signal.addEventListener("abort", () => reject(request.signal.reason), { once: true });
  });
}

Deno.test("a login of Microsoft Entra ID signs the requests", async () => {
  const { requests, transport } = noted(() =>
    Promise.resolve(new Response(null, { status: 404, headers: { "x-ms-error-code": "x" } }))
  );
  const login = () =>
    Promise.resolve({
      getToken: () => Promise.resolve({ token: "t0ken", expiresOnTimestamp: Date.now() + 1e7 }),
    });
  const store = openObjectStore({ azure: { account: "acct", identity: true } }, {
    transport,
    login,
  });
  await assert.rejects(store.stat("az://data/k"), NotFoundError);
  assert.equal(requests[0]?.headers.get("Authorization"), "Bearer t0ken");
  assert.equal(requests[0]?.url, "https://acct.blob.core.windows.net/data/k");
});

Deno.test("a failed login of Microsoft Entra ID is said so", async () => {
  class CredentialUnavailableError extends Error {}
  const login = () =>
    Promise.resolve({
      getToken: () => Promise.reject(new CredentialUnavailableError("secret details")),
    });
  const store = openObjectStore({ azure: { account: "acct", identity: true } }, { login });
  const error = await failure(store.stat("az://data/k"));
  assert(error instanceof AccessDeniedError);
  assert.equal(error.facts.setting, "azureIdentity");
});
