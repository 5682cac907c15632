/**
 * `deno task bench --scale [--size MIB] [--pullers N]…`: one model to many pullers at once,
 * straight from a registry, through `serve --upstream`, and through Dragonfly where its programs
 * are on the PATH: bytes that left the registry, time, memory.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { dirname, join } from "node:path";
import { missingPrograms, startCluster } from "../dragonfly/cluster.ts";
import { startRegistry } from "../services.ts";
import { bundle } from "../bundle.ts";
import { makeContent } from "./content.ts";
import { startCountingProxy } from "./counting_proxy.ts";
import { type Cost, measure, run, type RunOptions } from "./measure.ts";
import { BUNDLE, OURS } from "./tools.ts";

const MEBIBYTE = 1024 * 1024;

/** How many pull at once. */
const PULLERS = [1, 8, 32];

/** What is measured. */
export interface ScaleSettings {
  /** Bytes of the model. */
  readonly size: number;
  readonly signal: AbortSignal;
}

/** The way that pullers take. */
type Way = "direct" | "serve --upstream" | "Dragonfly";

/** What one way cost. */
interface Row {
  readonly way: Way;
  readonly pullers: number;
  /** Bytes that left the registry. */
  readonly origin: number;
  /** Milliseconds until the last puller had all of it. */
  readonly wallMs: number;
  /** Time of all processors that the pullers took, in milliseconds. */
  readonly cpuMs: number;
  /** Memory of the largest puller at its peak, in bytes. */
  readonly pullerBytes: number;
  /** Memory of the cache at its peak, or of the larger daemon, in bytes. */
  readonly cacheBytes?: number;
}

/** Measures all rows and prints them as a table of Markdown. */
export async function benchScale({ size, signal }: ScaleSettings): Promise<void> {
  await bundle(dirname(BUNDLE));
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "modelops-scale-" }));
  try {
    await using registry = await startRegistry();
    await using line = startCountingProxy(registry.address);
    const content = await makeContent(join(folder, "model"), "one", size);
    const options = { env: environment(folder), signal };
    const name = "bench/model:v1";
    const author = join(folder, "author");
    for (
      const args of [["build", "-t", `${registry.address}/${name}`, content.folder], [
        "push",
        `${registry.address}/${name}`,
      ]]
    ) {
      await run({ argv: [...OURS, ...args, "--storage-dir", author, "--no-progress"] }, options);
    }
    console.log(`Model of ${size / MEBIBYTE} MiB\n`);
    console.log(
      "| way | pullers | bytes from the origin | time | processor | memory of a puller | of the cache |",
    );
    console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    const missing = missingPrograms();
    const ways: Way[] = ["direct", "serve --upstream"];
    if (missing.length === 0) ways.push("Dragonfly");
    for (const pullers of PULLERS) {
      for (const way of ways) {
        const place = join(folder, "pull");
        const row = await measureRow({ way, pullers, line, name, place }, options);
        console.log(rowText(row, size));
        await Deno.remove(place, { recursive: true });
      }
    }
    if (missing.length > 0) {
      console.log(`\nNo row of Dragonfly: ${missing.join(" and ")} not on the PATH`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The whole environment of the programs: nothing of the user's settings reaches them. */
function environment(folder: string): Record<string, string> {
  const { PATH = "", DENO_DIR = "" } = Deno.env.toObject();
  return { PATH, DENO_DIR, HOME: folder, NO_COLOR: "1" };
}

interface Race {
  readonly way: Way;
  readonly pullers: number;
  readonly line: ReturnType<typeof startCountingProxy>;
  readonly name: string;
  readonly place: string;
}

async function measureRow(race: Race, options: RunOptions): Promise<Row> {
  const { way, pullers, line, name, place } = race;
  await using helper = await STARTS[way](race, options);
  const before = line.carried.receiving;
  const started = performance.now();
  const costs = await Promise.all(Array.from({ length: pullers }, (_, index) =>
    measure({
      argv: [
        ...OURS,
        "pull",
        `${helper.address ?? line.address}/${name}`,
        ...["--storage-dir", join(place, `${index}`), "--no-progress"],
        ...helper.flags(index),
      ],
    }, options)));
  const sum = (key: keyof Cost) => costs.reduce((total, cost) => total + (cost[key] ?? 0), 0);
  return {
    way,
    pullers,
    origin: line.carried.receiving - before,
    wallMs: performance.now() - started,
    cpuMs: sum("cpuMs"),
    pullerBytes: Math.max(...costs.map(({ peakBytes }) => peakBytes)),
    cacheBytes: await helper.peak?.(),
  };
}

/** What stands between the pullers and the registry, until it is disposed. */
interface Helper extends AsyncDisposable {
  /** Host and port that pullers name in place of the registry's. */
  readonly address?: string;
  /** What a puller says to use it. */
  flags(puller: number): string[];
  /** Bytes of its memory at its peak. */
  peak?(): Promise<number>;
}

const STARTS: Readonly<Record<Way, (race: Race, options: RunOptions) => Promise<Helper>>> = {
  "direct": () => Promise.resolve({ flags: () => [], [Symbol.asyncDispose]: async () => {} }),
  "serve --upstream": startCache,
  "Dragonfly": startDaemons,
};

/** Starts a cluster of two machines, with a half of the pullers on each. */
async function startDaemons(): Promise<Helper> {
  await using stack = new AsyncDisposableStack();
  const cluster = stack.use(await startCluster());
  const daemons = [stack.use(await cluster.daemon()), stack.use(await cluster.daemon())];
  const running = stack.move();
  return {
    flags: (puller) => [
      ...["--dragonfly-endpoint", daemons[puller % daemons.length]!.endpoint],
      "--dragonfly-required",
    ],
    peak: async () => Math.max(...await Promise.all(daemons.map((each) => each.peak()))),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Starts an empty cache in front of the registry. */
async function startCache({ line, place }: Race, { env }: RunOptions): Promise<Helper> {
  const [program = "", ...words] = OURS;
  const child = new Deno.Command(program, {
    args: [
      ...words,
      ...["serve", "--upstream", `http://${line.address}`, "--address", "127.0.0.1:0"],
      ...["--storage-dir", join(place, "cache"), "--log-level", "error"],
    ],
    clearEnv: true,
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await lines.read();
  const address = /ready (\S+)/.exec(value)?.[1];
  if (address === undefined) throw new Error(`Cannot start the cache: ${value}`);
  return {
    address,
    flags: () => [],
    async peak(): Promise<number> {
      const status = await Deno.readTextFile(`/proc/${child.pid}/status`).catch(() => "");
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1024;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await lines.cancel();
      await child.status;
    },
  };
}

function rowText(row: Row, size: number): string {
  const mib = (bytes: number | undefined) =>
    bytes === undefined ? "" : `${Math.round(bytes / MEBIBYTE)} MiB`;
  const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
  const times = `${(row.origin / size).toFixed(2)} × the model`;
  const cells = [
    row.way,
    row.pullers,
    times,
    seconds(row.wallMs),
    seconds(row.cpuMs),
    mib(row.pullerBytes),
    mib(row.cacheBytes),
  ];
  return `| ${cells.join(" | ")} |`;
}
