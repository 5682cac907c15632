/** Two programs that move one blob at the same time: both end right, and the store verifies. */
import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { anonymousBlob, readContent } from "../../src/oci/store.ts";
import { openProgram, type Program } from "../support/program.ts";
import {
  type LedgerEntry,
  pushModel,
  type ScriptedRegistry,
  scriptedRegistry,
} from "../support/scripted_registry.ts";
import { bundleSpecOf } from "./download_flows.ts";

const SIZE = 12 * 1024 * 1024 + 4321;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => index * 43 + (index >> 8));
const BLOB = anonymousBlob(digestBytes(BYTES), SIZE);

/** Programs that share a home, at a registry where the blob waits until they are both at work. */
interface Scene {
  readonly registry: ScriptedRegistry;
  readonly program: Program;
  /** The content at the registry. */
  readonly name: string;
  /** Lets the blob pass. */
  readonly release: () => void;
  /** Bytes of the blob that moved, and the requests that moved them. */
  readonly moved: () => { readonly bytes: number; readonly requests: number };
}

const isManifest = ({ method, target }: LedgerEntry) =>
  method === "GET" && target.includes("manifests/");

/**
 * Makes a scene in which the answers with the blob wait until `both` holds of what was asked, or
 * they are released.
 */
async function openScene(
  registry: ScriptedRegistry,
  both: (asked: readonly LedgerEntry[]) => boolean,
): Promise<Scene & AsyncDisposable> {
  const passes = Promise.withResolvers<void>();
  const asked = () => registry.ledger.filter(({ repository }) => name.endsWith(`/${repository}`));
  const name: string = registry.scripted(async (request, pass) => {
    if (both(asked())) passes.resolve();
    if (request.method === "GET" && request.url.endsWith(BLOB.digest)) await passes.promise;
    return await pass();
  }, async ({ received }) => {
    // An upload waits when a half of it is there.
    if (received > SIZE / 2) await passes.promise;
  });
  const program = await openProgram();
  return {
    ...{ registry, program, name, release: () => passes.resolve() },
    moved: () => {
      const entries = asked().filter(({ received, sent }) => received + sent > SIZE / 100);
      const bytes = entries.reduce((sum, { received, sent }) => sum + received + sent, 0);
      return { bytes, requests: entries.length };
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Runs the program with several arguments at once. */
async function together(
  { program, name }: Scene,
  commands: readonly (readonly string[])[],
): Promise<void> {
  const env = { REGISTRY_REPO: name };
  await Promise.all(commands.map((args) => program.ok(args, { env })));
}

async function checkFile({ program }: Scene, path: string): Promise<void> {
  assert.equal(digestBytes(await Deno.readFile(program.home.join(path))), BLOB.digest, path);
}

async function checkStore({ program }: Scene): Promise<void> {
  assert.equal((await program.json(["verify", "--all"])).ok, true);
}

async function registryWithModel(): Promise<ScriptedRegistry> {
  const registry = scriptedRegistry();
  await pushModel(registry, { "large.bin": BYTES });
  return registry;
}

Deno.test("two pulls of one model into different folders receive it once", async () => {
  await using registry = await registryWithModel();
  await using scene = await openScene(registry, (asked) => asked.filter(isManifest).length === 2);
  const pull = (folder: string) => ["pull", `${scene.name}:v1`, "--extract-dir", folder];
  await together(scene, [pull("one"), pull("two")]);
  for (const folder of ["one", "two"]) await checkFile(scene, `${folder}/large.bin`);
  await checkStore(scene);
  assert.deepEqual(scene.moved(), { bytes: SIZE, requests: 1 });
});

Deno.test("two pulls past the store into different folders do not meet", async () => {
  await using registry = await registryWithModel();
  await using scene = await openScene(registry, (asked) => asked.filter(isManifest).length === 2);
  const pull = (folder: string) => [
    ...["pull", `${scene.name}:v1`, "--extract-from-remote", "--extract-dir", folder],
  ];
  await together(scene, [pull("one"), pull("two")]);
  for (const folder of ["one", "two"]) await checkFile(scene, `${folder}/large.bin`);
  assert.deepEqual(scene.moved(), { bytes: 2 * SIZE, requests: 2 });
});

Deno.test("a build and a pull of one blob at once leave it whole, with both names", async () => {
  await using registry = await registryWithModel();
  await using scene = await openScene(registry, () => false);
  const { program, name } = scene;
  await program.home.write("ws/large.bin", BYTES);
  await program.home.write("ws/Modelfile", "NAME demo\nMODEL large.bin\n");
  const pulling = program.ok(["pull", `${name}:v1`]);
  // The pull waits for the blob, which the build brings meanwhile.
  while (!registry.ledger.some(({ target }) => target.endsWith(BLOB.digest))) {
    await Promise.race([pulling, new Promise((resolve) => setTimeout(resolve, 5))]);
  }
  await program.ok(["build", "-t", "registry.test/built:v1", "ws"]);
  await checkStore(scene);
  scene.release();
  await pulling;
  await checkStore(scene);
  for (const reference of [`${name}:v1`, "registry.test/built:v1"]) {
    await program.ok(["extract", reference, "--output", "out", "--overwrite"]);
    await checkFile(scene, "out/large.bin");
    await Deno.remove(program.home.join("out"), { recursive: true });
  }
});

Deno.test("two pushes of one blob at once both end right, and leave no note", async () => {
  await using registry = scriptedRegistry();
  const begun = ({ method, target }: LedgerEntry) =>
    method === "POST" && target.startsWith("blobs/uploads/");
  // Each begins an upload of the large blob and one of its config.
  await using scene = await openScene(registry, (asked) => asked.filter(begun).length >= 3);
  const { program, name } = scene;
  await program.home.write("ws/large.bin", BYTES);
  await program.home.write("ws/Modelfile", "NAME demo\nMODEL large.bin\n");
  for (const tag of ["v1", "v2"]) await program.ok(["build", "-t", `${name}:${tag}`, "ws"]);
  await together(scene, ["v1", "v2"].map((tag) => ["push", `${name}:${tag}`]));
  const store = registry.catalog.repository("demo");
  assert.equal(digestBytes(await readContent(store, BLOB, { limit: SIZE })), BLOB.digest);
  for (const tag of ["v1", "v2"]) {
    await program.ok(["pull", `${name}:${tag}`, "--extract-from-remote", "--extract-dir", tag]);
    await checkFile(scene, `${tag}/large.bin`);
  }
  const notes = await Array.fromAsync(Deno.readDir(program.home.join(".cache/modelops/uploads")));
  assert.deepEqual(notes, []);
});

Deno.test("two materializations into different workspaces receive each blob once", async () => {
  await using registry = scriptedRegistry();
  await using scene = await openScene(registry, (asked) => asked.filter(isManifest).length === 2);
  const { program } = scene;
  await program.home.write("work/large.bin", BYTES);
  await program.home.write("work/modelops.yaml", bundleSpecOf("plain"));
  const env = { REGISTRY_REPO: `${registry.host}/demo` };
  await program.ok(["bundle", "push", "work"], { env });
  const materialize = (folder: string) => ["bundle", "materialize", "plain:1.0.0", folder];
  await together(scene, [materialize("one"), materialize("two")]);
  for (const folder of ["one", "two"]) await checkFile(scene, `${folder}/large.bin`);
  await checkStore(scene);
  assert.deepEqual(scene.moved(), { bytes: SIZE, requests: 1 });
});
