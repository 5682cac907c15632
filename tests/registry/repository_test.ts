import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import {
  IntegrityError,
  NotFoundError,
  TransferError,
  UnsupportedError,
} from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { anonymousBlob, readContent, readManifest } from "../../src/oci/store.ts";
import type { RegistryRepository } from "../../src/registry/repository.ts";
import { fail, fakeClient, FakeRegistry, type Intercept } from "../support/fake_registry.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const CONFIG = encode({});

function manifestOf(extra: Record<string, unknown> = {}) {
  const config = describeBytes(MediaType.emptyJson, CONFIG);
  const document = { schemaVersion: 2, mediaType: MediaType.imageManifest, config, layers: [] };
  const bytes = encode({ ...document, ...extra });
  return { bytes, descriptor: describeBytes(MediaType.imageManifest, bytes) };
}

const PLAIN = manifestOf();
const OTHER = manifestOf({ annotations: { a: "b" } });

async function setup(intercept?: Intercept) {
  const registry = new FakeRegistry(intercept);
  await registry.addBlob("a", CONFIG);
  const client = fakeClient(registry.transport);
  return { registry, client, repository: client.repository("registry.test/a") };
}

const write = (repository: RegistryRepository, manifest = PLAIN) =>
  repository.write(manifest.descriptor, bytesSource(manifest.bytes));

/** Answers every request for a manifest's content. */
const manifestAnswer =
  (body: BodyInit, headers: HeadersInit = {}): Intercept => (request, { url }) =>
    request.method === "GET" && url.pathname.includes("/manifests/")
      ? new Response(body, { headers: { "Content-Type": MediaType.imageManifest, ...headers } })
      : undefined;

for (const told of ["", "  ", "\t"]) {
  Deno.test(`a digest that the registry tells as ${JSON.stringify(told)} is one it does not tell`, async () => {
    const { repository } = await setup((request) =>
      request.method === "PUT"
        ? new Response(null, { status: 201, headers: { "Docker-Content-Digest": told } })
        : request.method === "HEAD"
        ? new Response(null, { status: 404 })
        : manifestAnswer(PLAIN.bytes, { "Docker-Content-Digest": told })(
          request,
          { url: new URL(request.url) } as never,
        )
    );
    await write(repository);
    assert.deepEqual(await repository.resolve("v1"), PLAIN.descriptor);
  });
}

Deno.test("a manifest is written, tagged, resolved and read back", async () => {
  const { repository, registry } = await setup();
  await write(repository);
  await repository.tag(PLAIN.descriptor, "v1");
  assert.deepEqual(registry.log.map((line) => line.replace(PLAIN.descriptor.digest, "D")), [
    "HEAD /v2/a/manifests/D",
    "PUT /v2/a/manifests/D",
    "PUT /v2/a/manifests/v1",
  ]);
  assert.equal(registry.requests.at(-1)?.headers.get("Content-Type"), MediaType.imageManifest);
  assert.deepEqual(await repository.resolve("v1"), PLAIN.descriptor);
  assert.deepEqual(await readContent(repository, PLAIN.descriptor), PLAIN.bytes);
});

Deno.test("a pull of a manifest by tag is one request", async () => {
  const { client, repository, registry } = await setup();
  await write(repository);
  await repository.tag(PLAIN.descriptor, "v1");
  registry.requests.length = 0;
  const fresh = client.repository({ registry: "registry.test", repository: "a" });
  const document = await readManifest(fresh, await fresh.resolve("v1"));
  assert.equal(document.kind, "manifest");
  assert.deepEqual(registry.log, ["GET /v2/a/manifests/v1"]);
  assert.match(
    registry.requests[0]?.headers.get("Accept") ?? "",
    /oci\.image\.index.*manifest\.list/,
  );
});

Deno.test("a tag is asked for each time, so that a moved tag is seen", async () => {
  const { repository } = await setup();
  await write(repository);
  await write(repository, OTHER);
  await repository.tag(PLAIN.descriptor, "v1");
  assert.equal((await repository.resolve("v1")).digest, PLAIN.descriptor.digest);
  await repository.tag(OTHER.descriptor, "v1");
  assert.equal((await repository.resolve("v1")).digest, OTHER.descriptor.digest);
});

Deno.test("tag() reads the manifest where it is not in memory", async () => {
  const { client, repository, registry } = await setup();
  await write(repository);
  const fresh = client.repository("registry.test/a");
  await fresh.tag(PLAIN.descriptor, "v2");
  assert.deepEqual(await registry.catalog.repository("a").resolve("v2"), PLAIN.descriptor);
  await assert.rejects(fresh.tag(OTHER.descriptor, "v2"), NotFoundError);
});

Deno.test("what a registry does not have is not found", async () => {
  const { repository } = await setup();
  await assert.rejects(repository.resolve("none"), (error) => {
    assert(error instanceof NotFoundError);
    assert.match(error.message, /"registry\.test\/a:none"/);
    return true;
  });
  assert.equal(await repository.has(PLAIN.descriptor), false);
  await assert.rejects(repository.open(PLAIN.descriptor), NotFoundError);
});

Deno.test("has() uses GET where HEAD is not allowed", async () => {
  const { repository } = await setup((request) =>
    request.method === "HEAD" ? new Response(null, { status: 405 }) : undefined
  );
  assert.equal(await repository.has(PLAIN.descriptor), false);
});

Deno.test("has() takes a registry that cannot be asked not to have a manifest", async () => {
  const { repository } = await setup(() => new Response(null, { status: 405 }));
  assert.equal(await repository.has(PLAIN.descriptor), false);
});

Deno.test("a manifest whose bytes are not those of its digest is refused", async () => {
  const asked = await setup(manifestAnswer(OTHER.bytes));
  await assert.rejects(asked.repository.resolve(PLAIN.descriptor.digest), IntegrityError);
  await assert.rejects(asked.repository.open(PLAIN.descriptor), IntegrityError);
});

for (const told of [OTHER.descriptor.digest, "sha256:../../x", "sha256:0", "md5:0"]) {
  Deno.test(`a manifest that the registry calls ${told.slice(0, 20)} is refused`, async () => {
    const { repository } = await setup(
      manifestAnswer(PLAIN.bytes, { "Docker-Content-Digest": told }),
    );
    await assert.rejects(repository.resolve("v1"), IntegrityError);
  });
}

Deno.test("a manifest without a digest header has the digest of its bytes", async () => {
  const { repository } = await setup(manifestAnswer(PLAIN.bytes));
  assert.equal((await repository.resolve("v1")).digest, PLAIN.descriptor.digest);
});

Deno.test("a manifest may be named by SHA-512", async () => {
  const digest = digestBytes(PLAIN.bytes, "sha512");
  const { repository } = await setup(
    manifestAnswer(PLAIN.bytes, { "Docker-Content-Digest": digest }),
  );
  assert.equal((await repository.resolve("v1")).digest, digest);
  assert.equal((await repository.resolve(digest)).digest, digest);
});

const BAD_MANIFESTS: readonly (readonly [string, BodyInit, string, RegExp])[] = [
  ["a page", "<html>", "text/html", /it holds a page, not valid JSON: "<html>"$/],
  [
    "an index called a manifest",
    encode({ manifests: [] }),
    MediaType.imageManifest,
    /does not fit/,
  ],
  [
    "both forms at once",
    encode({ manifests: [], layers: [] }),
    "application/json",
    /both layers and/,
  ],
  ["an unknown type", PLAIN.bytes, "application/x-other", /delivered as|unknown media type/],
  [
    "a huge size",
    encode({ layers: [{ size: 2 ** 62 }] }),
    "application/json",
    /Cannot read manifest "v1" of registry.test\/a: 3 problems/,
  ],
  [
    "too many bytes",
    new Uint8Array(4 * 1024 * 1024 + 1),
    "application/json",
    /larger than 4194304/,
  ],
];

for (const [what, body, type, reason] of BAD_MANIFESTS) {
  Deno.test(`a manifest with ${what} is refused`, async () => {
    const { repository } = await setup(manifestAnswer(body, { "Content-Type": type }));
    await assert.rejects(repository.resolve("v1"), reason);
  });
}

Deno.test("a manifest's media type may carry parameters", async () => {
  const type = `${MediaType.imageManifest}; charset=utf-8`;
  const { repository } = await setup(manifestAnswer(PLAIN.bytes, { "Content-Type": type }));
  assert.equal((await repository.resolve("v1")).mediaType, MediaType.imageManifest);
});

Deno.test("a registry that stores a manifest under another digest is not believed", async () => {
  const { repository } = await setup((request) =>
    request.method === "PUT"
      ? new Response(null, {
        status: 201,
        headers: { "Docker-Content-Digest": OTHER.descriptor.digest },
      })
      : undefined
  );
  await assert.rejects(write(repository), IntegrityError);
});

Deno.test("a manifest that is not what its descriptor says is not sent", async () => {
  const { repository, registry } = await setup();
  const writing = repository.write(PLAIN.descriptor, bytesSource(OTHER.bytes));
  await assert.rejects(writing, IntegrityError);
  assert.equal(registry.log.length, 1);
});

for (const [status, hops] of [[307, 1], [308, 3], [308, 10]] as const) {
  Deno.test(`a manifest follows ${hops} redirects by ${status}, with its bytes`, async () => {
    let moved = 0;
    const { repository } = await setup((request) =>
      request.method === "PUT" && moved++ < hops
        ? new Response(null, { status, headers: { Location: `${request.url}?${moved}` } })
        : undefined
    );
    await write(repository);
    assert.deepEqual(await repository.resolve(PLAIN.descriptor.digest), PLAIN.descriptor);
    assert.equal(moved, hops + 1);
  });
}

for (
  const [what, headers] of [
    ["in a circle", (url: string) => ({ Location: url })],
    ["nowhere", () => ({})],
    ["to a file", () => ({ Location: "file:///etc/passwd" })],
  ] as const
) {
  Deno.test(`a manifest that a registry sends ${what} is not written`, async () => {
    const { registry, repository } = await setup((request) =>
      request.method === "PUT"
        ? new Response(null, { status: 308, headers: headers(request.url) as HeadersInit })
        : undefined
    );
    await assert.rejects(write(repository), TransferError);
    assert(registry.log.length <= 12);
  });
}

Deno.test("writing a manifest survives a server that is busy for a moment", async () => {
  let busy = 2;
  const { repository, registry } = await setup((request) =>
    request.method === "PUT" && busy-- > 0 ? fail(503, "X") : undefined
  );
  await write(repository);
  assert(await registry.catalog.repository("a").has(PLAIN.descriptor));
});

Deno.test("a manifest is written again when its digest is called wrong, as the CNCF registry does while another client pushes", async () => {
  let refusals = 1;
  const { repository, registry } = await setup((request, { url }) =>
    request.method === "PUT" && url.pathname.includes("/manifests/") && refusals-- > 0
      ? fail(400, "DIGEST_INVALID")
      : undefined
  );
  await write(repository);
  assert.deepEqual(await readContent(repository, PLAIN.descriptor), PLAIN.bytes);
  refusals = Infinity;
  await assert.rejects(write(repository, OTHER), IntegrityError);
  assert.equal(registry.log.filter((line) => line.startsWith("PUT")).length, 2 + 5);
});

Deno.test("a range of a manifest can be read", async () => {
  const { repository } = await setup();
  await write(repository);
  const stream = await repository.open(PLAIN.descriptor, { range: { start: 0, end: 1 } });
  assert.deepEqual(await Array.fromAsync(stream), [new TextEncoder().encode("{")]);
});

/** Two repositories of one client, the first with a blob. */
async function siblings(intercept?: Intercept) {
  const { registry, client, repository } = await setup(intercept);
  const blob = await registry.addBlob("a", new Uint8Array(10));
  return { registry, client, blob, from: repository, to: client.repository("registry.test/b") };
}

Deno.test("mount() takes a blob over from another repository of the registry", async () => {
  const { registry, blob, from, to } = await siblings();
  assert.equal(await to.mount(blob, from.origin()), true);
  assert(await registry.catalog.repository("b").has(blob));
  assert.deepEqual(registry.log, [
    `POST /v2/b/blobs/uploads/?mount=${encodeURIComponent(blob.digest)}&from=a`,
  ]);
});

Deno.test("mount() cancels the session that a registry opens instead", async () => {
  const { registry, client, blob, to } = await siblings();
  assert.equal(await to.mount(blob, client.repository("registry.test/empty").origin()), false);
  assert.deepEqual(await registry.unfinishedUploads(), []);
});

for (const status of [401, 403, 404, 405]) {
  Deno.test(`mount() answers ${status} with the ordinary way`, async () => {
    const { blob, from, to } = await siblings((request) =>
      request.method === "POST" ? fail(status, "DENIED") : undefined
    );
    assert.equal(await to.mount(blob, from.origin()), false);
  });
}

Deno.test("mount() asks only where it can work", async () => {
  const { registry, client, blob, from, to } = await siblings();
  const stranger = fakeClient(registry.transport).repository("registry.test/a");
  assert.equal(await to.mount(blob, client.repository("other.test/a").origin()), false);
  assert.equal(await to.mount(blob, stranger.origin()), false);
  assert.equal(await from.mount(blob, client.repository("registry.test/a").origin()), false);
  assert.equal(await to.mount(PLAIN.descriptor, from.origin()), false);
  assert.deepEqual(registry.log, []);
});

Deno.test("manifests, tags and blobs can be deleted", async () => {
  const { registry, repository } = await setup();
  await write(repository);
  await repository.tag(PLAIN.descriptor, "v1");
  await repository.untag("v1");
  assert.deepEqual(await Array.fromAsync(registry.catalog.repository("a").tags()), []);
  await repository.delete(PLAIN.descriptor);
  assert.equal(await registry.catalog.repository("a").has(PLAIN.descriptor), false);
  await assert.rejects(repository.resolve(PLAIN.descriptor.digest), NotFoundError);
  const blob = await registry.addBlob("a", new Uint8Array(1));
  await repository.delete(blob);
  await assert.rejects(repository.delete(blob), NotFoundError);
  await assert.rejects(repository.untag("v1"), NotFoundError);
});

Deno.test("a registry that does not delete is explained", async () => {
  const { repository, registry } = await setup((request) =>
    request.method === "DELETE" ? fail(405, "UNSUPPORTED") : undefined
  );
  await write(repository);
  const remedyOf = async (deleting: Promise<void>) => {
    const error = await deleting.then(() => undefined, (error) => error);
    assert(error instanceof UnsupportedError, String(error));
    return error.facts.remedy ?? "";
  };
  assert.match(await remedyOf(repository.untag("v1")), /by its digest/);
  assert.match(await remedyOf(repository.delete(PLAIN.descriptor)), /allow deleting/);
  assert(await registry.catalog.repository("a").has(PLAIN.descriptor));
});

function referrer(subject: Descriptor, artifactType: string) {
  return manifestOf({ subject, artifactType });
}

/** A registry that does not know referrers: no endpoint, and no word of subjects. */
const withoutReferrers: Intercept = async (request, { url, pass }) => {
  if (url.pathname.includes("/referrers/")) return fail(404, "NAME_UNKNOWN");
  const answer = await pass(request);
  answer.headers.delete("OCI-Subject");
  return answer;
};

for (const listsReferrers of [true, false]) {
  const where = listsReferrers ? "the endpoint" : "the tag";
  Deno.test(`referrers() come from ${where}`, async () => {
    const { repository } = await setup(listsReferrers ? undefined : withoutReferrers);
    await write(repository);
    const one = referrer(PLAIN.descriptor, "application/x-one");
    const two = referrer(PLAIN.descriptor, "application/x-two");
    await Promise.all([write(repository, one), write(repository, two)]);
    await write(repository, one);
    const list = async (artifactType?: string) =>
      (await Array.fromAsync(repository.referrers(PLAIN.descriptor, { artifactType })))
        .map(({ digest }) => digest).sort();
    const both = [one.descriptor.digest, two.descriptor.digest].sort();
    assert.deepEqual(await list(), both);
    assert.deepEqual(await list("application/x-two"), [two.descriptor.digest]);
    assert.deepEqual(await list("application/x-none"), []);
    await repository.delete(one.descriptor);
    assert.deepEqual(await list(), [two.descriptor.digest]);
  });
}

Deno.test("referrers() are none for a manifest that nobody refers to", async () => {
  const { registry, repository } = await setup(withoutReferrers);
  assert.deepEqual(await Array.fromAsync(repository.referrers(PLAIN.descriptor)), []);
  registry.requests.length = 0;
  await Array.fromAsync(repository.referrers(PLAIN.descriptor));
  assert.equal(registry.log.length, 1, "the missing endpoint is remembered");
});

Deno.test("referrers() does not take a page for a list", async () => {
  const { repository } = await setup((_, { url }) =>
    url.pathname.includes("/referrers/")
      ? new Response("<html>", { headers: { "Content-Type": "text/html" } })
      : undefined
  );
  assert.deepEqual(await Array.fromAsync(repository.referrers(PLAIN.descriptor)), []);
});

Deno.test("referrers() gives each once, and never the subject itself", async () => {
  const entry = { ...OTHER.descriptor, artifactType: "application/x" };
  const self = { ...PLAIN.descriptor };
  const blob = anonymousBlob(digestBytes(new Uint8Array(3)), 3);
  const { repository } = await setup((_, { url }) =>
    url.pathname.includes("/referrers/")
      ? Response.json({ manifests: [entry, self, entry, blob] }, {
        headers: { "Content-Type": MediaType.imageIndex },
      })
      : undefined
  );
  const found = await Array.fromAsync(repository.referrers(PLAIN.descriptor));
  assert.deepEqual(found.map(({ digest }) => digest), [OTHER.descriptor.digest]);
});

Deno.test("referrers() fails where the registry fails", async () => {
  const { repository } = await setup((_, { url }) =>
    url.pathname.includes("/referrers/") ? fail(500, "UNKNOWN") : undefined
  );
  await assert.rejects(Array.fromAsync(repository.referrers(PLAIN.descriptor)), TransferError);
});
