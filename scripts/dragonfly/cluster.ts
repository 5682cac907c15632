/**
 * A real Dragonfly cluster on this machine: one scheduler, and daemons, where both programs are on
 * the PATH. Nobody installs them: they are built from their sources.
 * @module
 */
import { join } from "node:path";
import { findProgram, listens, LoggedProcess } from "../services.ts";
import { daemonConfig, type DaemonPorts, type DaemonSettings, schedulerConfig } from "./config.ts";

/** A daemon that runs until it is disposed. */
export interface Daemon extends AsyncDisposable {
  /** Its HTTP proxy. */
  readonly endpoint: string;
  /** Everything that it has printed so far. */
  logs(): string;
  /** The most memory that it had so far, in bytes. */
  peak(): Promise<number>;
  /** Ends it without a word, as a crash does. */
  kill(): Promise<void>;
}

/** A cluster that runs until it is disposed, with its daemons. */
export interface Cluster extends AsyncDisposable {
  /** Starts a daemon with an empty cache. */
  daemon(settings?: DaemonSettings): Promise<Daemon>;
}

/** Longest time, in milliseconds, that a program of the cluster may take until it answers. */
const START_LIMIT = 60_000;

/** The programs of a cluster that are not on the PATH. */
export function missingPrograms(): string[] {
  return ["scheduler", "dfdaemon"].filter((name) => findProgram(name) === undefined);
}

/**
 * Starts a scheduler.
 * @throws {Error} when it does not answer, with the end of its log.
 */
export async function startCluster(): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "modelops-dragonfly-" }));
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const [port = 0] = freePorts(1);
  await startProgram(stack, join(folder, "scheduler"), {
    program: "scheduler",
    config: schedulerConfig(join(folder, "scheduler"), port),
    port,
  });
  const running = stack.move();
  let daemons = 0;
  return {
    async daemon(settings = {}) {
      const name = `daemon-${++daemons}`;
      return await startDaemon(join(folder, name), `127.0.0.1:${port}`, { ...settings, name });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function startDaemon(
  folder: string,
  scheduler: string,
  settings: DaemonSettings & { readonly name: string },
): Promise<Daemon> {
  const [
    proxy = 0,
    upload = 0,
    storageTcp = 0,
    storageQuic = 0,
    metrics = 0,
    health = 0,
    stats = 0,
  ] = freePorts(7);
  const ports: DaemonPorts = { proxy, upload, storageTcp, storageQuic, metrics, health, stats };
  await using stack = new AsyncDisposableStack();
  const running = await startProgram(stack, folder, {
    program: "dfdaemon",
    config: daemonConfig(folder, ports, settings),
    dynconfig: { scheduler: { addrs: [scheduler] } },
    args: ["--log-dir", join(folder, "logs")],
    port: proxy,
  });
  const owned = stack.move();
  return {
    endpoint: `http://127.0.0.1:${proxy}`,
    logs: () => running.log,
    peak: () => running.peak(),
    kill: () => running.kill(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface Start {
  readonly program: string;
  readonly config: unknown;
  /** What it reads from a manager otherwise; its own defaults when absent. */
  readonly dynconfig?: unknown;
  readonly args?: readonly string[];
  /** Where it listens when it is ready. */
  readonly port: number;
}

async function startProgram(
  stack: AsyncDisposableStack,
  folder: string,
  { program, config, dynconfig, args = [], port }: Start,
): Promise<LoggedProcess> {
  const path = findProgram(program);
  if (path === undefined) throw new Error(`Cannot find "${program}" on the PATH`);
  await Deno.mkdir(folder, { recursive: true });
  const files = { config: join(folder, "config.yaml"), dynconfig: join(folder, "dynconfig.yaml") };
  // JSON is YAML too.
  await Deno.writeTextFile(files.config, JSON.stringify(config));
  if (dynconfig !== undefined) await Deno.writeTextFile(files.dynconfig, JSON.stringify(dynconfig));
  const running = stack.use(
    new LoggedProcess(path, [
      ...["--config", files.config, "--dynconfig", files.dynconfig, "--console"],
      ...args,
    ]),
  );
  const deadline = Date.now() + START_LIMIT;
  while (!running.ended && Date.now() < deadline) {
    if (await listens(`127.0.0.1:${port}`)) return running;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Cannot start "${program}"\n${running.log.slice(-4000)}`);
}

/** Ports that nothing listened on a moment ago: these programs do not say which they take. */
function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}
