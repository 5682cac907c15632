/**
 * Registries and object stores that lie or fail: each failure has its exit code and one clear line,
 * and the workspace is as it was.
 */
import assert from "node:assert/strict";
import { bytesSource } from "../../src/core/content/source.ts";
import { digestBytes, digestHex } from "../../src/core/digest.ts";
import { openObjectStore } from "../../src/objects/dispatch.ts";
import {
  bundleFiles,
  type BundleServices,
  bundleSpec,
  folderState,
  startBundleServices,
} from "../support/bundles.ts";
import type { CommandResult } from "../support/command.ts";
import { openProgram, type Program } from "../support/program.ts";
import { e2eTest } from "../support/registry.ts";
import { cutInHalf, type Forward } from "../support/reverse_proxy.ts";

const needs = ["docker-registry", "azurite-blob"] as const;
const FILES = { "src/a.py": "print('a')\n", "src/b.py": "print('b')\n" };
const BIG = "0123456789".repeat(100);

/** What a request asks of the registry. */
type Part = "manifest" | "bundle manifest" | "index" | "file";

interface Lie {
  /** What the registry does. */
  readonly what: string;
  /** What it does it to. */
  readonly part: Part;
  answer(request: Request, forward: Forward): Promise<Response> | Response;
  readonly code: number;
  readonly says: RegExp;
}

/** The same answer with other bytes of the same length. */
async function flipped(response: Response): Promise<Response> {
  const bytes = await response.bytes();
  const middle = bytes.length >> 1;
  bytes[middle] = bytes[middle] === 0x78 ? 0x79 : 0x78;
  return new Response(bytes, { headers: response.headers, status: response.status });
}

/** An answer whose length is what its headers say, but not what the descriptor says. */
async function longer(response: Response): Promise<Response> {
  const bytes = await response.bytes();
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(new Uint8Array([...bytes, 0x20]), { headers, status: response.status });
}

async function withHeader(response: Response, name: string, value: string): Promise<Response> {
  const headers = new Headers(response.headers);
  headers.set(name, value);
  return new Response(await response.bytes(), { headers, status: response.status });
}

const status = (code: number, body = "", headers: HeadersInit = {}) => () =>
  new Response(body, { status: code, headers });
const html = status(200, "<html>Sign in</html>", { "content-type": "text/html" });
const OTHER = `sha256:${"0".repeat(64)}`;

const LIES: readonly Lie[] = [
  ...(["bundle manifest", "index", "file"] as const).flatMap((part): Lie[] => [
    {
      what: "sends other bytes for",
      part,
      answer: async (_request, forward) => await flipped(await forward()),
      code: 5,
      says: /sha256:/,
    },
    {
      what: "sends too many bytes for",
      part,
      answer: async (_request, forward) => await longer(await forward()),
      code: 5,
      says: /bytes/,
    },
    { what: "does not have", part, answer: status(404), code: 3, says: /missing/ },
    { what: "sends a web page for", part, answer: html, code: 5, says: /sha256:|bytes/ },
    { what: "fails at", part, answer: status(500, "oops"), code: 3, says: /500/ },
    {
      what: "cuts off",
      part,
      answer: async (_request, forward) => cutInHalf(await forward()),
      code: 3,
      says: /connection|ended|bytes/,
    },
  ]),
  {
    what: "sends other bytes for",
    part: "manifest",
    answer: async (_request, forward) => await flipped(await forward()),
    code: 5,
    says: /sha256:/,
  },
  {
    what: "names another digest for",
    part: "manifest",
    answer: async (_request, forward) =>
      await withHeader(await forward(), "docker-content-digest", OTHER),
    code: 5,
    says: /sha256:/,
  },
  { what: "does not have", part: "manifest", answer: status(404), code: 1, says: /my-model:1.0.0/ },
  { what: "sends a web page for", part: "manifest", answer: html, code: 2, says: /not valid JSON/ },
  { what: "fails at", part: "manifest", answer: status(503), code: 3, says: /503/ },
  { what: "forbids", part: "manifest", answer: status(403), code: 4, says: /403|denied|refuse/i },
  {
    what: "asks to come back too late for",
    part: "manifest",
    answer: status(429, "", { "retry-after": "3600" }),
    code: 3,
    says: /429|3600|wait/,
  },
];

/** A published bundle, the digests of its parts, and a workspace with a file of its own. */
interface Scene extends AsyncDisposable {
  readonly program: Program;
  readonly services: BundleServices;
  readonly env: Record<string, string>;
  /** The last component of the address of each part. */
  readonly parts: Readonly<Record<Part, string>>;
}

async function openScene(): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const program = stack.use(await openProgram());
  const services = stack.use(await startBundleServices());
  const { home } = program;
  for (const [path, text] of Object.entries(FILES)) await home.write(`work/${path}`, text);
  await home.write("work/data/big.bin", BIG);
  await home.write("work/modelops.yaml", bundleSpec());
  await program.ok(["bundle", "push", "work"], { env: { ...services.env } });
  // Another try costs time and changes nothing here.
  const env = { ...services.proxiedEnv, MODELOPS_HTTP_RETRY: "0", EXTERNAL_RETRIES: "0" };
  const { layers } = await (await fetch(
    `http://${services.registry.address}/v2/models/my-model/manifests/1.0.0`,
    { headers: { accept: "application/vnd.oci.image.manifest.v1+json" } },
  )).json();
  const titled = (title: string): string =>
    layers.find(({ annotations }: { annotations: Record<string, string> }) =>
      annotations["org.opencontainers.image.title"] === title
    ).digest;
  const parts = {
    manifest: "1.0.0",
    "bundle manifest": titled("bundle.manifest.json"),
    index: titled("layer.code.json"),
    file: titled("src/b.py"),
  };
  const running = stack.move();
  return { program, services, env, parts, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/**
 * The command fails with one line of error and changes nothing, but that files of the bundle which
 * came before the failure may be there, whole.
 */
async function assertFails(
  { program, env }: Scene,
  { code, says, args }: Pick<Lie, "code" | "says"> & { readonly args: readonly string[] },
): Promise<void> {
  const workspace = program.home.join("workspace");
  await program.home.write("workspace/mine.txt", "mine");
  const result = await program.run(args, { env });
  assert.equal(result.code, code, told(result));
  const errors = result.stderr.split("\n").filter((line) => line.startsWith("error: "));
  assert.equal(errors.length, 1, told(result));
  assert.match(errors[0] ?? "", says);
  assert.equal(result.stdout, "");
  const { ["src/a.py"]: first, ...others } = await folderState(workspace);
  assert.ok(
    first === undefined || first === digestBytes(new TextEncoder().encode(FILES["src/a.py"])),
  );
  assert.deepEqual(Object.keys(others), ["mine.txt"]);
  await Deno.remove(workspace, { recursive: true });
}

function told({ code, stdout, stderr }: CommandResult): string {
  return `exit code ${code}\n${stdout}${stderr}`;
}

const materialize = ["bundle", "materialize", "my-model:1.0.0", "workspace", "--no-cache"];

e2eTest("registries and object stores that lie or fail", { needs }, async (t) => {
  await using scene = await openScene();
  const parts = {
    "whatever a registry does wrong changes nothing": lyingRegistry,
    "a registry that redirects is followed, and its password stays at home": redirectingRegistry,
    "an external object that is not what the bundle says is left out": badObjects,
  };
  for (const [what, run] of Object.entries(parts)) await t.step(what, (t) => run(scene, t));
});

async function lyingRegistry(scene: Scene, t: Deno.TestContext): Promise<void> {
  const { registryProxy } = scene.services;
  for (const lie of LIES) {
    await t.step(`the registry ${lie.what} the ${lie.part}: exit ${lie.code}`, async () => {
      registryProxy.answer = (request, forward) =>
        request.url.endsWith(scene.parts[lie.part]) ? lie.answer(request, forward) : forward();
      await assertFails(scene, { ...lie, args: materialize });
    });
  }
  delete registryProxy.answer;
}

async function redirectingRegistry(scene: Scene, t: Deno.TestContext): Promise<void> {
  const { program, services, parts } = scene;
  const { registryProxy } = services;
  const seen: (string | null)[] = [];
  let lying = false;
  await using elsewhere = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      seen.push(request.headers.get("authorization"));
      const { pathname } = new URL(request.url);
      const response = await fetch(`http://${services.registry.address}${pathname}`);
      return lying ? await flipped(response) : response;
    },
  );
  registryProxy.answer = (request, forward) => {
    const { pathname } = new URL(request.url);
    if (!request.headers.has("authorization")) {
      return new Response("", {
        status: 401,
        headers: { "www-authenticate": 'Basic realm="test"' },
      });
    }
    if (!pathname.endsWith(parts.file)) return forward();
    const location = `http://localhost:${elsewhere.addr.port}${pathname}`;
    return new Response("", { status: 307, headers: { location } });
  };
  const env = {
    ...scene.env,
    MODELOPS_REGISTRY_USERNAME: "ann",
    MODELOPS_REGISTRY_PASSWORD: "sesame",
  };
  await t.step("to what is right", async () => {
    await program.ok(["bundle", "materialize", "my-model:1.0.0", "right", "--no-cache"], { env });
    assert.deepEqual(seen, [null]);
    assert.equal(await Deno.readTextFile(program.home.join("right/src/b.py")), FILES["src/b.py"]);
  });
  await t.step("to other bytes: exit 5", async () => {
    lying = true;
    await assertFails({ ...scene, env }, { args: materialize, code: 5, says: /sha256:/ });
  });
  delete registryProxy.answer;
}

async function badObjects(scene: Scene, t: Deno.TestContext): Promise<void> {
  const { program, services, env } = scene;
  const { account, key, endpoint } = services.azurite;
  const objects = openObjectStore({ azure: { account, key, endpoint } });
  const put = async (text: string) => {
    const bytes = new TextEncoder().encode(text);
    const sha256 = digestHex(digestBytes(bytes));
    await objects.put("az://bundles/my-model/data/big.bin", bytesSource(bytes), { sha256 });
  };
  const dest = program.home.join("external");
  const args = ["bundle", "materialize", "my-model:1.0.0", dest, "--role", "training"];
  const pointer = async () =>
    JSON.parse(await Deno.readTextFile(`${dest}/.mops/ptr/data/big.bin.json`));

  /** The registry's files are there, the pointer says what is missing, and nothing else is left. */
  const assertLeftOut = async (code: number, says: RegExp) => {
    const result = await program.run([...args, "--prefetch-external"], { env });
    assert.equal(result.code, code, told(result));
    assert.equal(result.stderr.match(/^error: /gm)?.length, 1, result.stderr);
    assert.match(result.stderr, says);
    assert.deepEqual(Object.keys(bundleFiles(await folderState(dest))), Object.keys(FILES));
    assert.equal((await pointer()).fulfilled, false);
  };

  await t.step("without prefetching nobody looks", async () => {
    await put("other".repeat(200));
    await program.ok(args, { env: { ...env, AZURE_STORAGE_KEY: "" } });
    assert.equal((await pointer()).fulfilled, false);
  });
  await t.step("other bytes of the same size: exit 5", () => assertLeftOut(5, /data\/big\.bin/));
  await t.step("another size: exit 5", async () => {
    await put("short");
    await assertLeftOut(5, /data\/big\.bin/);
  });
  await t.step("no object: exit 3", async () => {
    services.azureProxy.answer = () =>
      new Response("", { status: 404, headers: { "x-ms-error-code": "BlobNotFound" } });
    await assertLeftOut(3, /data\/big\.bin/);
    delete services.azureProxy.answer;
  });
  await t.step("a key that is refused: exit 4", async () => {
    const refused = { ...env, AZURE_STORAGE_KEY: btoa("another key") };
    const result = await program.run([...args, "--prefetch-external"], { env: refused });
    assert.equal(result.code, 4, told(result));
    assert.ok(!result.stderr.includes(refused.AZURE_STORAGE_KEY));
  });
  await t.step("the right bytes: the same command finishes", async () => {
    await put(BIG);
    await program.ok([...args, "--prefetch-external"], { env });
    assert.equal(await Deno.readTextFile(`${dest}/data/big.bin`), BIG);
    assert.equal((await pointer()).fulfilled, true);
  });
  await t.step("another tier rewrites the pointer and nothing else", async () => {
    await program.home.write("work/modelops.yaml", bundleSpec("1.0.1", "hot"));
    await program.ok(["bundle", "push", "work"], { env: { ...services.env } });
    const { mtime } = await Deno.stat(`${dest}/data/big.bin`);
    const next = args.map((arg) => arg.replace(":1.0.0", ":1.0.1"));
    await program.ok(next, { env });
    assert.equal((await pointer()).tier, "hot");
    assert.equal((await pointer()).fulfilled, true);
    assert.deepEqual((await Deno.stat(`${dest}/data/big.bin`)).mtime, mtime);
  });
}
