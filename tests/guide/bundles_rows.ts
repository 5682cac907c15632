/** What the bundles guide promises, in its order: a row for each statement and command. @module */
import assert from "node:assert/strict";
import * as library from "../../mod.ts";
import { bundleFiles, folderState } from "../support/bundles.ts";
import { BUNDLE_FILES, type BundlesWorld, SPEC } from "./bundles_world.ts";
import type { Row, RunnableRow } from "./rows/row.ts";

const REF = "my-model:1.0.0";
const CODE = ["src/predict.py", "src/train.py"];
const RUNTIME = ["config/params.yaml", ...CODE];

type BundleRow = RunnableRow<BundlesWorld>;

/** A command line of the guide, run as it is written. */
function command(number: number, commands: string, row: Partial<BundleRow> = {}): BundleRow {
  return { number, commands, check: () => {}, ...row };
}

/** A statement of the guide, and the command lines that show whether it is true. */
function statement(
  number: number,
  commands: string,
  row: Partial<BundleRow> & Pick<BundleRow, "script">,
): BundleRow {
  return {
    differs: "the guide states it without a command",
    number,
    commands,
    check: () => {},
    ...row,
  };
}

/** Lines of a script that must end with an exit code, and say so on standard error. */
function exits(code: number, line: string): string {
  return `status=0; ${line} || status=$?; test "$status" = ${code}`;
}

/** What a row of exit codes prints: one line of error. */
function says(pattern: RegExp): BundleRow["check"] {
  return (_world, { stderr }) => {
    assert.equal(stderr.match(/^error: /gm)?.length, 1, stderr);
    assert.match(stderr, pattern);
  };
}

/** The files of the bundle, and no other, are in a folder, with their content. */
async function assertFiles(world: BundlesWorld, folder: string, paths: readonly string[]) {
  assert.deepEqual(Object.keys(bundleFiles(await folderState(world.path(folder)))), [...paths]);
  for (const path of paths) {
    const text = BUNDLE_FILES[path as keyof typeof BUNDLE_FILES];
    assert.equal(await world.read(`${folder}/${path}`), text);
  }
}

function pointer(world: BundlesWorld, folder = "workspace") {
  return world.readJson(`${folder}/.mops/ptr/data/train.csv.json`);
}

/** What the registry itself says about the manifest of the bundle. */
async function remoteManifest({ services }: BundlesWorld) {
  const url = `http://${services.registry.address}/v2/models/my-model`;
  const response = await fetch(`${url}/manifests/1.0.0`, {
    headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
  });
  const digest = response.headers.get("docker-content-digest");
  return { url, digest, manifest: await response.json() };
}

/** The operations of the library, as the guide's sample makes them. */
function operations({ env }: BundlesWorld): library.Operations {
  const provider = library.defaultProviderFromEnv(env);
  return new library.Operations({ config: { verbose: true }, provider });
}

const FETCH_ALL = `modelops-bundles materialize ${REF} ./workspace --role training ` +
  "--prefetch-external";

/** Sends the user of a row through the proxies. */
function throughProxies({ services }: BundlesWorld): string {
  const { REGISTRY_REPO, AZURE_STORAGE_ENDPOINT } = services.proxiedEnv;
  return `export REGISTRY_REPO=${REGISTRY_REPO} AZURE_STORAGE_ENDPOINT=${AZURE_STORAGE_ENDPOINT}`;
}

/** Writes the variables of the proxies into a file that a script reads. */
async function writeProxies(world: BundlesWorld): Promise<void> {
  await world.write("proxies.sh", throughProxies(world));
}

const FEATURES: readonly Row<BundlesWorld>[] = [
  statement(1, "ModelOps Bundles provides a CLI and Python runtime", {
    script: "modelops-bundles --help",
    check(_world, { stdout }) {
      assert.match(stdout, /Usage: modelops-bundles /);
      assert.equal(typeof library.Operations, "function");
    },
  }),
  statement(2, "full OCI distribution compatibility", {
    script: "true",
    async check(world) {
      const { url, digest, manifest } = await remoteManifest(world);
      assert.equal(digest, world.digest);
      assert.equal(manifest.schemaVersion, 2);
      assert.ok(manifest.artifactType);
      const titles = manifest.layers.map(
        (layer: library.Descriptor) => layer.annotations?.["org.opencontainers.image.title"],
      );
      assert.ok(titles.includes("src/predict.py"), titles.join());
      for (const content of [manifest.config, ...manifest.layers]) {
        const bytes = await (await fetch(`${url}/blobs/${content.digest}`)).bytes();
        assert.equal(library.digestBytes(bytes), content.digest);
        assert.equal(bytes.length, content.size);
      }
    },
  }),
  statement(3, "Full ORAS-based registry support with manifest reading", {
    script: `modelops-bundles resolve ${REF} --json`,
    async check(world, { stdout }) {
      const bundle = JSON.parse(stdout);
      assert.equal(bundle.manifestDigest, (await remoteManifest(world)).digest);
      assert.deepEqual(bundle.layers, ["code", "config", "data", "models"]);
      assert.deepEqual(bundle.roles.inference, ["code", "config", "models"]);
    },
  }),
  statement(4, "Azure Blob Storage: External storage with configurable retry", {
    script: [
      ". ./proxies.sh",
      exits(3, `EXTERNAL_RETRIES=0 ${FETCH_ALL}`),
      `EXTERNAL_RETRIES=1 ${FETCH_ALL}`,
    ].join("\n"),
    async prepare(world) {
      await writeProxies(world);
      let asked = 0;
      world.services.azureProxy.answer = (_request, forward) =>
        asked++ < 2 ? new Response("", { status: 503 }) : forward();
    },
    check: (world) =>
      assertFiles(world, "workspace", ["config/params.yaml", "data/train.csv", ...CODE]),
  }),
  statement(5, "CLI Commands: 8 commands including resolve, materialize, export", {
    script: `modelops-bundles scan bundle
modelops-bundles plan bundle --external-preview
modelops-bundles push bundle
modelops-bundles resolve ${REF}
modelops-bundles materialize ${REF} one
modelops-bundles pull ${REF} two
modelops-bundles diff ${REF} bundle
modelops-bundles export one one.tar`,
    prepare: (world) => world.writeBundle(),
    async check(world, { stdout }) {
      assert.match(stdout, /az:\/\/bundles\/my-model\/data\/train\.csv/);
      await assertFiles(world, "two", CODE);
    },
  }),
  statement(6, "Role-based Materialization: runtime, training, inference", {
    script: ["runtime", "training", "inference"]
      .map((role) =>
        `modelops-bundles materialize ${REF} ${role} --role ${role} --prefetch-external`
      )
      .join("\n"),
    async check(world) {
      await assertFiles(world, "runtime", RUNTIME);
      await assertFiles(world, "training", ["config/params.yaml", "data/train.csv", ...CODE]);
      await assertFiles(world, "inference", ["config/params.yaml", "models/weights.onnx", ...CODE]);
    },
  }),
  statement(7, "Security: Path validation, digest normalization, explicit dependency injection", {
    script: [
      exits(2, "modelops-bundles materialize absolute:1.0.0 ./workspace"),
      exits(2, "modelops-bundles resolve my-model@sha256:123"),
    ].join("\n"),
    prepare: (world) => world.publishPath("absolute", "/etc/modelops-guide"),
    check(_world, { stderr }) {
      assert.match(stderr, /\/etc\/modelops-guide/);
      // Operations are given everything: without a provider there is nothing they could reach.
      assert.equal(library.Operations.length, 1);
    },
  }),
  statement(8, "Deterministic Export: Reproducible archive creation", {
    script: `modelops-bundles materialize ${REF} one
modelops-bundles materialize ${REF} two --no-cache
touch -d 2001-01-01 two/src/predict.py
modelops-bundles export one one.tar.zst
modelops-bundles export two two.tar.zst
cmp one.tar.zst two.tar.zst`,
  }),
];

const SETTINGS: readonly Row<BundlesWorld>[] = [
  {
    number: 9,
    commands: "uv add modelops-bundles\npip install modelops-bundles",
    cannotRun: "it installs from the Python package index; this program has no package there",
  },
  statement(10, "AZURE_STORAGE_KEY (required)", {
    script: `AZURE_STORAGE_KEY= modelops-bundles materialize ${REF} ./workspace --role training
${exits(2, `AZURE_STORAGE_KEY= ${FETCH_ALL}`)}
${FETCH_ALL}`,
    async check(world, { stderr }) {
      assert.match(stderr, /AZURE_STORAGE_KEY/);
      assert.equal((await pointer(world))["fulfilled"], true);
    },
  }),
  statement(11, "REGISTRY_REPO (required)", {
    script: `modelops-bundles resolve ${REF} --json`,
    check(world, { stdout }) {
      const { repository } = JSON.parse(stdout);
      assert.equal(repository, `${world.env["REGISTRY_REPO"]}/my-model`);
    },
  }),
  statement(12, 'AZURE_STORAGE_ACCOUNT (default: "modelops")', {
    script: `. ./proxies.sh\n${exits(4, `AZURE_STORAGE_ACCOUNT= ${FETCH_ALL}`)}`,
    async prepare(world) {
      await writeProxies(world);
      world.services.azureProxy.answer = (request) => {
        // Requests are signed by the account, whose name the signature starts with.
        const signer = request.headers.get("authorization")?.split(":")[0];
        const refusal = signer === "SharedKey modelops" ? "AuthorizationFailure" : "BlobNotFound";
        const headers = { "x-ms-error-code": refusal };
        return new Response("", { status: refusal === "BlobNotFound" ? 404 : 403, headers });
      };
    },
    check: says(/data\/train\.csv/),
  }),
  statement(13, 'AZURE_STORAGE_CONTAINER (default: "bundles")', {
    script: `AZURE_STORAGE_CONTAINER= modelops-bundles plan bundle --json
AZURE_STORAGE_CONTAINER=others modelops-bundles plan bundle --json
AZURE_STORAGE_CONTAINER= modelops-bundles push bundle`,
    prepare: (world) =>
      world.writeBundle(
        SPEC.replace('uri_template: "az://bundles/{name}/{path}", ', "")
          .replace("my-model", "my-defaults"),
      ),
    check(_world, { stdout }) {
      assert.match(stdout, /"az:\/\/bundles\/[^"]*train\.csv/);
      assert.match(stdout, /"az:\/\/others\/[^"]*train\.csv/);
    },
  }),
  statement(14, "EXTERNAL_TIMEOUT_S (default: 30)", {
    script: `. ./proxies.sh\n${exits(3, `EXTERNAL_TIMEOUT_S=0.2 EXTERNAL_RETRIES=0 ${FETCH_ALL}`)}`,
    async prepare(world) {
      await writeProxies(world);
      world.services.azureProxy.answer = async (_request, forward) => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return await forward();
      };
    },
    check(_world, { stderr }) {
      assert.match(stderr, /no answer for 0\.2 s/);
      assert.equal(library.settingsFromEnv({}).externalTimeoutSeconds, 30);
    },
  }),
];

const COMMANDS: readonly Row<BundlesWorld>[] = [
  command(15, "modelops-bundles resolve my-model:1.0.0", {
    check(world, { stdout }) {
      const [bundle, manifest, size] = stdout.split("\n");
      assert.equal(bundle, "Bundle: my-model:1.0.0");
      assert.equal(manifest, `Manifest: ${world.digest}`);
      assert.match(size ?? "", /^Size: \d/);
    },
  }),
  command(16, "modelops-bundles materialize my-model:1.0.0 ./workspace", {
    async check(world, { stdout }) {
      assert.match(stdout, /^Materialized my-model:1\.0\.0 to \.\/workspace\nRole: default\n/m);
      await assertFiles(world, "workspace", CODE);
    },
  }),
  command(17, "modelops-bundles materialize my-model:1.0.0 ./runtime --role runtime", {
    check: (world) => assertFiles(world, "runtime", RUNTIME),
  }),
  command(18, "modelops-bundles export ./workspace ./my-bundle.tar.zst", {
    prepare: (world) => world.ok(`modelops-bundles materialize ${REF} ./workspace`),
    async check(world, { stdout }) {
      assert.match(stdout, /^Exported \.\/workspace to \.\/my-bundle\.tar\.zst$/m);
      await world.ok("modelops-bundles import my-bundle.tar.zst back");
      assert.deepEqual(
        await folderState(world.path("back")),
        await folderState(world.path("workspace")),
      );
    },
  }),
  command(19, "modelops-bundles resolve my-model:1.0.0 --verbose", {
    check(_world, { stdout }) {
      assert.match(stdout, /^Reference type: name:version$/m);
      assert.match(stdout, /^External index: present$/m);
    },
  }),
  statement(20, "Name:Version: my-model:1.0.0 (requires REGISTRY_REPO)", {
    script: exits(2, `REGISTRY_REPO= modelops-bundles resolve ${REF}`),
    check: says(/REGISTRY_REPO is not set/),
  }),
  ...["", "@"].map((prefix, index) =>
    command(21 + index, `modelops-bundles resolve ${prefix}sha256:abc123...`, {
      script: `modelops-bundles resolve ${REF} > /dev/null
modelops-bundles resolve "${prefix}$(modelops-bundles resolve ${REF} --json | grep -o -m1 'sha256:[0-9a-f]*')" --json`,
      differs: "the digest is the bundle's own",
      check(world, { stdout }) {
        assert.equal(JSON.parse(stdout).manifestDigest, world.digest);
      },
    })
  ),
  command(23, "modelops-bundles materialize my-model:1.0.0 ./workspace --prefetch-external", {
    script:
      "modelops-bundles materialize my-model:1.0.0 ./workspace --prefetch-external --role training",
    differs: "the role is one that has external data",
    async check(world) {
      await assertFiles(world, "workspace", ["config/params.yaml", "data/train.csv", ...CODE]);
      assert.equal((await pointer(world))["fulfilled"], true);
    },
  }),
  command(24, "modelops-bundles materialize my-model:1.0.0 ./workspace --overwrite", {
    prepare: (world) => world.write("workspace/src/train.py", "mine"),
    check: (world) => assertFiles(world, "workspace", CODE),
  }),
  command(25, "modelops-bundles resolve my-model:1.0.0 --no-cache", {
    check: (world, { stdout }) => assert.ok(stdout.includes(world.digest)),
  }),
  command(26, "modelops-bundles materialize my-model:1.0.0 ./workspace --ci", {
    async check(world, { stderr }) {
      assert.ok(!["\r", "\x1b", "%"].some((mark) => stderr.includes(mark)), stderr);
      await assertFiles(world, "workspace", CODE);
    },
  }),
];

const LIBRARY: readonly Row<BundlesWorld>[] = [
  statement(27, "import Operations, OpsConfig, default_provider_from_env, BundleRef", {
    script: "true",
    check() {
      const config: library.OpsConfig = { verbose: true };
      const ref: library.BundleRef = { name: "my-model", version: "1.0.0" };
      assert.ok(config && ref);
      assert.equal(typeof library.Operations, "function");
      assert.equal(typeof library.defaultProviderFromEnv, "function");
    },
  }),
  statement(28, "Operations(config=config, provider=provider)", {
    script: "true",
    check: (world) => assert.equal(operations(world).config.verbose, true),
  }),
  statement(29, "ops.resolve(ref); ops.materialize(ref, dest, role, prefetch_external)", {
    script: "true",
    async check(world) {
      const ref = { name: "my-model", version: "1.0.0" };
      const bundle = await operations(world).resolve(ref);
      assert.equal(bundle.manifestDigest, world.digest);
      const { selectedRole, destPath } = await operations(world).materialize({
        ref,
        dest: world.path("workspace"),
        role: "training",
        prefetchExternal: false,
      });
      assert.deepEqual([selectedRole, destPath], ["training", world.path("workspace")]);
      await assertFiles(world, "workspace", RUNTIME);
      assert.equal((await pointer(world))["fulfilled"], false);
    },
  }),
  statement(30, "ops.export(workdir, dest)", {
    script: `modelops-bundles materialize ${REF} ./workspace
modelops-bundles export ./workspace ./by-command.tar.zst`,
    async check(world) {
      const dest = world.path("my-bundle.tar.zst");
      await operations(world).exportArchive({ workdir: world.path("workspace"), dest });
      assert.deepEqual(
        await Deno.readFile(dest),
        await Deno.readFile(world.path("by-command.tar.zst")),
      );
    },
  }),
  statement(31, "layers: code, config, data (stored as external references), models", {
    script: `modelops-bundles plan bundle --json`,
    prepare: (world) => world.writeBundle(),
    check(_world, { stdout }) {
      assert.deepEqual(
        JSON.parse(stdout).files.map((
          { layer, decision }: { layer: string; decision: string },
        ) => `${layer} ${decision}`),
        ["code registry", "code registry", "config registry", "data external", "models registry"],
      );
    },
  }),
  statement(32, "runtime: code + config; training: code + config + data; default: minimal", {
    script: ["default", "runtime", "training"].map((role) =>
      `modelops-bundles materialize ${REF} ${role} --role ${role}`
    ).join("\n"),
    check(_world, { stdout }) {
      assert.deepEqual(stdout.match(/^Layers: .*$/gm), [
        "Layers: code",
        "Layers: code, config",
        "Layers: code, config, data",
      ]);
    },
  }),
  statement(33, "Large files are stored in Azure and referenced via pointer files", {
    script: `modelops-bundles materialize ${REF} ./workspace --role training`,
    async check(world) {
      const text = BUNDLE_FILES["data/train.csv"];
      const digest = library.digestBytes(new TextEncoder().encode(text));
      const { fulfilled, original_path, uri, sha256, size, tier } = await pointer(world);
      assert.deepEqual({ fulfilled, original_path, uri, sha256, size, tier }, {
        fulfilled: false,
        original_path: "data/train.csv",
        uri: "az://bundles/my-model/data/train.csv",
        sha256: digest.slice("sha256:".length),
        size: text.length,
        tier: "cool",
      });
    },
  }),
];

const SECURITY: readonly Row<BundlesWorld>[] = [
  statement(34, "Path Validation: Prevents directory traversal attacks", {
    script: exits(2, "modelops-bundles materialize traversal:1.0.0 ./workspace"),
    prepare: (world) => world.publishPath("traversal", "../evil.txt"),
    async check(world, result) {
      await says(/\.\.\/evil\.txt/)(world, result);
      await assert.rejects(Deno.lstat(world.path("evil.txt")), Deno.errors.NotFound);
      await assert.rejects(Deno.lstat(world.path("workspace")), Deno.errors.NotFound);
    },
  }),
  statement(35, "Digest Normalization: Converts uppercase hex to lowercase", {
    script: `digest=$(modelops-bundles resolve ${REF} --json | grep -o -m1 'sha256:[0-9a-f]*')
hex=\${digest#sha256:}
modelops-bundles resolve "my-model@sha256:\${hex^^}" --json`,
    check: (world, { stdout }) => assert.equal(JSON.parse(stdout).manifestDigest, world.digest),
  }),
  statement(36, "No Silent Defaults: Explicit repository requirements", {
    script: exits(2, "REGISTRY_REPO= modelops-bundles push bundle"),
    prepare: (world) => world.writeBundle(),
    check: says(/no repository for bundles is set\nhint: .*REGISTRY_REPO=/),
  }),
  statement(37, "Reserved Path Protection: .mops/ directory protected from bundle content", {
    script: exits(2, "modelops-bundles materialize reserved:1.0.0 ./workspace"),
    prepare: (world) => world.publishPath("reserved", "./.MOPS/ptr/x.json"),
    async check(world, result) {
      await says(/\.MOPS\/ptr\/x\.json/)(world, result);
      await assert.rejects(Deno.lstat(world.path("workspace")), Deno.errors.NotFound);
    },
  }),
  statement(38, "Local path bundles not yet implemented", {
    script: `REGISTRY_REPO= modelops-bundles resolve ./bundle
REGISTRY_REPO= modelops-bundles materialize ./bundle ./workspace`,
    differs: "they are implemented",
    prepare: (world) => world.writeBundle(),
    async check(world, { stdout }) {
      assert.match(stdout, /^Bundle: my-model:1\.0\.0$/m);
      await assertFiles(world, "workspace", CODE);
    },
  }),
  statement(39, "Push operations are stubs (future implementation)", {
    script: `modelops-bundles push bundle --json
modelops-bundles materialize my-model:2.0.0 ./workspace --role inference > /dev/null`,
    differs: "they are implemented",
    prepare: (world) => world.writeBundle(SPEC.replace("1.0.0", "2.0.0")),
    check: (world) =>
      assertFiles(world, "workspace", ["config/params.yaml", "models/weights.onnx", ...CODE]),
  }),
  statement(40, "Best-effort size calculation (external entries only)", {
    script: `modelops-bundles resolve ${REF} --json`,
    differs: "the sizes of registry entries are known too",
    check(_world, { stdout }) {
      const sizes = Object.values(BUNDLE_FILES).map(({ length }) => length);
      assert.equal(JSON.parse(stdout).totalSize, sizes.reduce((sum, size) => sum + size));
    },
  }),
];

const ENDINGS: readonly Row<BundlesWorld>[] = [
  statement(41, "1: Bundle not found", {
    script: exits(1, "modelops-bundles resolve my-model:9.9.9"),
    check: says(/my-model:9\.9\.9/),
  }),
  statement(42, "2: Validation error", {
    script: exits(2, "modelops-bundles resolve 'my model:1'"),
    check: says(/my model/),
  }),
  statement(43, "3: Download/runtime error", {
    script: exits(3, "modelops-bundles materialize my-model:1.0.0 ./workspace"),
    env: { MODELOPS_HTTP_RETRY: "0", REGISTRY_REPO: "127.0.0.1:9/models" },
    check: says(/127\.0\.0\.1:9/),
  }),
  statement(44, "10: Unsupported media type", {
    script: exits(10, "modelops-bundles resolve image:1.0.0"),
    prepare: (world) =>
      world.publishManifest("image", async (put) => {
        const config = await put("application/vnd.oci.image.config.v1+json", {});
        return { config, layers: [] };
      }),
    check: says(/as a bundle/),
  }),
  statement(45, "11: Role/layer mismatch", {
    script: exits(11, `modelops-bundles materialize ${REF} ./workspace --role serving`),
    check: says(/serving/),
  }),
  statement(46, "12: Workspace conflict", {
    script: exits(12, `modelops-bundles materialize ${REF} ./workspace`),
    prepare: (world) => world.write("workspace/src/train.py", "mine"),
    async check(world, result) {
      await says(/src\/train\.py/)(world, result);
      assert.equal(await world.read("workspace/src/train.py"), "mine");
      await assert.rejects(world.read("workspace/src/predict.py"), Deno.errors.NotFound);
    },
  }),
  statement(47, "uv run python -m pytest; fake implementations without external dependencies", {
    script: "true",
    differs: "the tests are those of this program; the fakes are the library's stores in memory",
    prepare: (world) => world.writeBundle(SPEC.replace(/external_rules:\n.*\n/, "")),
    async check(world) {
      const catalog = new library.MemoryCatalog();
      const ops = new library.Operations({
        provider: {
          open: (name) => catalog.repository(name),
          settings: library.settingsFromEnv({ REGISTRY_REPO: "registry.test/models" }),
        },
      });
      const { digest } = await ops.push({ workdir: world.path("bundle") });
      const { bundle } = await ops.materialize({ ref: REF, dest: world.path("workspace") });
      assert.equal(bundle.manifestDigest, digest);
      await assertFiles(world, "workspace", CODE);
    },
  }),
  statement(48, "Architecture: Runtime, Operations, Storage, Providers, CLI", {
    script: "modelops-bundles version",
    check() {
      const parts = {
        Runtime: library.RegistryClient,
        Operations: library.Operations,
        Storage: library.openObjectStore,
        Providers: library.defaultProviderFromEnv,
      };
      for (const [name, part] of Object.entries(parts)) assert.equal(typeof part, "function", name);
    },
  }),
];

/** The rows, by number. */
export const BUNDLES_ROWS: readonly Row<BundlesWorld>[] = [
  ...FEATURES,
  ...SETTINGS,
  ...COMMANDS,
  ...LIBRARY,
  ...SECURITY,
  ...ENDINGS,
];
