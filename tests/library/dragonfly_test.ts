import assert from "node:assert/strict";
import { AccessDeniedError, IntegrityError, TransferError } from "../../src/core/errors.ts";
import type { Log } from "../../src/core/operation.ts";
import { openBundles } from "../../src/library/bundles.ts";
import { type ModelSettings, openModels } from "../../src/library/models.ts";
import type { PullOptions } from "../../src/model/operations/moving.ts";
import { daemonError, type DaemonScript, scriptedDaemon } from "../support/scripted_daemon.ts";
import {
  broken,
  changed,
  pushModel,
  refusal,
  type Script,
  scriptedRegistry,
} from "../support/scripted_registry.ts";
import { tempFolder } from "../support/temp.ts";

const LARGE = Uint8Array.from({ length: 3 * 1024 * 1024 + 5 }, (_, at) => at * 11);
const FILES = { "large.bin": LARGE, "small.bin": new TextEncoder().encode("small") };
const FAST = { firstWait: 1, longestWait: 1 };

/** A registry, a daemon, and what pulls from one through the other. */
async function setup({ daemon: daemonScript, registry: script, files = FILES, ...settings }: {
  daemon?: DaemonScript;
  files?: Readonly<Record<string, Uint8Array>>;
  registry?: Script;
} & Partial<ModelSettings> = {}) {
  const stack = new AsyncDisposableStack();
  const registry = stack.use(scriptedRegistry());
  const daemon = stack.use(scriptedDaemon(daemonScript));
  await pushModel(registry, files);
  let direct = 0;
  const answer: Script = async (request, pass) => {
    const response = await (script ? script(request, pass) : pass());
    // A daemon passes on all headers that it gets.
    const isOurs = !request.headers.has("X-Dragonfly-Registry");
    const isBlob = request.method === "GET" && request.url.includes("/blobs/");
    if (isOurs && isBlob && response.ok) direct += Number(response.headers.get("Content-Length"));
    return response;
  };
  const name = `${registry.scripted(answer)}:v1`;
  registry.ledger.length = 0;
  const folder = stack.use(await tempFolder());
  const warnings: string[] = [];
  let runs = 0;
  /** Pulls into a store of its own, and compares every byte. */
  const pull = async (options: PullOptions = {}) => {
    const run = folder.join(`run-${runs++}`);
    const log: Log = (level, message) => void (level === "warning" && warnings.push(message));
    const opened = { storageDir: `${run}/store`, retry: FAST, ...settings };
    await using models = await openModels(opened, { log });
    const result = await models.pull(name, {
      dragonflyEndpoint: daemon.endpoint,
      extractDir: `${run}/out`,
      ...options,
      log,
    });
    for (const [file, bytes] of Object.entries(files)) {
      assert.deepEqual(await Deno.readFile(`${run}/out/${file}`), Uint8Array.from(bytes));
    }
    return result;
  };
  return {
    registry,
    daemon,
    pull,
    /** Bytes of blobs that the registry sent to us, not to the daemon. */
    direct: () => direct,
    name,
    warnings,
    folder,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

Deno.test("blobs come from the daemon, with its headers; manifests and tokens do not", async () => {
  await using fixture = await setup({
    dragonfly: { endpoint: "http://127.0.0.1:1", tag: "prod", priority: 3 },
  });
  const { daemon, registry, pull, direct, warnings } = fixture;
  await pull();
  assert.equal(direct(), 0);
  assert.deepEqual(warnings, []);
  assert.ok(daemon.requests.every(({ path }) => /^\/v2\/run-0\/blobs\/sha256:\w{64}$/.test(path)));
  const { headers } = daemon.requests[0]!;
  const told = [
    "Registry",
    "Use-P2P",
    "Enable-Task-ID-Based-Blob-Digest",
    "Application",
    "Tag",
    "Priority",
  ];
  assert.deepEqual(told.map((name) => headers.get(`X-Dragonfly-${name}`)), [
    `http://${registry.host}`,
    "true",
    "true",
    "modelops",
    "prod",
    "3",
  ]);
  assert.equal(headers.get("Authorization"), null);
});

Deno.test("a second puller gets nothing from the registry but the manifest", async () => {
  await using fixture = await setup();
  const { registry, daemon, pull } = fixture;
  await pull();
  const { fetched } = daemon;
  registry.ledger.length = 0;
  await pull();
  await pull({ extractFromRemote: true });
  assert.equal(daemon.fetched, fetched);
  assert.ok(!registry.ledger.some(({ target }) => target.startsWith("blobs/")));
});

Deno.test("fetch takes its files through the daemon", async () => {
  await using fixture = await setup();
  await using models = await openModels({ storageDir: fixture.folder.join("s"), retry: FAST });
  const output = fixture.folder.join("fetched");
  await models.fetch(fixture.name, {
    output,
    patterns: ["*.bin"],
    dragonflyEndpoint: fixture.daemon.endpoint,
  });
  assert.deepEqual(await Deno.readFile(`${output}/large.bin`), LARGE);
  assert.equal(fixture.direct(), 0);
});

const flipped = (bytes: Uint8Array<ArrayBuffer>) => bytes.map((byte) => byte ^ 1);
const once = (fault: (response: Response) => Promise<Response>): DaemonScript => {
  const seen = new Set<string>();
  return async ({ url }, pass) => {
    if (seen.has(url)) return await pass();
    seen.add(url);
    return await fault(await pass());
  };
};

/** What a daemon may do, and what the one warning says of it. */
const TROUBLE: Readonly<Record<string, [DaemonScript, RegExp]>> = {
  "poisons what it brings": [
    async (_request, pass) => await changed(await pass(), { bytes: flipped }),
    /sent wrong bytes of "sha256:\w{64}": fetching it from 127/,
  ],
  "brings fewer bytes": [
    async (_request, pass) =>
      await changed(await pass(), {
        bytes: (bytes) => bytes.slice(1),
        headers: { "Content-Length": "1" },
      }),
    /sent wrong bytes|did not bring|broke off/,
  ],
  "cuts each body": [
    async (_request, pass) => await broken(await pass(), { after: 1000, ending: "cut" }),
    /broke off/,
  ],
  "answers every request with a page": [
    () => new Response("<html>", { headers: { "Content-Type": "text/html" } }),
    /sent wrong bytes|did not bring/,
  ],
  "has trouble of its own": [
    () => daemonError("dfdaemon"),
    /is not used: it answered with status 500/,
  ],
  "has trouble as a proxy": [() => daemonError("proxy", 502), /it answered with status 502/],
  "is asked too much": [() => new Response(null, { status: 429 }), /it answered with status 429/],
  "brings an answer of the registry that is none": [
    () => new Response(null, { status: 200, headers: { "X-Dragonfly-Error-Type": "backend" } }),
    /it answered with status 200/,
  ],
  "has no place left": [() => daemonError("dfdaemon", 507), /it answered with status 507/],
  "wants no request for an hour": [
    () => new Response(null, { status: 429, headers: { "Retry-After": "3600" } }),
    /is not used: (it answered with status 429|.*3600 s)/,
  ],
  "sends us elsewhere": [
    () => new Response(null, { status: 302, headers: { Location: "http://127.0.0.1:1/" } }),
    /it answered with status 302/,
  ],
  "answers ranges that were not asked for": [
    async (_request, pass) =>
      await changed(await pass(), { status: 206, headers: { "Content-Range": "bytes 5-9/10" } }),
    /sent wrong bytes|did not bring/,
  ],
};

for (const [what, [daemon, warning]] of Object.entries(TROUBLE)) {
  Deno.test(`where the daemon ${what}, the bytes come from the registry, with a warning`, async () => {
    for (const extractFromRemote of [false, true]) {
      await using fixture = await setup({ daemon });
      await fixture.pull({ extractFromRemote });
      assert.match(fixture.warnings.join("\n"), warning);
      assert.ok(fixture.warnings.every((each) => each.includes(fixture.daemon.endpoint)));
    }
  });

  Deno.test(`where the daemon ${what} and has to help, the pull fails and names it`, async () => {
    await using fixture = await setup({ daemon });
    await assert.rejects(
      fixture.pull({ dragonflyRequired: true }),
      (error) =>
        (error instanceof TransferError || error instanceof IntegrityError) &&
        error.message.split(fixture.daemon.endpoint).length <= 2 &&
        `${error.message} ${fixture.warnings}`.includes(fixture.daemon.endpoint),
    );
  });
}

Deno.test("a body that was cut is gone on with: at the daemon no more, and not from its beginning", async () => {
  await using fixture = await setup({
    daemon: once((response) => broken(response, { after: 2_000_000, ending: "cut" })),
  });
  await fixture.pull();
  assert.ok(fixture.direct() < LARGE.byteLength - 1_500_000, String(fixture.direct()));
});

Deno.test("where it has to help, a daemon that cuts once is asked for the rest", async () => {
  await using fixture = await setup({
    daemon: once((response) => broken(response, { after: 2_000_000, ending: "cut" })),
  });
  await fixture.pull({ dragonflyRequired: true });
  assert.equal(fixture.direct(), 0);
  const ranges = fixture.daemon.requests.map(({ headers }) => headers.get("Range"));
  assert.ok(ranges.some((range) => /^bytes=[1-9]\d+-/.test(range ?? "")), ranges.join());
});

Deno.test("a daemon that is not there, or dies half-way, is left with one warning", async () => {
  await using gone = await setup();
  await gone.daemon.kill();
  await gone.pull();
  assert.equal(gone.warnings.length, 1);
  assert.match(gone.warnings[0]!, /is not used: Cannot reach/);
  let killed: Promise<void> | undefined;
  await using dying = await setup({
    daemon: async (_request, pass) => {
      const whole = await (await pass()).bytes();
      let sent = 0;
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (sent <= 1_000_000) return controller.enqueue(whole.slice(sent, sent += 100_000));
          killed ??= dying.daemon.kill();
          // Fewer bytes than a length promised: the server drops the connection.
          controller.close();
        },
      }, { highWaterMark: 0 });
      return new Response(body, { headers: { "Content-Length": `${whole.byteLength}` } });
    },
  });
  await dying.pull();
  assert.ok(dying.warnings.length >= 1);
  await assert.rejects(dying.pull({ dragonflyRequired: true }), TransferError);
});

Deno.test("a daemon that sends wrong bytes again and again is left after three contents", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`part-${at}`, new Uint8Array(100 + at)]),
  );
  for (
    const change of [flipped, () => new Uint8Array(100), (bytes: Uint8Array) => bytes.slice(1)]
  ) {
    await using fixture = await setup({
      files,
      daemon: async (_request, pass) => {
        const bytes = change(Uint8Array.from(await (await pass()).bytes()));
        return new Response(bytes, { headers: { "Content-Length": `${bytes.byteLength}` } });
      },
    });
    await fixture.pull();
    const asked = new Set(fixture.daemon.requests.map(({ path }) => path));
    // Others are under way when the third one is known to be wrong.
    assert.ok(asked.size >= 3 && asked.size < 12, `${asked.size} of 21`);
    assert.match(fixture.warnings.join("\n"), /is not used: 3 contents came wrong/);
  }
});

Deno.test("a stalled daemon is left when the line is silent for too long", async () => {
  await using fixture = await setup({
    daemon: async (_request, pass) => await broken(await pass(), { after: 1000, ending: "stall" }),
    retry: { ...FAST, stallTime: 300 },
  });
  await fixture.pull();
  assert.match(fixture.warnings.join(), /broke off|did not bring/);
});

const BASIC = "Basic bWU6c2VjcmV0";

/** A registry that wants a login for everything. */
const locked: Script = async (request, pass) =>
  request.headers.get("Authorization") === BASIC
    ? await pass()
    : refusal(401, { "WWW-Authenticate": 'Basic realm="registry"' });

const LOGIN = { username: "me", password: "secret" };

Deno.test("logins reach the daemon only where the user says so", async () => {
  await using silent = await setup({ registry: locked, ...LOGIN });
  await silent.pull();
  assert.ok(silent.daemon.requests.length > 0);
  assert.ok(silent.daemon.requests.every(({ headers }) => !headers.has("Authorization")));
  assert.equal(silent.daemon.fetched, 0);
  assert.equal(silent.warnings.length, 1);
  assert.match(silent.warnings[0]!, /--dragonfly-forward-auth/);
  await assert.rejects(
    silent.pull({ dragonflyRequired: true }),
    (error) =>
      error instanceof AccessDeniedError &&
      /--dragonfly-forward-auth/.test(error.facts.remedy ?? ""),
  );
  await using shown = await setup({ registry: locked, ...LOGIN });
  await shown.pull({ dragonflyForwardAuth: true, dragonflyRequired: true });
  assert.equal(shown.direct(), 0);
  assert.ok(shown.daemon.requests.some(({ headers }) => headers.get("Authorization") === BASIC));
});

Deno.test("a registry's 401 through the daemon goes through our own token flow", async () => {
  let isKnown = false;
  const registry: Script = async (request, pass) => {
    // The manifest needs no login, so the first challenge comes by the daemon.
    if (!request.url.includes("/blobs/")) return await pass();
    isKnown ||= request.headers.get("Authorization") === BASIC;
    return await locked(request, pass);
  };
  await using fixture = await setup({ registry, ...LOGIN });
  await fixture.pull({ dragonflyForwardAuth: true });
  assert.ok(isKnown);
  assert.equal(fixture.direct(), 0);
  assert.deepEqual(fixture.warnings, []);
});

Deno.test("where a daemon says that passwords go elsewhere, they do not", async () => {
  let asked = 0;
  await using elsewhere = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    asked++;
    return Response.json({ token: "stolen" });
  });
  const { port } = elsewhere.addr;
  const challenges = [
    `Bearer realm="http://127.0.0.1:${port}/token",service="x"`,
    `Bearer realm="http://127.0.0.1:${port}/token", Basic realm="registry"`,
    'Basic realm="registry"',
  ];
  for (const challenge of challenges) {
    // The registry wants no login: it is the daemon that would like to have one.
    await using fixture = await setup({
      daemon: () =>
        new Response(null, {
          status: 401,
          headers: { "X-Dragonfly-Error-Type": "backend", "WWW-Authenticate": challenge },
        }),
      ...LOGIN,
    });
    await fixture.pull({ dragonflyForwardAuth: true });
    await assert.rejects(
      fixture.pull({ dragonflyForwardAuth: true, dragonflyRequired: true }),
      /status 401, where 127.0.0.1:\d+ lets us in/,
    );
    assert.ok(fixture.daemon.requests.every(({ headers }) => !headers.has("Authorization")));
  }
  assert.equal(asked, 0);
});

Deno.test("a daemon's own login is shown to it, and to nobody else", async () => {
  await using fixture = await setup({
    daemon: async (request, pass) =>
      request.headers.get("Authorization") === BASIC
        ? await pass()
        : new Response(null, { status: 401 }),
  });
  const own = fixture.daemon.endpoint.replace("//", "//me:secret@");
  await fixture.pull({ dragonflyEndpoint: own, dragonflyRequired: true });
  assert.equal(fixture.direct(), 0);
  await fixture.pull();
  assert.match(fixture.warnings.join(), /status 401/);
});

Deno.test("what the registry says through the daemon is asked for at the registry again", async () => {
  let isDown = true;
  await using fixture = await setup({
    registry: async (request, pass) => {
      const isDaemon = request.headers.has("X-Dragonfly-Registry");
      return isDaemon && isDown && request.url.includes("/blobs/") ? refusal(403) : await pass();
    },
  });
  await fixture.pull();
  assert.deepEqual(fixture.warnings, []);
  isDown = false;
});

const SPEC = `apiVersion: v1
kind: Bundle
metadata: { name: demo, version: "1.0.0" }
spec:
  layers: [{ name: weights, type: model, files: ["*.bin"] }]
  roles: { default: [weights] }
`;

Deno.test("files of a bundle come through the daemon, with and without the cache, and right", async () => {
  for (
    const [script, isTrusted] of [[undefined, true], [
      TROUBLE["poisons what it brings"]![0],
      false,
    ]] as const
  ) {
    await using registry = scriptedRegistry();
    await using daemon = scriptedDaemon(script);
    await using folder = await tempFolder();
    await folder.write("work/modelops.yaml", SPEC);
    for (const [name, bytes] of Object.entries(FILES)) await folder.write(`work/${name}`, bytes);
    const bundles = { registry: registry.host, repository: "models", plainHttp: true };
    {
      await using author = await openBundles({ storageDir: folder.join("author"), bundles });
      await author.push(folder.join("work"));
    }
    for (const cache of [true, false]) {
      registry.ledger.length = 0;
      const storageDir = folder.join(`store-${cache}`);
      const access = { dragonflyEndpoint: daemon.endpoint };
      await using reader = await openBundles({ storageDir, bundles, access, retry: FAST });
      const dest = folder.join(`dest-${cache}`);
      await reader.materialize("demo:1.0.0", { dest, cache });
      for (const [name, bytes] of Object.entries(FILES)) {
        assert.deepEqual(await Deno.readFile(`${dest}/${name}`), Uint8Array.from(bytes));
      }
      assert.ok(daemon.requests.length > 0);
      if (isTrusted && !cache) assert.equal(daemon.fetched >= LARGE.byteLength, true);
    }
  }
});
