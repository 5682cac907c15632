/** What is measured, and against whom: one row a benchmark. @module */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digestStream } from "../src/core/digest.ts";
import { removeIfExists } from "../src/core/files.ts";
import { writeFileAtomic } from "../src/core/staged_file.ts";
import { fileSource } from "../src/core/file_source.ts";
import { CHUNK_SIZE } from "../src/core/streams.ts";
import { requireTool, startRegistry } from "./services.ts";

/** Someone who does the work that is measured. */
export interface Contestant {
  /** Whom the table shows. */
  readonly name: string;
  /** Does the work once and returns how long it took in milliseconds; preparations do not count. */
  time(): Promise<number>;
}

/** What takes part in one benchmark, prepared; disposing ends the services that it needed. */
export interface Contest extends AsyncDisposable {
  readonly ours: Contestant;
  readonly peer: Contestant;
}

/** What a benchmark is given. */
export interface BenchmarkContext {
  /** A folder to work in, which the caller removes. */
  readonly folder: string;
  /** Size of the content that is worked on, in bytes. */
  readonly size: number;
}

/** One row of the table. */
export interface Benchmark {
  readonly name: string;
  /** How often each contestant is timed. */
  readonly runs: number;
  prepare(context: BenchmarkContext): Promise<Contest>;
}

/** All benchmarks, from the quickest to the longest. */
export const BENCHMARKS: readonly Benchmark[] = [
  { name: "start-up", runs: 21, prepare: startUp },
  { name: "hash a file", runs: 5, prepare: hashFile },
  { name: "build into the local store", runs: 5, prepare: buildLocally },
  { name: "push to a registry", runs: 3, prepare: pushToRegistry },
  { name: "pull from a registry", runs: 3, prepare: pullFromRegistry },
];

const cliPath = fileURLToPath(new URL("../cli.ts", import.meta.url));

async function startUp({ folder }: BenchmarkContext): Promise<Contest> {
  const program = join(folder, "empty.ts");
  await Deno.writeTextFile(program, "export {};\n");
  const deno = (...args: string[]) => run(Deno.execPath(), ["run", "-A", ...args]);
  return contest(
    contestant("modelops --version", () => deno(cliPath, "--version")),
    contestant("empty Deno program", () => deno(program)),
  );
}

async function hashFile({ folder, size }: BenchmarkContext): Promise<Contest> {
  const path = join(folder, "content");
  await randomFile(path, size);
  const source = await fileSource(path);
  const hash = async () => void await digestStream(await source.open());
  return contest(
    contestant("digestStream()", hash),
    contestant(
      "openssl dgst -sha256",
      () => run(requireTool("openssl"), ["dgst", "-sha256", path]),
    ),
  );
}

async function buildLocally({ folder, size }: BenchmarkContext): Promise<Contest> {
  const model = await modelFolder(folder, size);
  const [store, copy] = [join(folder, "store"), join(folder, "copy")];
  const script = 'cp "$0/weights.bin" "$1" && sha256sum "$1"';
  return contest(
    contestant(
      "modelops build",
      () => modelops(store, "build", "-t", `registry.test/${NAME}`, model),
      () => removeIfExists(store),
    ),
    contestant(
      "cp and sha256sum",
      () => run("sh", ["-c", script, model, copy]),
      () => removeIfExists(copy),
    ),
  );
}

/** Each push goes to a registry of its own: no blob is there already. */
async function pushToRegistry({ folder, size }: BenchmarkContext): Promise<Contest> {
  const published = await publish(folder, size);
  const layout = `oci:${join(folder, "layout")}:v1`;
  await copyBySkopeo(`docker://${published.reference}`, layout);
  return contest(
    {
      name: "modelops push",
      async time() {
        await using registry = await startRegistry();
        const reference = `${registry.address}/${NAME}`;
        await modelops(published.store, "tag", published.reference, reference);
        return await timed(() => modelops(published.store, "push", reference));
      },
    },
    {
      name: "skopeo copy",
      async time() {
        await using registry = await startRegistry();
        const reference = `docker://${registry.address}/${NAME}`;
        return await timed(() => copyBySkopeo(layout, reference));
      },
    },
    published,
  );
}

async function pullFromRegistry({ folder, size }: BenchmarkContext): Promise<Contest> {
  const published = await publish(folder, size);
  const { reference } = published;
  const [store, layout] = [join(folder, "pulled"), join(folder, "layout")];
  return contest(
    contestant(
      "modelops pull",
      () => modelops(store, "pull", reference),
      () => removeIfExists(store),
    ),
    contestant(
      "skopeo copy",
      () => copyBySkopeo(`docker://${reference}`, `oci:${layout}:v1`),
      () => removeIfExists(layout),
    ),
    published,
  );
}

/** What a benchmark's model is called. */
const NAME = "bench/model:v1";

/** A contest of ours against a peer, with the services that it needs. */
function contest(ours: Contestant, peer: Contestant, services?: AsyncDisposable): Contest {
  const dispose = async () => await services?.[Symbol.asyncDispose]();
  return { ours, peer, [Symbol.asyncDispose]: dispose };
}

/** A contestant whose preparations are not timed. */
function contestant(
  name: string,
  work: () => Promise<void>,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Contestant {
  return {
    name,
    async time() {
      await prepare();
      return await timed(work);
    },
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Runs a program to its end; one that fails has no time. */
async function run(program: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  throw new Error(
    `Cannot measure "${program} ${args.join(" ")}": ${new TextDecoder().decode(stderr)}`,
  );
}

function modelops(store: string, ...args: string[]): Promise<void> {
  return run(Deno.execPath(), ["run", "-A", cliPath, ...args, "--storage-dir", store]);
}

function copyBySkopeo(from: string, to: string): Promise<void> {
  const options = [
    "--insecure-policy",
    "copy",
    "--src-tls-verify=false",
    "--dest-tls-verify=false",
  ];
  return run(requireTool("skopeo"), [...options, from, to]);
}

/** A model in a store of ours and in a registry that runs until this is disposed. */
async function publish(folder: string, size: number) {
  await using stack = new AsyncDisposableStack();
  const registry = stack.use(await startRegistry());
  const [store, reference] = [join(folder, "store"), `${registry.address}/${NAME}`];
  await modelops(store, "build", "-t", reference, await modelFolder(folder, size));
  await modelops(store, "push", reference);
  const running = stack.move();
  return { store, reference, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** A folder with one file of weights and a Modelfile. */
async function modelFolder(folder: string, size: number): Promise<string> {
  const model = join(folder, "model");
  await Deno.mkdir(model);
  await randomFile(join(model, "weights.bin"), size);
  await Deno.writeTextFile(join(model, "Modelfile"), "NAME bench\nMODEL weights.bin\n");
  return model;
}

/** Writes a file of `size` random bytes. */
async function randomFile(path: string, size: number): Promise<void> {
  await writeFileAtomic(path, randomChunks(size));
}

async function* randomChunks(size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; left -= CHUNK_SIZE) yield randomBytes(Math.min(left, CHUNK_SIZE));
}
