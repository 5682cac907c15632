/**
 * The real programs that end-to-end tests talk to: found, installed where that is allowed, and started.
 *
 * Every service listens on a free loopback port, keeps its files in a temporary folder, and is gone when
 * it is disposed. Nothing here depends on a service that the machine itself may run.
 * @module
 */
import { delimiter, join } from "node:path";
import { hash } from "bcryptjs";

/** Where a program comes from when the machine does not have it. */
export interface Tool {
  /** The Debian package that brings the program. */
  readonly debianPackage: string;
}

/** The programs that tests may need, by the name of their command. */
export const TOOLS = {
  "docker-registry": { debianPackage: "docker-registry" },
  "openssl": { debianPackage: "openssl" },
  "skopeo": { debianPackage: "skopeo" },
} as const satisfies Record<string, Tool>;

/** The name of a program that tests may need. */
export type ToolName = keyof typeof TOOLS;

const TOOL_NAMES = Object.keys(TOOLS) as ToolName[];

/** The path of a program, or `undefined` when the machine does not have it. */
export function findTool(name: ToolName): string | undefined {
  return findProgram(name);
}

/**
 * The path of a program.
 * @throws {Error} when the machine does not have it, with the command that installs it.
 */
export function requireTool(name: ToolName): string {
  const path = findTool(name);
  if (path === undefined) {
    throw new Error(`Cannot find "${name}": install it with ${installCommand([name]).join(" ")}`);
  }
  return path;
}

/** The programs that are missing, out of those named. */
export function missingTools(names: readonly ToolName[] = TOOL_NAMES): ToolName[] {
  return names.filter((name) => findTool(name) === undefined);
}

/**
 * Installs what is missing, where that is allowed: on Debian, as root.
 * @returns the programs that are missing still.
 * @throws {Error} when the package manager fails.
 */
export async function installTools(names: readonly ToolName[] = TOOL_NAMES): Promise<ToolName[]> {
  const missing = missingTools(names);
  if (missing.length === 0 || Deno.uid() !== 0 || findProgram("apt-get") === undefined) {
    return missing;
  }
  await runInstaller(["apt-get", "update"]);
  await runInstaller(installCommand(missing));
  return missingTools(names);
}

function installCommand(names: readonly ToolName[]): string[] {
  return ["apt-get", "install", "-y", ...names.map((name) => TOOLS[name].debianPackage)];
}

async function runInstaller([program = "", ...args]: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim();
  throw new Error(`Cannot run "${program} ${args.join(" ")}": ${said}`);
}

function findProgram(name: string): string | undefined {
  return (Deno.env.get("PATH") ?? "").split(delimiter)
    .map((folder) => join(folder, name))
    .find(isFile);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // Unreadable or missing, which is the same to someone who wants to run it.
  }
}

/** A service that runs until it is disposed. */
export interface RunningService extends AsyncDisposable {
  /** Host and port that the service listens on, such as `127.0.0.1:40123`. */
  readonly address: string;
  /** Folder that holds the service's data; a temporary one unless the caller named another. */
  readonly root: string;
  /** Everything that the service has printed so far. */
  logs(): string;
}

/** How a registry is started. */
export interface RegistryOptions {
  /** The only user who is let in; everybody may read and write when absent. */
  readonly htpasswd?: { readonly username: string; readonly password: string } | undefined;
  /** Serves HTTPS instead of HTTP; all files are PEM. */
  readonly tls?: {
    readonly certFile: string;
    readonly keyFile: string;
    /** Only clients with a certificate of this authority are let in. */
    readonly clientCaFile?: string | undefined;
  } | undefined;
  /** Folder to serve, which stays when the service ends; a temporary one when absent. */
  readonly rootDirectory?: string | undefined;
  /** Whether manifests and blobs may be deleted; true when absent. */
  readonly deleteEnabled?: boolean | undefined;
}

/**
 * Starts Debian's `docker-registry` (CNCF Distribution) and waits until it answers.
 * @throws {Error} when the program is missing or does not answer, with the end of its log.
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<RunningService> {
  const program = requireTool("docker-registry");
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "modelops-registry-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const root = options.rootDirectory ?? join(folder, "data");
  const configPath = join(folder, "config.yml");
  // JSON is YAML too.
  await Deno.writeTextFile(configPath, JSON.stringify(await registryConfig(options, folder, root)));
  const service = stack.use(new LoggedProcess(program, ["serve", configPath]));
  const address = await listeningAddress(service);
  const running = stack.move();
  return {
    address,
    root,
    logs: () => service.log,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function registryConfig(options: RegistryOptions, folder: string, root: string) {
  return {
    version: "0.1",
    storage: {
      filesystem: { rootdirectory: root },
      delete: { enabled: options.deleteEnabled ?? true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      // The registry takes a free port itself and says which: nobody can take it in between.
      addr: "127.0.0.1:0",
      ...(options.tls === undefined ? {} : { tls: tlsConfig(options.tls) }),
    },
    ...(options.htpasswd === undefined
      ? {}
      : { auth: { htpasswd: await htpasswdConfig(options.htpasswd, folder) } }),
  };
}

function tlsConfig(tls: NonNullable<RegistryOptions["tls"]>) {
  return {
    certificate: tls.certFile,
    key: tls.keyFile,
    ...(tls.clientCaFile === undefined ? {} : { clientcas: [tls.clientCaFile] }),
  };
}

async function htpasswdConfig(user: { username: string; password: string }, folder: string) {
  const path = join(folder, "htpasswd");
  const lowestCost = 4; // The password protects nothing, and each request pays for the check.
  await Deno.writeTextFile(path, `${user.username}:${await hash(user.password, lowestCost)}\n`);
  return { realm: "modelops tests", path };
}

/** Longest time, in milliseconds, that a service may take until it answers. */
const START_LIMIT = 20_000;

/** Waits until a service has said where it listens and answers there. */
async function listeningAddress(service: LoggedProcess): Promise<string> {
  const deadline = Date.now() + START_LIMIT;
  while (!service.ended && Date.now() < deadline) {
    const address = /listening on (127\.0\.0\.1:\d+)/.exec(service.log)?.[1];
    if (address !== undefined && await answers(address)) return address;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const found = service.ended ? "it ended" : `no answer within ${START_LIMIT / 1000} s`;
  throw new Error(`Cannot start "${service.program}": ${found}\n${service.log.slice(-4000)}`);
}

/** Whether anything answers at an address; a server of HTTPS answers plain HTTP too, with a 400. */
async function answers(address: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${address}/v2/`, { signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    return true;
  } catch {
    return false; // Not listening yet: the caller asks again until its deadline.
  }
}

/** A child process whose output is kept; disposing ends it by its own process id. */
class LoggedProcess implements AsyncDisposable {
  readonly program: string;
  readonly #child: Deno.ChildProcess;
  readonly #finished: Promise<unknown>;
  #log = "";
  #ended = false;

  constructor(program: string, args: string[]) {
    this.program = program;
    this.#child = new Deno.Command(program, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#finished = Promise.all([
      this.#keep(this.#child.stdout),
      this.#keep(this.#child.stderr),
      this.#child.status.then(() => this.#ended = true),
    ]);
  }

  get log(): string {
    return this.#log;
  }

  get ended(): boolean {
    return this.#ended;
  }

  async #keep(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) this.#log += text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal("SIGTERM");
    const lastResort = setTimeout(() => this.#signal("SIGKILL"), 5000);
    await this.#finished;
    clearTimeout(lastResort);
  }

  #signal(signal: Deno.Signal): void {
    if (!this.#ended) this.#child.kill(signal);
  }
}
