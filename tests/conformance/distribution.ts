/**
 * What every registry of ours has to do, over whatever catalog: the endpoints of the distribution
 * specification and the manners of its clients.
 * @module
 */
import assert from "node:assert/strict";
import { digestBytes, EMPTY_DIGEST } from "../../src/core/digest.ts";
import { MANIFEST_SIZE_LIMIT } from "../../src/oci/manifest.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import {
  assertFault,
  type Handle,
  header,
  json,
  RegistryClient,
  sampleArtifact,
  utf8,
} from "./distribution_client.ts";

/** A registry under test; disposing it removes what it stored. */
export interface RegistryUnderTest extends AsyncDisposable {
  readonly handle: Handle;
}

/** Registers the suite for one kind of catalog; every test gets a registry of its own. */
export function distributionConformance(
  name: string,
  makeHandler: () => Promise<RegistryUnderTest>,
): void {
  for (const [sentence, run] of Object.entries(CASES)) {
    Deno.test(`${name}: ${sentence}`, async () => {
      await using registry = await makeHandler();
      await run(new RegistryClient(registry.handle));
    });
  }
}

type Case = (client: RegistryClient) => Promise<void>;

const UNKNOWN = `sha256:${"0".repeat(64)}`;
const BLOB = utf8("0123456789");
const BLOB_DIGEST = digestBytes(BLOB);

const BASE: Record<string, Case> = {
  "GET /v2/ answers 200 with the API version": async (client) => {
    for (const path of ["/v2/", "/v2"]) {
      const answer = await client.send("GET", path);
      assert.equal(answer.status, 200);
      assert.equal(header(answer, "docker-distribution-api-version"), "registry/2.0");
    }
  },
  "a path outside the protocol is 404": async (client) => {
    for (const path of ["/", "/v1/", "/v2/demo", "/v2/demo/what/ever", "/v3/demo/tags/list"]) {
      assertFault(await client.send("GET", path), 404, "UNSUPPORTED");
    }
  },
  "a method that a path does not take is 405 and names those it takes": async (client) => {
    const allowed = {
      "/v2/": "GET, HEAD",
      "/v2/_catalog": "GET, HEAD",
      "/v2/demo/tags/list": "GET, HEAD",
      "/v2/demo/manifests/v1": "DELETE, GET, HEAD, PUT",
      [`/v2/demo/blobs/${UNKNOWN}`]: "DELETE, GET, HEAD",
      "/v2/demo/blobs/uploads/": "POST",
      "/v2/demo/blobs/uploads/x": "DELETE, GET, HEAD, PATCH, PUT",
      [`/v2/demo/referrers/${UNKNOWN}`]: "GET, HEAD",
    };
    for (const [path, methods] of Object.entries(allowed)) {
      const answer = await client.send("OPTIONS", path);
      assertFault(answer, 405, "UNSUPPORTED");
      assert.equal(header(answer, "allow"), methods);
    }
  },
  "a malformed repository name is NAME_INVALID": async (client) => {
    const names = ["Demo", "a//b", "-a", "a_", "a/_layers", ".hidden", "a:b", "x".repeat(256)];
    for (const name of [...names, "%2e%2e%5c", "a/b:5000", "ho_st:5000/a", "[x]:1/a"]) {
      assertFault(await client.send("GET", `/v2/${name}/tags/list`), 400, "NAME_INVALID");
      assertFault(await client.send("POST", `/v2/${name}/blobs/uploads/`), 400, "NAME_INVALID");
    }
  },
  "an encoded slash never becomes a separator": async (client) => {
    await client.push("a/b", "v1");
    assertFault(await client.send("GET", "/v2/a%2Fb/manifests/v1"), 404, "UNSUPPORTED");
    assertFault(await client.send("GET", "/v2/a/..%2Fa/b/manifests/v1"), 404, "UNSUPPORTED");
  },
  "names may start with a host, as those of the local store do": async (client) => {
    for (const name of ["localhost:5000/demo", "registry.test/a/b", "[::1]:5000/demo"]) {
      const digest = await client.push(name, "v1");
      const answer = await client.send("GET", `/v2/${name}/manifests/v1`);
      assert.equal(header(answer, "docker-content-digest"), digest);
      const encoded = encodeURIComponent(name).replaceAll("%2F", "/");
      assert.equal((await client.send("HEAD", `/v2/${encoded}/manifests/v1`)).status, 200);
    }
    const { repositories } = json(await client.send("GET", "/v2/_catalog"));
    assert.deepEqual(repositories, ["[::1]:5000/demo", "localhost:5000/demo", "registry.test/a/b"]);
  },
};

const PULL: Record<string, Case> = {
  "a manifest comes back byte for byte, by tag and by digest": async (client) => {
    const { manifest } = sampleArtifact();
    const digest = await client.push("demo", "v1");
    for (const target of ["v1", digest, digest.replace(":", "%3A")]) {
      const answer = await client.send("GET", `/v2/demo/manifests/${target}`);
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.bytes, manifest);
      assert.equal(header(answer, "content-type"), MediaType.imageManifest);
      assert.equal(header(answer, "docker-content-digest"), digest);
      assert.equal(header(answer, "content-length"), `${manifest.byteLength}`);
    }
  },
  "HEAD answers like GET, without the body": async (client) => {
    const manifest = await client.push("demo", "v1");
    const blob = await client.pushBlob("demo", BLOB);
    const upload = await client.startUpload("demo");
    for (
      const path of [
        ...["/v2/", "/v2/_catalog", "/v2/_catalog?n=1", upload],
        ...["manifests/v1", `manifests/${manifest}`, `blobs/${blob}`].map((path) =>
          `/v2/demo/${path}`
        ),
        ...["tags/list", "tags/list?n=0", `referrers/${manifest}?artifactType=a/b`].map((path) =>
          `/v2/demo/${path}`
        ),
        ...["/v2/demo/manifests/none", "/v2/none/tags/list", `/v2/demo/blobs/${UNKNOWN}`],
      ]
    ) {
      const get = await client.send("GET", path);
      const head = await client.send("HEAD", path);
      assert.equal(head.bytes.byteLength, 0);
      assert.equal(head.status, get.status, path);
      assert.deepEqual([...head.headers], [...get.headers]);
      if (path !== upload) assert.equal(header(head, "content-length"), `${get.bytes.byteLength}`);
    }
  },
  "Accept does not decide whether a manifest is found": async (client) => {
    await client.push("demo", "v1");
    const headers = { accept: "application/json" };
    assert.equal((await client.send("GET", "/v2/demo/manifests/v1", { headers })).status, 200);
  },
  "a manifest that is not here is MANIFEST_UNKNOWN": async (client) => {
    await client.push("demo", "v1");
    for (const target of ["v2", UNKNOWN, ".INVALID", "x".repeat(129)]) {
      assertFault(
        await client.send("GET", `/v2/demo/manifests/${target}`),
        404,
        "MANIFEST_UNKNOWN",
      );
      const head = await client.send("HEAD", `/v2/demo/manifests/${target}`);
      assert.deepEqual([head.status, head.bytes.byteLength], [404, 0]);
    }
    assertFault(await client.send("GET", "/v2/other/manifests/v1"), 404, "MANIFEST_UNKNOWN");
  },
  "a blob is no manifest": async (client) => {
    const digest = await client.pushBlob("demo", sampleArtifact().manifest);
    assertFault(await client.send("GET", `/v2/demo/manifests/${digest}`), 404, "MANIFEST_UNKNOWN");
  },
  "a malformed digest is DIGEST_INVALID": async (client) => {
    const digests = ["sha256:abc", `sha256:${"A".repeat(64)}`, "md5:00", "sha256:..", ":", "a:b:c"];
    for (const digest of digests) {
      for (const kind of ["manifests", "blobs", "referrers"]) {
        assertFault(await client.send("GET", `/v2/demo/${kind}/${digest}`), 400, "DIGEST_INVALID");
      }
    }
  },
  "a blob comes back whole": async (client) => {
    const digest = await client.pushBlob("demo", BLOB);
    const answer = await client.send("GET", `/v2/demo/blobs/${digest}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.bytes, BLOB);
    assert.equal(header(answer, "docker-content-digest"), digest);
    assert.equal(header(answer, "accept-ranges"), "bytes");
  },
  "an empty blob is a blob": async (client) => {
    assert.equal(await client.pushBlob("demo", new Uint8Array()), EMPTY_DIGEST);
    const answer = await client.send("GET", `/v2/demo/blobs/${EMPTY_DIGEST}`);
    assert.deepEqual([answer.status, answer.bytes.byteLength], [200, 0]);
    assert.equal(header(answer, "content-length"), "0");
  },
  "a blob of another repository is BLOB_UNKNOWN": async (client) => {
    const digest = await client.pushBlob("demo", BLOB);
    assertFault(await client.send("GET", `/v2/other/blobs/${digest}`), 404, "BLOB_UNKNOWN");
    assertFault(await client.send("GET", `/v2/demo/blobs/${UNKNOWN}`), 404, "BLOB_UNKNOWN");
    assert.equal((await client.send("HEAD", `/v2/demo/blobs/${UNKNOWN}`)).status, 404);
  },
  "one range of a blob is 206, and one outside of it 416": async (client) => {
    const path = `/v2/demo/blobs/${await client.pushBlob("demo", BLOB)}`;
    const wanted: [string, number, string, string | null][] = [
      ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
      ["bytes=4-", 206, "456789", "bytes 4-9/10"],
      ["bytes=-2", 206, "89", "bytes 8-9/10"],
      ["bytes=9-99", 206, "9", "bytes 9-9/10"],
      ["bytes=0-1,4-5", 200, "0123456789", null],
      ["bytes=5-2", 200, "0123456789", null],
      ["lines=0-1", 200, "0123456789", null],
    ];
    for (const [range, status, text, contentRange] of wanted) {
      const answer = await client.send("GET", path, { headers: { range } });
      assert.equal(answer.status, status, range);
      assert.equal(new TextDecoder().decode(answer.bytes), text);
      assert.equal(answer.headers.get("content-range"), contentRange);
      assert.equal(header(answer, "content-length"), `${text.length}`);
    }
    for (const range of ["bytes=10-", "bytes=99-100", "bytes=-0"]) {
      const answer = await client.send("GET", path, { headers: { range } });
      assert.equal(answer.status, 416);
      assert.equal(header(answer, "content-range"), "bytes */10");
    }
  },
  "validators spare known content and guard ranges": async (client) => {
    const manifest = await client.push("demo", "v1");
    const blob = await client.pushBlob("demo", BLOB);
    for (
      const [path, digest] of [["manifests/v1", manifest], [`blobs/${blob}`, blob]] as const
    ) {
      for (
        const [status, name, value] of [
          [304, "if-none-match", `"other", W/"${digest}"`],
          [304, "if-none-match", "*"],
          [200, "if-none-match", digest],
          [200, "if-match", `"other", "${digest}"`],
          [200, "if-match", "*"],
          [412, "if-match", '"other"'],
        ] as const
      ) {
        for (const method of ["GET", "HEAD"]) {
          const answer = await client.send(method, `/v2/demo/${path}`, {
            headers: { [name]: value },
          });
          assert.equal(answer.status, status, `${method} ${name}: ${value}`);
          if (status === 304) assert.equal(header(answer, "etag"), `"${digest}"`);
        }
      }
    }
    const headers = { range: "bytes=0-1", "if-range": '"other"' };
    assert.equal((await client.send("GET", `/v2/demo/blobs/${blob}`, { headers })).status, 200);
  },
};

const UPLOADS: Record<string, Case> = {
  "POST with a digest takes a whole blob": async (client) => {
    const path = `/v2/demo/blobs/uploads/?digest=${BLOB_DIGEST}`;
    const answer = await client.send("POST", path, { body: BLOB });
    assert.equal(answer.status, 201);
    assert.equal(header(answer, "location"), `/v2/demo/blobs/${BLOB_DIGEST}`);
    assert.equal(header(answer, "docker-content-digest"), BLOB_DIGEST);
    assert.deepEqual((await client.send("GET", header(answer, "location"))).bytes, BLOB);
  },
  "POST, then PUT with the whole blob": async (client) => {
    const answer = await client.send("POST", "/v2/demo/blobs/uploads/");
    assert.equal(answer.status, 202);
    assert.equal(header(answer, "range"), "0-0");
    const location = header(answer, "location");
    assert.equal(location, `/v2/demo/blobs/uploads/${header(answer, "docker-upload-uuid")}`);
    const put = await client.send("PUT", `${location}?digest=${BLOB_DIGEST}`, { body: BLOB });
    assert.equal(put.status, 201);
    assert.deepEqual((await client.send("GET", header(put, "location"))).bytes, BLOB);
    assertFault(await client.send("GET", location), 404, "BLOB_UPLOAD_UNKNOWN");
  },
  "the uploads path works without its last slash": async (client) => {
    assert.equal((await client.send("POST", "/v2/demo/blobs/uploads")).status, 202);
  },
  "chunks in order, the last one with PUT": async (client) => {
    let location = await client.startUpload("demo");
    for (const [range, part] of [["0-3", BLOB.slice(0, 4)], ["4-6", BLOB.slice(4, 7)]] as const) {
      const headers = { "content-range": range, "content-length": `${part.byteLength}` };
      const answer = await client.send("PATCH", location, { headers, body: part });
      assert.equal(answer.status, 202);
      assert.equal(header(answer, "range"), `0-${range.split("-")[1]}`);
      location = header(answer, "location");
    }
    const put = await client.send("PUT", `${location}?digest=${BLOB_DIGEST}`, {
      headers: { "content-range": "7-9" },
      body: BLOB.slice(7),
    });
    assert.equal(put.status, 201);
    assert.deepEqual((await client.send("GET", header(put, "location"))).bytes, BLOB);
  },
  "a stream of unknown length, then PUT without a body": async (client) => {
    const location = await client.startUpload("demo");
    const body = ReadableStream.from([BLOB.slice(0, 5), BLOB.slice(5)]);
    const answer = await client.send("PATCH", location, { body });
    assert.equal(answer.status, 202);
    assert.equal(header(answer, "range"), "0-9");
    const put = await client.send("PUT", `${location}?digest=${BLOB_DIGEST}`);
    assert.equal(put.status, 201);
  },
  "a chunk out of order is 416 and tells where to go on": async (client) => {
    const location = await client.startUpload("demo");
    await client.send("PATCH", location, { body: BLOB.slice(0, 4) });
    for (const range of ["5-9", "0-3", "bytes 3-9/*"]) {
      for (const method of ["PATCH", "PUT"]) {
        const path = method === "PUT" ? `${location}?digest=${BLOB_DIGEST}` : location;
        const headers = { "content-range": range };
        const answer = await client.send(method, path, { headers, body: BLOB });
        assertFault(answer, 416, "BLOB_UPLOAD_INVALID");
        assert.equal(header(answer, "range"), "0-3");
        assert.equal(header(answer, "location"), location);
      }
    }
    const rest = { headers: { "content-range": "4-9" }, body: BLOB.slice(4) };
    const put = await client.send("PUT", `${location}?digest=${BLOB_DIGEST}`, rest);
    assert.equal(put.status, 201);
  },
  "a chunk that is not as long as it says is SIZE_INVALID": async (client) => {
    const location = await client.startUpload("demo");
    const short = { headers: { "content-range": "0-7" }, body: BLOB.slice(0, 4) };
    assertFault(await client.send("PATCH", location, short), 400, "SIZE_INVALID");
    assert.equal(header(await client.send("GET", location), "range"), "0-3");
    const long = { headers: { "content-range": "4-5" }, body: BLOB.slice(4) };
    assertFault(await client.send("PATCH", location, long), 400, "SIZE_INVALID");
    assert.equal(header(await client.send("GET", location), "range"), "0-3");
    const torn = { headers: { "content-range": "4-5", "content-length": "6" }, body: BLOB };
    assertFault(await client.send("PATCH", location, torn), 400, "SIZE_INVALID");
    const senseless = { headers: { "content-range": "five" }, body: BLOB };
    assertFault(await client.send("PATCH", location, senseless), 400, "BLOB_UPLOAD_INVALID");
  },
  "an upload goes on where a broken connection left it": async (client) => {
    const location = await client.startUpload("demo");
    const broken = ReadableStream.from((async function* () {
      yield BLOB.slice(0, 6);
      throw new Error("connection reset");
    })());
    const answer = await client.send("PATCH", location, { body: broken });
    assertFault(answer, 400, "BLOB_UPLOAD_INVALID");
    const status = await client.send("GET", location);
    assert.equal(status.status, 204);
    assert.equal(header(status, "range"), "0-5");
    const rest = { headers: { "content-range": "6-9" }, body: BLOB.slice(6) };
    assert.equal((await client.send("PATCH", location, rest)).status, 202);
    const put = await client.send("PUT", `${location}?digest=${BLOB_DIGEST}`);
    assert.equal(put.status, 201);
  },
  "a second writer is turned away and mixes nothing in": async (client) => {
    const location = await client.startUpload("demo");
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slow = ReadableStream.from((async function* () {
      yield BLOB.slice(0, 5);
      begun.resolve();
      await gate.promise;
      yield BLOB.slice(5);
    })());
    const first = client.send("PATCH", location, { body: slow });
    await begun.promise;
    for (const method of ["PATCH", "PUT"]) {
      const path = method === "PUT" ? `${location}?digest=${BLOB_DIGEST}` : location;
      const second = await client.send(method, path, { body: utf8("intruder") });
      assertFault(second, 409, "BLOB_UPLOAD_INVALID");
    }
    assert.equal(header(await client.send("GET", location), "range"), "0-4");
    gate.resolve();
    assert.equal((await first).status, 202);
    const put = await client.send("PUT", `${location}?digest=${BLOB_DIGEST}`);
    assert.equal(put.status, 201);
  },
  "an upload whose writer is silent can be cancelled": async (client) => {
    for (const [method, count] of [["PATCH", 5], ["PATCH", 0], ["PUT", 5], ["PUT", 0]] as const) {
      const location = await client.startUpload("demo");
      const begun = Promise.withResolvers<void>();
      // Without a byte it may still be opened when it is cancelled.
      const silent = new ReadableStream({
        start: (stream) => count > 0 ? stream.enqueue(BLOB.slice(0, count)) : undefined,
        pull: () => begun.resolve(),
      });
      const path = method === "PUT" ? `${location}?digest=${BLOB_DIGEST}` : location;
      const writer = client.send(method, path, { body: silent });
      await begun.promise;
      assert.equal((await client.send("DELETE", location)).status, 204);
      assertFault(await writer, 404, "BLOB_UPLOAD_UNKNOWN");
      assertFault(await client.send("GET", location), 404, "BLOB_UPLOAD_UNKNOWN");
    }
  },
  "bytes of another digest are DIGEST_INVALID and stay unknown": async (client) => {
    const post = `/v2/demo/blobs/uploads/?digest=${UNKNOWN}`;
    assertFault(await client.send("POST", post, { body: BLOB }), 400, "DIGEST_INVALID");
    const location = await client.startUpload("demo");
    const put = await client.send("PUT", `${location}?digest=${UNKNOWN}`, { body: BLOB });
    assertFault(put, 400, "DIGEST_INVALID");
    for (const digest of [UNKNOWN, BLOB_DIGEST]) {
      assert.equal((await client.send("HEAD", `/v2/demo/blobs/${digest}`)).status, 404);
    }
  },
  "PUT without a usable digest leaves the upload as it was": async (client) => {
    const location = await client.startUpload("demo");
    for (const query of ["", "?digest=", "?digest=sha256:abc", "?digest=md5:0"]) {
      assertFault(await client.send("PUT", `${location}${query}`), 400, "DIGEST_INVALID");
    }
    const put = await client.send("PUT", `${location}?digest=${BLOB_DIGEST}`, { body: BLOB });
    assert.equal(put.status, 201);
  },
  "a blob may be named by SHA-512": async (client) => {
    const digest = digestBytes(BLOB, "sha512");
    const path = `/v2/demo/blobs/uploads/?digest=${digest}`;
    assert.equal((await client.send("POST", path, { body: BLOB })).status, 201);
    assert.deepEqual((await client.send("GET", `/v2/demo/blobs/${digest}`)).bytes, BLOB);
  },
  "a cancelled upload is gone": async (client) => {
    const location = await client.startUpload("demo");
    assert.equal((await client.send("DELETE", location)).status, 204);
    for (const method of ["GET", "PATCH", "DELETE"]) {
      assertFault(await client.send(method, location), 404, "BLOB_UPLOAD_UNKNOWN");
    }
    const put = await client.send("PUT", `${location}?digest=${BLOB_DIGEST}`, { body: BLOB });
    assertFault(put, 404, "BLOB_UPLOAD_UNKNOWN");
  },
  "an upload belongs to its repository": async (client) => {
    const location = await client.startUpload("demo");
    const elsewhere = location.replace("/demo/", "/other/");
    assertFault(await client.send("GET", elsewhere), 404, "BLOB_UPLOAD_UNKNOWN");
    for (const id of ["..", ".", "x", "%00", "a%5Cb"]) {
      const answer = await client.send("PATCH", `/v2/demo/blobs/uploads/${id}`);
      assert.ok(answer.status === 404 || answer.status === 405, `${id}: ${answer.status}`);
    }
  },
  "a blob is mounted from a repository that has it": async (client) => {
    await client.pushBlob("source", BLOB);
    const path = `/v2/target/blobs/uploads/?mount=${BLOB_DIGEST}&from=source`;
    const answer = await client.send("POST", path);
    assert.equal(answer.status, 201);
    assert.equal(header(answer, "location"), `/v2/target/blobs/${BLOB_DIGEST}`);
    assert.deepEqual((await client.send("GET", header(answer, "location"))).bytes, BLOB);
  },
  "a mount that is not possible starts an upload": async (client) => {
    await client.pushBlob("source", BLOB);
    for (
      const from of ["&from=nowhere", "", "&from=..%2Fsource", "&from=Source", "&from=[.]:1/a"]
    ) {
      const path = `/v2/target/blobs/uploads/?mount=${BLOB_DIGEST}${from}`;
      const answer = await client.send("POST", path);
      assert.equal(answer.status, 202);
      const put = `${header(answer, "location")}?digest=${BLOB_DIGEST}`;
      assert.equal((await client.send("PUT", put, { body: BLOB })).status, 201);
      await client.send("DELETE", `/v2/target/blobs/${BLOB_DIGEST}`);
    }
    const malformed = "/v2/target/blobs/uploads/?mount=sha256:abc&from=source";
    assertFault(await client.send("POST", malformed), 400, "DIGEST_INVALID");
  },
};

const MANIFESTS: Record<string, Case> = {
  "PUT answers with digest and location": async (client) => {
    const { blobs, manifest } = sampleArtifact();
    for (const blob of blobs) await client.pushBlob("demo", blob);
    const digest = digestBytes(manifest);
    const answer = await client.pushManifest("demo", "v1", manifest);
    assert.equal(answer.status, 201);
    assert.equal(header(answer, "docker-content-digest"), digest);
    assert.equal(header(answer, "location"), `/v2/demo/manifests/${digest}`);
    assert.equal(answer.headers.get("oci-subject"), null);
  },
  "PUT under a digest makes no tag, and the digest has to match": async (client) => {
    const { manifest } = sampleArtifact();
    await client.push("demo", digestBytes(manifest));
    assert.deepEqual(json(await client.send("GET", "/v2/demo/tags/list")).tags, []);
    assertFault(await client.pushManifest("demo", UNKNOWN, manifest), 400, "DIGEST_INVALID");
    assertFault(await client.pushManifest("demo", "sha256:abc", manifest), 400, "DIGEST_INVALID");
  },
  "a tag moves to the manifest that was put last": async (client) => {
    const first = await client.push("demo", "v1");
    const second = await client.push("demo", "v1", sampleArtifact({ layer: "retrained" }));
    const head = await client.send("HEAD", "/v2/demo/manifests/v1");
    assert.equal(header(head, "docker-content-digest"), second);
    assert.equal((await client.send("HEAD", `/v2/demo/manifests/${first}`)).status, 200);
  },
  "a manifest whose blobs are not all here is MANIFEST_BLOB_UNKNOWN": async (client) => {
    const { blobs, manifest } = sampleArtifact();
    await client.pushBlob("elsewhere", blobs[1]!);
    await client.pushBlob("demo", blobs[0]!);
    const answer = await client.pushManifest("demo", "v1", manifest);
    assertFault(answer, 400, "MANIFEST_BLOB_UNKNOWN");
    assert.deepEqual(json(answer).errors.map((error: { detail: unknown }) => error.detail), [
      { digest: digestBytes(blobs[1]!) },
    ]);
    assert.equal((await client.send("HEAD", "/v2/demo/manifests/v1")).status, 404);
  },
  "a layer that is fetched from elsewhere need not be here": async (client) => {
    const config = utf8("{}");
    const digest = await client.pushBlob("demo", config);
    const foreign = { mediaType: "application/vnd.test.foreign", digest: UNKNOWN, size: 7 };
    const manifest = (urls: string[]) =>
      utf8(JSON.stringify({
        schemaVersion: 2,
        mediaType: MediaType.dockerManifest,
        config: { mediaType: "application/vnd.test.config", digest, size: config.byteLength },
        layers: [{ ...foreign, urls }],
      }));
    const push = (urls: string[]) =>
      client.pushManifest("demo", "v1", manifest(urls), MediaType.dockerManifest);
    assert.equal((await push(["https://registry.test/layer"])).status, 201);
    assertFault(await push([]), 400, "MANIFEST_BLOB_UNKNOWN");
  },
  "indexes and manifest lists work, and need their manifests": async (client) => {
    const { manifest } = sampleArtifact();
    const child = {
      mediaType: MediaType.imageManifest,
      digest: digestBytes(manifest),
      size: manifest.byteLength,
      platform: { architecture: "amd64", os: "linux" },
    };
    for (const mediaType of [MediaType.imageIndex, MediaType.dockerManifestList]) {
      const name = `demo${mediaType.length}`;
      const index = utf8(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [child] }));
      const early = await client.pushManifest(name, "v1", index, mediaType);
      assertFault(early, 400, "MANIFEST_BLOB_UNKNOWN");
      await client.push(name, child.digest);
      assert.equal((await client.pushManifest(name, "v1", index, mediaType)).status, 201);
      const answer = await client.send("GET", `/v2/${name}/manifests/v1`);
      assert.deepEqual(answer.bytes, index);
      assert.equal(header(answer, "content-type"), mediaType);
    }
  },
  "Content-Type may have parameters, be general or be missing": async (client) => {
    const { manifest } = sampleArtifact();
    await client.push("demo", "v1");
    for (const type of [`${MediaType.imageManifest}; charset=utf-8`, "application/json"]) {
      assert.equal((await client.pushManifest("demo", "v2", manifest, type)).status, 201);
    }
    const answer = await client.send("PUT", "/v2/demo/manifests/v3", { body: manifest });
    assert.equal(answer.status, 201);
  },
  "what is no usable manifest is MANIFEST_INVALID": async (client) => {
    const { manifest } = sampleArtifact();
    await client.push("demo", "v1");
    const both = JSON.stringify({ schemaVersion: 2, layers: [], manifests: [] });
    const bodies = ["", "{", "[]", "null", "\ufeff{}", both, '{"layers":[{"size":-1}]}'];
    for (const body of bodies) {
      assertFault(await client.pushManifest("demo", "v2", utf8(body)), 400, "MANIFEST_INVALID");
    }
    const asIndex = await client.pushManifest("demo", "v2", manifest, MediaType.imageIndex);
    assertFault(asIndex, 400, "MANIFEST_INVALID");
    assertFault(await client.pushManifest("demo", "v2", manifest, "a/b"), 400, "MANIFEST_INVALID");
    const schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    const old = await client.pushManifest("demo", "v2", utf8('{"schemaVersion":1}'), schema1);
    assertFault(old, 400, "MANIFEST_INVALID");
    assertFault(await client.pushManifest("demo", ".v", manifest), 400, "MANIFEST_INVALID");
  },
  "a manifest above 4 MiB is 413, whether it says its length or not": async (client) => {
    const body = new Uint8Array(MANIFEST_SIZE_LIMIT + 1);
    const declared = { headers: { "content-length": `${body.byteLength}` }, body };
    const path = "/v2/demo/manifests/v1";
    assertFault(await client.send("PUT", path, declared), 413, "SIZE_INVALID");
    const streamed = { body: ReadableStream.from([body.slice(9), body.slice(0, 9)]) };
    assertFault(await client.send("PUT", path, streamed), 413, "SIZE_INVALID");
  },
};

const CONDITIONS: Record<string, Case> = {
  "a tag is written only as its writer expects it": async (client) => {
    const first = await client.push("demo", "v1");
    const { manifest } = sampleArtifact({ annotations: { other: "yes" } });
    const put = async (target: string, headers: Record<string, string>) => {
      const parts = { headers: { "content-type": MediaType.imageManifest, ...headers } };
      const path = `/v2/demo/manifests/${target}`;
      return (await client.send("PUT", path, { ...parts, body: manifest })).status;
    };
    assert.equal(await put("v1", { "if-none-match": "*" }), 412);
    assert.equal(await put("v1", { "if-match": `"${UNKNOWN}"` }), 412);
    assert.equal(await put("v2", { "if-match": "*" }), 412);
    const { headers } = await client.send("GET", "/v2/demo/manifests/v1");
    assert.equal(headers.get("docker-content-digest"), first);
    assert.equal(await put("v1", { "if-match": `"${first}"` }), 201);
    assert.equal(await put("v1", { "if-match": `"${first}"` }), 412);
    assert.equal(await put("v2", { "if-none-match": "*" }), 201);
    const both = await Promise.all([1, 2, 3].map(() => put("v3", { "if-none-match": "*" })));
    assert.deepEqual(both.sort(), [201, 412, 412]);
  },
  "a manifest is deleted only as its owner expects it": async (client) => {
    const digest = await client.push("demo", "v1");
    for (const target of ["v1", digest]) {
      const path = `/v2/demo/manifests/${target}`;
      const headers = { "if-match": `"${UNKNOWN}"` };
      assertFault(await client.send("DELETE", path, { headers }), 412, "DENIED");
      assert.equal((await client.send("HEAD", path)).status, 200);
    }
    const headers = { "if-match": `"${digest}"` };
    const path = "/v2/demo/manifests/v1";
    assert.equal((await client.send("DELETE", path, { headers })).status, 202);
    assertFault(await client.send("DELETE", path, { headers }), 412, "DENIED");
  },
};

const DELETION: Record<string, Case> = {
  "deleting a tag leaves the manifest": async (client) => {
    const digest = await client.push("demo", "v1");
    assert.equal((await client.send("DELETE", "/v2/demo/manifests/v1")).status, 202);
    assert.equal((await client.send("GET", "/v2/demo/manifests/v1")).status, 404);
    assert.equal((await client.send("GET", `/v2/demo/manifests/${digest}`)).status, 200);
    const again = await client.send("DELETE", "/v2/demo/manifests/v1");
    assertFault(again, 404, "MANIFEST_UNKNOWN");
  },
  "deleting a manifest deletes its tags": async (client) => {
    const digest = await client.push("demo", "v1");
    await client.push("demo", "v2");
    await client.push("demo", "other", sampleArtifact({ layer: "other" }));
    assert.equal((await client.send("DELETE", `/v2/demo/manifests/${digest}`)).status, 202);
    for (const target of ["v1", "v2", digest]) {
      assert.equal((await client.send("GET", `/v2/demo/manifests/${target}`)).status, 404);
    }
    assert.deepEqual(json(await client.send("GET", "/v2/demo/tags/list")).tags, ["other"]);
    const again = await client.send("DELETE", `/v2/demo/manifests/${digest}`);
    assertFault(again, 404, "MANIFEST_UNKNOWN");
  },
  "deleting a blob takes it out of its repository only": async (client) => {
    await client.pushBlob("demo", BLOB);
    await client.pushBlob("other", BLOB);
    const path = `/v2/demo/blobs/${BLOB_DIGEST}`;
    assert.equal((await client.send("DELETE", path)).status, 202);
    assertFault(await client.send("GET", path), 404, "BLOB_UNKNOWN");
    assertFault(await client.send("DELETE", path), 404, "BLOB_UNKNOWN");
    assert.equal((await client.send("GET", `/v2/other/blobs/${BLOB_DIGEST}`)).status, 200);
  },
};

const LISTS: Record<string, Case> = {
  "a manifest pushed by its digest takes the tags of the query": async (client) => {
    const digest = await client.push("demo", "v1");
    const { bytes } = await client.send("GET", "/v2/demo/manifests/v1");
    const tags = ["v2", "latest", "v2"].map((tag) => `tag=${tag}`).join("&");
    const put = await client.send("PUT", `/v2/demo/manifests/${digest}?${tags}`, { body: bytes });
    assert.equal(put.status, 201);
    assert.equal(header(put, "oci-tag"), "v2, latest");
    const { tags: all } = json(await client.send("GET", "/v2/demo/tags/list"));
    assert.deepEqual(all, ["latest", "v1", "v2"]);
    const wrong = `/v2/demo/manifests/${digest}?tag=fine&tag=.wrong`;
    assertFault(await client.send("PUT", wrong, { body: bytes }), 400, "MANIFEST_INVALID");
    const many = Array.from({ length: 101 }, (_, index) => `tag=t${index}`).join("&");
    const tooMany = `/v2/demo/manifests/${digest}?${many}`;
    assertFault(await client.send("PUT", tooMany, { body: bytes }), 414, "MANIFEST_INVALID");
  },
  "tags come in order, whole and in pages": async (client) => {
    for (const tag of ["v2", "v10", "latest", "V1", "_x"]) await client.push("demo", tag);
    const all = json(await client.send("GET", "/v2/demo/tags/list"));
    assert.deepEqual(all, { name: "demo", tags: ["V1", "_x", "latest", "v10", "v2"] });
    const pages: string[][] = [];
    let path: string | undefined = "/v2/demo/tags/list?n=2";
    while (path !== undefined) {
      const answer = await client.send("GET", path);
      pages.push(json(answer).tags);
      path = nextPage(answer.headers.get("link"));
    }
    assert.deepEqual(pages, [["V1", "_x"], ["latest", "v10"], ["v2"]]);
  },
  "a page may start after a tag that is not there": async (client) => {
    for (const tag of ["a", "c"]) await client.push("demo", tag);
    assert.deepEqual(json(await client.send("GET", "/v2/demo/tags/list?last=b")).tags, ["c"]);
    assert.deepEqual(json(await client.send("GET", "/v2/demo/tags/list?last=c")).tags, []);
    assert.equal((await client.send("GET", "/v2/demo/tags/list?n=2")).headers.get("link"), null);
  },
  "a page of no tags is empty and the last": async (client) => {
    await client.push("demo", "v1");
    const answer = await client.send("GET", "/v2/demo/tags/list?n=0");
    assert.deepEqual(json(answer).tags, []);
    assert.equal(answer.headers.get("link"), null);
  },
  "a page size that is no whole number is refused": async (client) => {
    for (const size of ["-1", "x", "1.5", "", "1e3"]) {
      for (const path of ["/v2/demo/tags/list", "/v2/_catalog"]) {
        const answer = await client.send("GET", `${path}?n=${size}`);
        assertFault(answer, 400, "PAGINATION_NUMBER_INVALID");
      }
    }
  },
  "tags of a repository that is not there are NAME_UNKNOWN": async (client) => {
    assertFault(await client.send("GET", "/v2/demo/tags/list"), 404, "NAME_UNKNOWN");
    await client.push("demo", "v1");
    await client.send("DELETE", "/v2/demo/manifests/v1");
    assert.deepEqual(json(await client.send("GET", "/v2/demo/tags/list")).tags, []);
  },
  "the catalog lists repositories in pages": async (client) => {
    assert.deepEqual(json(await client.send("GET", "/v2/_catalog")), { repositories: [] });
    for (const name of ["b/c", "a", "b"]) await client.push(name, "v1");
    const first = await client.send("GET", "/v2/_catalog?n=2");
    assert.deepEqual(json(first), { repositories: ["a", "b"] });
    const next = await client.send("GET", nextPage(header(first, "link")) ?? "");
    assert.deepEqual(json(next), { repositories: ["b/c"] });
    assert.equal(next.headers.get("link"), null);
  },
};

const REFERRERS: Record<string, Case> = {
  "referrers are listed with type and annotations, whichever came first": async (client) => {
    const subject = sampleArtifact();
    const descriptor = {
      mediaType: MediaType.imageManifest,
      digest: digestBytes(subject.manifest),
      size: subject.manifest.byteLength,
    };
    const annotations = { "org.test.kind": "signature" };
    const typed = sampleArtifact({ subject: descriptor, artifactType: "a/b+c", annotations });
    for (const blob of typed.blobs) await client.pushBlob("demo", blob);
    const answer = await client.pushManifest("demo", digestBytes(typed.manifest), typed.manifest);
    assert.equal(answer.status, 201);
    assert.equal(header(answer, "oci-subject"), descriptor.digest);
    await client.push("demo", "v1", subject);
    const plain = await client.push("demo", "plain", sampleArtifact({ subject: descriptor }));

    const path = `/v2/demo/referrers/${descriptor.digest}`;
    const list = await client.send("GET", path);
    assert.equal(list.status, 200);
    assert.equal(header(list, "content-type"), MediaType.imageIndex);
    assert.equal(list.headers.get("oci-filters-applied"), null);
    const index = json(list);
    assert.equal(index.schemaVersion, 2);
    assert.equal(index.mediaType, MediaType.imageIndex);
    const expected = [
      {
        mediaType: MediaType.imageManifest,
        digest: digestBytes(typed.manifest),
        size: typed.manifest.byteLength,
        artifactType: "a/b+c",
        annotations,
      },
      {
        mediaType: MediaType.imageManifest,
        digest: plain,
        size: sampleArtifact({ subject: descriptor }).manifest.byteLength,
        artifactType: "application/vnd.test.config.v1+json",
      },
    ].sort((a, b) => a.digest < b.digest ? -1 : 1);
    assert.deepEqual(index.manifests, expected);

    for (const type of ["a/b%2Bc", "a/b+c"]) {
      const filtered = await client.send("GET", `${path}?artifactType=${type}`);
      assert.equal(header(filtered, "oci-filters-applied"), "artifactType");
      assert.deepEqual(
        json(filtered).manifests,
        expected.filter((referrer) => referrer.artifactType === "a/b+c"),
      );
    }
  },
  "a manifest without referrers has an empty list, known or not": async (client) => {
    const digest = await client.push("demo", "v1");
    for (const path of [`demo/referrers/${digest}`, `other/referrers/${UNKNOWN}`]) {
      const answer = await client.send("GET", `/v2/${path}`);
      assert.equal(answer.status, 200);
      assert.deepEqual(json(answer).manifests, []);
    }
  },
  "a list too large for a manifest comes in pages": async (client) => {
    const subject = { mediaType: MediaType.imageManifest, digest: BLOB_DIGEST, size: 10 };
    const note = "x".repeat(900_000);
    const pushed: string[] = [];
    for (let number = 0; number < 11; number++) {
      const artifact = sampleArtifact({ subject, annotations: { [`note${number}`]: note } });
      pushed.push(await client.push("demo", `t${number}`, artifact));
    }
    const listed: string[] = [];
    let pages = 0;
    for (let path: string | undefined = `/v2/demo/referrers/${BLOB_DIGEST}`; path;) {
      const answer = await client.send("GET", path);
      assert.ok(answer.bytes.byteLength <= MANIFEST_SIZE_LIMIT);
      for (const { digest } of json(answer).manifests) listed.push(digest);
      path = nextPage(answer.headers.get("link"));
      pages += 1;
    }
    assert.deepEqual(listed, pushed.sort());
    assert.equal(pages, 11);
  },
};

const CASES: Readonly<Record<string, Case>> = {
  ...BASE,
  ...PULL,
  ...UPLOADS,
  ...MANIFESTS,
  ...CONDITIONS,
  ...DELETION,
  ...LISTS,
  ...REFERRERS,
};

function nextPage(link: string | null): string | undefined {
  return /^<([^>]+)>; rel="next"$/.exec(link ?? "")?.[1];
}
