/**
 * Commands over models that are small on the disk and have very many parts: what the kernel says
 * that each took at its peak.
 */
import assert from "node:assert/strict";
import { measure } from "../../scripts/bench/measure.ts";
import { tarHeader } from "../../src/archive/tar_header.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { digestBytes } from "../../src/core/digest.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { memoryCatalog, type MemoryStore } from "../../src/oci/memory_store.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { makeSelfSigned } from "../support/certificates.ts";
import { openProgram, PROGRAM, type Program, withoutZstd } from "../support/program.ts";
import { e2eTest } from "../support/registry.ts";
import { serveInProcess } from "../support/served.ts";
import { tempFolder } from "../support/temp.ts";

const MIB = 1024 * 1024;

/** What a command may take more than the program that says its version. */
const MOST = 150 * MIB;

/** The kernel of another system is not asked. */
const LINUX_ONLY = { ignore: Deno.build.os !== "linux" };

/** The most memory that a run of the program has, in bytes; it ends with `code`. */
async function peakOf(
  { home, env }: Program,
  args: readonly string[],
  code = 0,
): Promise<number> {
  const checked = ["sh", "-c", '"$@"; test $? = "$0"', `${code}`];
  const command = { argv: [...checked, ...PROGRAM, ...args], cwd: home.path };
  const all = { ...Deno.env.toObject(), ...env };
  const signal = AbortSignal.timeout(300_000);
  return (await measure(command, { env: all, signal })).peakBytes;
}

/** A runtime that collects garbage late, as it does by chance now and then. */
const LATE = "--v8-flags=--min-semi-space-size=128,--max-semi-space-size=256";

/** The most memory that a module of the tree has in such a runtime, called by `code`. */
async function latePeakOf(code: string): Promise<number> {
  const argv = [Deno.execPath(), "eval", "--quiet", LATE, code];
  const signal = AbortSignal.timeout(300_000);
  return (await measure({ argv }, { env: Deno.env.toObject(), signal })).peakBytes;
}

/** A safetensors file of so many tensors of a byte each, whose header has 4 MB for 36,000. */
function manyTensors(count: number, place: string, byte: number): Uint8Array {
  const entries = Array.from({ length: count }, (_, index) => [
    `model.layers.${place}.mlp.experts.${index}.up_proj.weight_of_expert`,
    { dtype: "U8", shape: [1, 1], data_offsets: [index, index + 1] },
  ]);
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const bytes = new Uint8Array(8 + header.byteLength + count);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.byteLength), true);
  bytes.set(header, 8);
  bytes.fill(byte, 8 + header.byteLength);
  return bytes;
}

/** A model of four files with many tensors, and an index of them all. */
async function writeManyTensors(folder: string, byte = 0): Promise<void> {
  const files: Record<string, string> = {};
  for (const part of [1, 2, 3, 4]) {
    const file = `model-0000${part}-of-00004.safetensors`;
    const bytes = manyTensors(36_000, `${part}`, byte);
    await Deno.writeFile(`${folder}/${file}`, bytes);
    for (let index = 0; index < 36_000; index++) files[`tensor.${part}.number.${index}`] = file;
  }
  const index = JSON.stringify({ metadata: {}, weight_map: files });
  await Deno.writeTextFile(`${folder}/model.safetensors.index.json`, index);
}

Deno.test(
  "144,000 tensors are read, listed and compared in little memory",
  LINUX_ONLY,
  async (context) => {
    await using program = await openProgram();
    await using model = await tempFolder();
    await using other = await tempFolder();
    await writeManyTensors(model.path);
    await writeManyTensors(other.path, 1);
    for (const { path } of [model, other]) {
      await Deno.writeTextFile(`${path}/config.json`, '{"model_type":"llama"}');
    }
    const name = "localhost:5000/models/many";
    const start = await peakOf(program, ["--version"]);
    const runs: Readonly<Record<string, readonly string[]>> = {
      "modelfile generate": ["modelfile", "generate", model.path, "-O", program.home.path],
      "build": ["build", model.path, "-t", `${name}:v1`],
      "build --annotation": ["build", model.path, "-t", `${name}:v2`, "--annotation", "a=b"],
      "inspect": ["inspect", "--card", `${name}:v1`],
      "inspect --tensors": ["inspect", "--tensors", `${name}:v1`],
      "inspect --tensors --json": ["inspect", "--tensors", `${name}:v1`, "--json"],
      "diff": ["diff", `${name}:v1`, `${name}:v2`],
      "build of other bytes": ["build", other.path, "-t", `${name}:v3`],
      "diff --tensors": ["diff", `${name}:v1`, `${name}:v3`, "--tensors"],
      "diff --tensors --json": ["diff", `${name}:v1`, `${name}:v3`, "--tensors", "--json"],
    };
    for (const [title, args] of Object.entries(runs)) {
      await context.step(title, async () => {
        const added = await peakOf(program, args) - start;
        assert.ok(added < MOST, `${Math.round(added / MIB)} MiB were added`);
      });
    }
  },
);

Deno.test(
  "a folder of 100,000 files is checked, and refused, in little memory",
  LINUX_ONLY,
  async (context) => {
    await using program = await openProgram();
    await using model = await tempFolder();
    const lines: string[] = [];
    for (let index = 0; index < 100_000; index++) {
      const name = `${index}`.padStart(6, "0");
      Deno.writeTextFileSync(model.join(name), "{}");
      if (index % 2 === 0) lines.push(`CONFIG "${name}"\n`);
    }
    const all = await program.home.write("all", 'CONFIG "[0-9]*"\n');
    const half = await program.home.write("half", lines.join(""));
    const target = ["-t", "localhost:5000/models/many:v1"];
    const start = await peakOf(program, ["--version"]);
    const where = ["--workspace", model.path];
    const runs: Readonly<Record<string, readonly [code: number, ...args: string[]]>> = {
      "modelfile generate": [2, "modelfile", "generate", model.path, "-O", program.home.path],
      "modelfile validate": [0, "modelfile", "validate", all, ...where],
      "build of a pattern": [2, "build", model.path, "-f", all, ...target],
      "modelfile validate of half the names": [0, "modelfile", "validate", half, ...where],
      "build of half the names": [2, "build", model.path, "-f", half, ...target],
    };
    for (const [title, [code, ...args]] of Object.entries(runs)) {
      await context.step(title, async () => {
        const added = await peakOf(program, args, code) - start;
        assert.ok(added < MOST, `${Math.round(added / MIB)} MiB were added`);
      });
    }
  },
);

Deno.test(
  "what packs to nothing at all leaves nothing lying about while it is packed",
  LINUX_ONLY,
  async (context) => {
    await using program = await openProgram();
    await using model = await tempFolder();
    await model.write("Modelfile", "MODEL weights.bin\n");
    await model.write("weights.bin", "");
    await Deno.truncate(model.join("weights.bin"), 3 * 1024 * MIB);
    const start = await peakOf(program, ["--version"]);
    for (const form of ["none", "gzip", "zstd"]) {
      const missing = form === "zstd" ? await withoutZstd() : "";
      await context.step({
        name: form + missing,
        ignore: missing !== "",
        fn: async () => {
          const target = ["-t", "localhost:5000/models/zeros:v1", "--raw=false"];
          const args = ["build", model.path, ...target, "--compression", form];
          const added = await peakOf(program, args) - start;
          assert.ok(added < MOST, `${Math.round(added / MIB)} MiB were added`);
        },
      });
    }
  },
);

e2eTest(
  "what moves without a check of certificates leaves little lying about",
  { needs: ["openssl"] },
  async (context) => {
    if (LINUX_ONLY.ignore) return;
    await using program = await openProgram();
    const { home } = program;
    await home.write("ws/Modelfile", "MODEL weights.bin\n");
    await home.write("ws/weights.bin", "");
    await Deno.truncate(home.join("ws/weights.bin"), 512 * MIB);
    const { certFile, keyFile } = await makeSelfSigned(home.path, "server");
    await using server = await serveInProcess(program, [
      ...["--storage-dir", home.join("served")],
      ...["--tls-cert", certFile, "--tls-key", keyFile],
    ]);
    const name = `${server.address}/models/large:v1`;
    await program.ok(["build", home.join("ws"), "-t", name]);
    const start = await peakOf(program, ["--version"]);
    const runs: readonly (readonly string[])[] = [
      ["push", name, "--insecure"],
      ["pull", name, "--insecure", "--storage-dir", home.join("elsewhere")],
    ];
    for (const args of runs) {
      await context.step(args[0]!, async () => {
        const added = await peakOf(program, args) - start;
        assert.ok(added < MOST, `${Math.round(added / MIB)} MiB were added`);
      });
    }
  },
);

Deno.test("a bundle of 20,000 files is published again in little memory", LINUX_ONLY, async () => {
  await using program = await openProgram();
  const { home, env } = program;
  await home.write(
    "work/modelops.yaml",
    'name: many\nversion: "1.0.0"\nlayers: [{ name: data, type: data, files: ["data/**"] }]\n' +
      "roles: { default: [data] }\n",
  );
  for (let index = 0; index < 20_000; index++) {
    const folder = home.join(`work/data/part_${index % 100}`);
    if (index < 100) Deno.mkdirSync(folder, { recursive: true });
    // One content for all: little is sent but the manifest that lists them.
    Deno.writeTextFileSync(`${folder}/file_${index}.txt`, "x");
  }
  await using server = await serveInProcess(program, ["--storage-dir", home.join("served")]);
  const there = { ...program, env: { ...env, REGISTRY_REPO: `${server.address}/bundles` } };
  const start = await peakOf(program, ["--version"]);
  for (const time of ["first", "second"]) {
    const added = await peakOf(there, ["bundle", "push", home.join("work")]) - start;
    assert.ok(added < MOST, `${Math.round(added / MIB)} MiB were added the ${time} time`);
  }
});

/** How many layers of names as long as these fit into a manifest. */
const LAYERS = 9_600;

/** Puts a model of many small files into a repository; those of each tag have other content. */
async function writeManyLayers(repository: MemoryStore, tag: string): Promise<void> {
  const put = async (mediaType: string, value: unknown) => {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const descriptor = describeBytes(mediaType, bytes);
    await repository.write(descriptor, bytesSource(bytes));
    return descriptor;
  };
  const layers = Array.from({ length: LAYERS }, (_, index) => {
    const path = `weights/part-${index}-of-a-model-with-many-files.bin`;
    const about = { name: path, mode: 420, uid: 0, gid: 0, size: 1, mtime: "2026-01-01T00:00:00Z" };
    return {
      mediaType: "application/vnd.cncf.model.weight.v1.raw",
      digest: digestBytes(new TextEncoder().encode(`${tag} ${index}`)),
      size: 1,
      annotations: {
        "org.cncf.model.filepath": path,
        "org.cncf.model.file.metadata+json": JSON.stringify(about),
      },
    };
  });
  const config = await put("application/vnd.cncf.model.config.v1+json", {
    descriptor: { name: "many" },
    config: {},
    modelfs: { type: "layers", diffIds: layers.map(({ digest }) => digest) },
  });
  const mediaType = MediaType.imageManifest;
  const artifactType = "application/vnd.cncf.model.manifest.v1+json";
  const manifest = await put(mediaType, {
    schemaVersion: 2,
    mediaType,
    artifactType,
    config,
    layers,
  });
  await repository.tag(manifest, tag);
}

Deno.test(
  "two models of 9,600 layers in a registry are compared in little memory",
  LINUX_ONLY,
  async () => {
    await using program = await openProgram();
    const catalog = memoryCatalog();
    for (const tag of ["v1", "v2"]) await writeManyLayers(catalog.repository("many"), tag);
    const quiet = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    await using server = Deno.serve(quiet, createRegistryHandler(catalog));
    const name = `127.0.0.1:${server.addr.port}/many`;
    const start = await peakOf(program, ["--version"]);
    const added = await peakOf(program, ["diff", "--remote", `${name}:v1`, `${name}:v2`]) - start;
    assert.ok(added < MOST, `${Math.round(added / MIB)} MiB were added`);
  },
);

Deno.test(
  "a large file of an archive is read in little memory, however late it is collected",
  LINUX_ONLY,
  async () => {
    await using folder = await tempFolder();
    const size = 2 * 1024 * MIB;
    const owner = { uid: 0, gid: 0, uname: "", gname: "" };
    const header = tarHeader({
      name: "weights.bin",
      size,
      mode: 0o644,
      mtime: new Date(0),
      ...owner,
    });
    await folder.write("large.tar", header);
    await Deno.truncate(folder.join("large.tar"), header.byteLength + size + 1024);
    const module = (path: string) => JSON.stringify(import.meta.resolve(`../../src/${path}`));
    const start = await latePeakOf("");
    const added = await latePeakOf(`
    import { readTar } from ${module("archive/tar_reader.ts")};
    import { fileSource } from ${module("core/content/file_source.ts")};
    const nowhere = Deno.openSync("/dev/null", { write: true });
    const tar = await fileSource(${JSON.stringify(folder.join("large.tar"))});
    for await (const member of readTar(await tar.open())) {
      for await (const chunk of member.chunks()) nowhere.writeSync(chunk);
    }
  `) - start;
    assert.ok(added < MOST, `${Math.round(added / MIB)} MiB were added`);
  },
);
