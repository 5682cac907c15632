import assert from "node:assert/strict";
import { AccessDeniedError, NotFoundError } from "../../src/core/errors.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { openModels } from "../../src/library/models.ts";
import type { ModelSettings } from "../../src/library/models.ts";
import {
  broken,
  changed,
  pushModel,
  refusal,
  type Script,
  type ScriptedRegistry,
  scriptedRegistry,
} from "../support/scripted_registry.ts";
import { tempFolder } from "../support/temp.ts";

const LARGE = Uint8Array.from({ length: 3 * 1024 * 1024 }, (_, at) => at * 7);
const FILES = { "large.bin": LARGE, "small.bin": new TextEncoder().encode("small") };
const FAST = { firstWait: 1, longestWait: 1 };

/** Bytes of blobs that a registry sent. */
function sent({ ledger }: ScriptedRegistry): number {
  return ledger.filter(({ method, target }) => method === "GET" && target.startsWith("blobs/"))
    .reduce((sum, entry) => sum + entry.sent, 0);
}

const isBlob = (request: Request) => request.url.includes("/blobs/");

/** A registry and a mirror of it with the same model, and what reads through both. */
async function setup({ origin: originScript, mirror: mirrorScript, use = "all", retry = FAST }: {
  origin?: Script;
  retry?: ModelSettings["retry"];
  mirror?: Script;
  use?: string;
} = {}) {
  const stack = new AsyncDisposableStack();
  const [origin, mirror] = [stack.use(scriptedRegistry()), stack.use(scriptedRegistry())];
  await pushModel(origin, FILES);
  const model = origin.catalog.repository("demo");
  const copy = mirror.catalog.repository("demo");
  await copyGraph(model, copy, await model.resolve("v1"), { tag: "v1" });
  for (const each of [origin, mirror]) each.ledger.length = 0;
  const folder = stack.use(await tempFolder());
  const pass: Script = (_request, pass) => pass();
  const name = origin.scripted(originScript ?? pass);
  const mirrored = mirror.scripted(mirrorScript ?? pass);
  await folder.write(
    "mirrors.yaml",
    `registry:\n- prefix: ${name}\n  location: ${name}\n` +
      `  mirror:\n  - location: ${mirrored}\n    pull-from-mirror: ${use}\n`,
  );
  const warnings: string[] = [];
  const settings: ModelSettings = {
    storageDir: folder.join("store"),
    mirrors: { own: { path: folder.join("mirrors.yaml") } },
    retry,
  };
  const pull = async (options: { mirror?: boolean; target?: string } = {}) => {
    await using models = await openModels(settings);
    const log = (level: string, message: string) => {
      if (level === "warning") warnings.push(message);
    };
    const target = `${name}${options.target ?? ":v1"}`;
    const output = folder.join("out");
    const result = await models.pull(target, {
      ...options,
      log,
      extractDir: output,
      overwrite: true,
    });
    for (const [file, bytes] of Object.entries(FILES)) {
      assert.deepEqual(await Deno.readFile(`${output}/${file}`), Uint8Array.from(bytes));
    }
    return result;
  };
  return {
    origin,
    mirror,
    pull,
    name,
    settings,
    warnings,
    folder,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

Deno.test("a model comes from the mirror, and the registry says which one it is", async () => {
  await using fixture = await setup();
  const { origin, mirror, pull } = fixture;
  await pull();
  assert.equal(sent(origin), 0);
  assert.ok(sent(mirror) > LARGE.byteLength);
  assert.deepEqual(origin.ledger.map(({ target }) => target), ["", "manifests/v1"].filter(Boolean));
});

Deno.test("without mirrors the registry sends all of it", async () => {
  await using fixture = await setup();
  const { origin, mirror, pull } = fixture;
  await pull({ mirror: false });
  assert.ok(sent(origin) > LARGE.byteLength);
  assert.deepEqual(mirror.ledger, []);
});

Deno.test("a mirror with another digest under the tag never wins", async () => {
  await using fixture = await setup();
  const { origin, mirror, pull } = fixture;
  await pushModel(mirror, { "other.bin": new Uint8Array(2_000_000) });
  mirror.ledger.length = 0;
  const { digest } = await pull();
  assert.equal(digest, (await origin.catalog.repository("demo").resolve("v1")).digest);
});

const isManifest = (request: Request) => request.url.includes("/manifests/");

/** What a mirror may make of a manifest that it is asked for by its digest. */
const MANIFEST_LIES: Readonly<Record<string, Script>> = {
  "another byte": async (_request, pass) =>
    await changed(await pass(), { bytes: (bytes) => bytes.with(bytes.length - 2, 0x20) }),
  "another document, and the digest that was asked for in its header": async ({ url }, pass) =>
    await changed(await pass(), {
      bytes: () => new TextEncoder().encode('{"schemaVersion":2,"layers":[]}'),
      headers: { "Docker-Content-Digest": url.slice(url.lastIndexOf("/") + 1) },
    }),
  "fewer bytes": async (_request, pass) =>
    await changed(await pass(), { bytes: (bytes) => bytes.slice(0, 20) }),
  "a page": () => new Response("<html>", { headers: { "Content-Type": "text/html" } }),
  "nothing, slowly": async (_request, pass) =>
    await broken(await pass(), { after: 10, ending: "stall" }),
  "a wish to be asked in an hour": () => refusal(429, { "Retry-After": "3600" }),
  "the address of somebody else": () =>
    refusal(307, { Location: "http://127.0.0.1:1/v2/demo/manifests/v1" }),
};

for (const [what, lie] of Object.entries(MANIFEST_LIES)) {
  Deno.test(`a mirror that gives ${what} for a manifest is passed by`, async () => {
    await using fixture = await setup({
      mirror: async (request, pass) =>
        isManifest(request) ? await lie(request, pass) : await pass(),
      retry: { ...FAST, stallTime: 300 },
    });
    const { digest } = await fixture.pull();
    const { origin } = fixture;
    assert.equal(digest, (await origin.catalog.repository("demo").resolve("v1")).digest);
  });
}

Deno.test("where the registry does not answer, the mirror says what the tag names, with a warning", async () => {
  for (const status of [404, 403, 500]) {
    await using fixture = await setup({ origin: () => refusal(status) });
    await fixture.pull();
    assert.ok(sent(fixture.mirror) > LARGE.byteLength);
    assert.match(
      fixture.warnings.join(),
      /is what the mirror 127\.0\.0\.1:\d+\/run-0 says, since: /,
    );
  }
});

Deno.test("what a mirror does not have, or does not answer for, comes from the registry", async () => {
  const scripts: Script[] = [
    () => refusal(404),
    () => refusal(500),
    () => refusal(401),
    async (request, pass) => isBlob(request) ? refusal(503) : await pass(),
  ];
  for (const mirror of scripts) {
    await using fixture = await setup({ mirror });
    await fixture.pull();
    assert.ok(sent(fixture.origin) > LARGE.byteLength);
  }
});

Deno.test("a mirror that does not work is warned of once, one that lacks something is not", async () => {
  const rows: readonly (readonly [Script, RegExp])[] = [
    [() => refusal(404), /^$/],
    [() => refusal(500), /Going past the mirror .*answered 500/],
    [() => refusal(307, { Location: "ftp://a.test/" }), /Going past the mirror .*scheme "ftp:"/],
    [
      () => refusal(429, { "Retry-After": "3600" }),
      /Going past the mirror .*no request for 3600 s/,
    ],
  ];
  for (const [mirror, warned] of rows) {
    await using fixture = await setup({ mirror });
    await fixture.pull();
    assert.match(fixture.warnings.join(), warned);
    assert(fixture.warnings.length <= 1, fixture.warnings.join());
  }
});

Deno.test("wrong, cut and short blobs of a mirror are taken from the registry", async () => {
  const flipped = (bytes: Uint8Array<ArrayBuffer>) => bytes.map((byte) => byte ^ 1);
  const scripts: Script[] = [
    async (request, pass) =>
      isBlob(request) ? await changed(await pass(), { bytes: flipped }) : await pass(),
    async (request, pass) =>
      isBlob(request) ? await broken(await pass(), { after: 3, ending: "cut" }) : await pass(),
    async (request, pass) =>
      isBlob(request)
        ? await changed(await pass(), {
          bytes: (bytes) => bytes.slice(1),
          headers: { "Content-Length": "2" },
        })
        : await pass(),
  ];
  for (const mirror of scripts) {
    await using fixture = await setup({ mirror });
    await fixture.pull();
    const again = fixture.folder.join("again");
    await using models = await openModels({
      ...fixture.settings,
      storageDir: fixture.folder.join("other"),
    });
    await models.pull(`${fixture.name}:v1`, { extractDir: again, extractFromRemote: true });
    for (const [file, bytes] of Object.entries(FILES)) {
      assert.deepEqual(await Deno.readFile(`${again}/${file}`), Uint8Array.from(bytes));
    }
  }
});

Deno.test("a mirror for digests alone is asked for digests alone, and so with tags", async () => {
  await using fixture = await setup({ use: "digest-only" });
  await fixture.pull();
  assert.equal(sent(fixture.mirror), 0);
  for (const [use, isAsked] of [["digest-only", true], ["tag-only", false]] as const) {
    await using byDigest = await setup({ use });
    const { digest } = await byDigest.origin.catalog.repository("demo").resolve("v1");
    await byDigest.pull({ target: `@${digest}` });
    assert.equal(sent(byDigest.mirror) > LARGE.byteLength, isAsked, use);
  }
});

Deno.test("what a file blocks is not used, as a mirror neither", async () => {
  await using fixture = await setup();
  const { name, settings, folder } = fixture;
  await folder.write("mirrors.yaml", `registry:\n- {location: "${name}", blocked: true}\n`);
  await using models = await openModels(settings);
  await assert.rejects(
    models.pull(`${name}:v1`),
    (error) => error instanceof AccessDeniedError && /is blocked in/.test(error.message),
  );
  await folder.write(
    "mirrors.yaml",
    `registry:\n- {location: "${name}", mirror: [{location: "${fixture.mirror.host}/run-0"}]}\n` +
      `- {location: "${fixture.mirror.host}", blocked: true}\n`,
  );
  await fixture.pull();
  assert.deepEqual(fixture.mirror.ledger, []);
});

Deno.test("a login that names no registry is not shown to mirrors", async () => {
  const asked: (string | null)[] = [];
  const mirror: Script = async (request, pass) => {
    asked.push(request.headers.get("Authorization"));
    return isBlob(request)
      ? refusal(401, { "WWW-Authenticate": 'Basic realm="mirror"' })
      : await pass();
  };
  await using fixture = await setup({ mirror });
  const { name, settings, folder } = fixture;
  await using models = await openModels({ ...settings, username: "me", password: "secret" });
  await models.pull(`${name}:v1`, { extractDir: folder.join("out") });
  assert.ok(asked.length > 0);
  assert.deepEqual(asked.filter((each) => each !== null), []);
});

Deno.test("a place of the registry stands for it, and is read without it", async () => {
  await using fixture = await setup();
  const { mirror, settings, folder } = fixture;
  await folder.write(
    "mirrors.yaml",
    `registry:\n- {prefix: registry.example.com/models, location: "${mirror.host}"}\n`,
  );
  await using others = await openModels(settings);
  await others.pull("registry.example.com/models/demo:v1");
  assert.ok(sent(mirror) > LARGE.byteLength);
  await assert.rejects(others.pull("registry.example.com/models/absent:v1"), NotFoundError);
});
