/**
 * The real programs that end-to-end tests talk to: found, installed where that is allowed, and
 * started.
 *
 * Every service listens on a free loopback port, keeps its files in a temporary folder, and is gone
 * when it is disposed. Nothing here depends on a service that the machine itself may run.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { hash } from "bcryptjs";

/** Where a program comes from when the machine does not have it: a package of Debian or of npm. */
export type Tool = DebianTool | NpmTool;

/** A program of Debian. */
interface DebianTool {
  readonly debianPackage: string;
  /** Other names of the same program, as other systems have it. */
  readonly aliases?: readonly string[];
}

/** A program of npm. */
interface NpmTool {
  readonly npmPackage: string;
  /** A package that it wants beside itself, in the version that is known to do. */
  readonly peer?: string;
}

/** The programs that tests may need, by the name of their command. */
export const TOOLS = {
  "azurite-blob": { npmPackage: "azurite@3.37.0" },
  "busybox": { debianPackage: "busybox-static" },
  "chromium": { debianPackage: "chromium", aliases: ["chromium-browser", "google-chrome"] },
  "curl": { debianPackage: "curl" },
  "docker-registry": { debianPackage: "docker-registry" },
  "fish": { debianPackage: "fish" },
  "git": { debianPackage: "git" },
  "groff": { debianPackage: "groff-base" },
  "openssl": { debianPackage: "openssl" },
  "pgrep": { debianPackage: "procps" },
  "python3": { debianPackage: "python3" },
  "script": { debianPackage: "bsdutils" },
  "skopeo": { debianPackage: "skopeo" },
  "systemd-analyze": { debianPackage: "systemd" },
  "typedoc": { npmPackage: "typedoc@0.28.20", peer: "typescript@5.9.3" },
  "umoci": { debianPackage: "umoci" },
  "zsh": { debianPackage: "zsh" },
} as const satisfies Record<string, Tool>;

/** The name of a program that tests may need. */
export type ToolName = keyof typeof TOOLS;

const TOOL_NAMES = Object.keys(TOOLS) as ToolName[];

/** The package that brings a program, as its package manager names it. */
export function packageOfTool(name: ToolName): string {
  const tool: Tool = TOOLS[name];
  return "npmPackage" in tool ? tool.npmPackage : tool.debianPackage;
}

/** The path of a program, or `undefined` when the machine does not have it. */
export function findTool(name: ToolName): string | undefined {
  const tool: Tool = TOOLS[name];
  if (!("npmPackage" in tool)) {
    return [name, ...tool.aliases ?? []].map((program) => findProgram(program)).find(Boolean);
  }
  // A program of npm is taken in its exact version, from our own folder, and runs in node.
  const path = join(toolsFolder(tool.npmPackage), "node_modules", ".bin", name);
  return findProgram("node") !== undefined && isFile(path) ? path : undefined;
}

/** The user's folder that one kind of what this tree fetches is kept in. */
export function toolsFolder(kind: string): string {
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? tmpdir();
  const cache = Deno.env.get("XDG_CACHE_HOME") || join(home, ".cache");
  return join(cache, "modelops-tools", kind);
}

/**
 * The path of a program.
 * @throws {Error} when the machine does not have it, with the command that installs it.
 */
export function requireTool(name: ToolName): string {
  const path = findTool(name);
  if (path === undefined) {
    throw new Error(`Cannot find "${name}": install it with ${installCommand(name).join(" ")}`);
  }
  return path;
}

/** The programs that are missing, out of those named. */
export function missingTools(names: readonly ToolName[] = TOOL_NAMES): ToolName[] {
  return names.filter((name) => findTool(name) === undefined);
}

/**
 * Installs what is missing, where that is allowed: packages of Debian as root, those of npm always.
 * @returns the programs that are missing still.
 * @throws {Error} when a package manager fails.
 */
export async function installTools(names: readonly ToolName[] = TOOL_NAMES): Promise<ToolName[]> {
  const missing = missingTools(names);
  const debian = missing.filter((name) => !isNpm(name));
  if (debian.length > 0 && Deno.uid() === 0 && findProgram("apt-get") !== undefined) {
    await runInstaller(["apt-get", "update"]);
    await runInstaller(installDebian(debian.map(packageOfTool)));
  }
  if (findProgram("npm") !== undefined && findProgram("node") !== undefined) {
    for (const tool of missing.map((name): Tool => TOOLS[name])) {
      if ("npmPackage" in tool) await installNpm(tool);
    }
  }
  return missingTools(names);
}

function isNpm(name: ToolName): boolean {
  return "npmPackage" in TOOLS[name];
}

function installCommand(name: ToolName): string[] {
  const tool: Tool = TOOLS[name];
  if (!("npmPackage" in tool)) return installDebian([tool.debianPackage]);
  return installNpmInto(toolsFolder(tool.npmPackage), tool);
}

function installDebian(packages: readonly string[]): string[] {
  return ["apt-get", "install", "-y", ...packages];
}

function installNpmInto(folder: string, { npmPackage, peer }: NpmTool): string[] {
  const packages = peer === undefined ? [npmPackage] : [npmPackage, peer];
  return ["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, ...packages];
}

/** Installs beside the final folder and renames, so that nobody finds half of a package. */
async function installNpm(tool: NpmTool): Promise<void> {
  const folder = toolsFolder(tool.npmPackage);
  await Deno.mkdir(join(folder, ".."), { recursive: true });
  const fresh = await Deno.makeTempDir({ dir: join(folder, ".."), prefix: "installing-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(fresh, { recursive: true }).catch(ignoreMissing));
  await runInstaller(installNpmInto(fresh, tool));
  try {
    await Deno.rename(fresh, folder);
  } catch (error) {
    // Another process may have been faster.
    if (!isFile(join(folder, "package.json"))) throw error;
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
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

/** The path of a program in the folders of PATH, or `undefined` when it is not there. */
export function findProgram(
  name: string,
  folders: string = Deno.env.get("PATH") ?? "",
): string | undefined {
  return folders.split(delimiter)
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
  readonly htpasswd?: { readonly username: string; readonly password: string };
  /** Serves HTTPS instead of HTTP; all files are PEM. */
  readonly tls?: {
    readonly certFile: string;
    readonly keyFile: string;
    /** Only clients with a certificate of this authority are let in. */
    readonly clientCaFile?: string;
  } | undefined;
  /** Folder to serve, which stays when the service ends; a temporary one when absent. */
  readonly rootDirectory?: string;
  /** Whether manifests and blobs may be deleted; true when absent. */
  readonly deleteEnabled?: boolean;
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
  return await runningService(service, root, stack);
}

/**
 * Starts our own `serve` over a temporary store and waits until it answers.
 * @throws {Error} when it does not answer, with the end of its log.
 */
export async function startServe(
  { tls }: Pick<RegistryOptions, "tls"> = {},
): Promise<RunningService> {
  await using stack = new AsyncDisposableStack();
  const root = await Deno.makeTempDir({ prefix: "modelops-serve-" });
  stack.defer(() => Deno.remove(root, { recursive: true }));
  const entry = fileURLToPath(new URL("../cli.ts", import.meta.url));
  const service = stack.use(
    new LoggedProcess(Deno.execPath(), [
      ...["run", "-A", "--quiet", entry, "serve"],
      ...["--address", "127.0.0.1:0", "--storage-dir", root],
      ...(tls === undefined ? [] : ["--tls-cert", tls.certFile, "--tls-key", tls.keyFile]),
    ]),
  );
  return await runningService(service, root, stack);
}

/** A service over a folder, once it listens; what it needs ends with it. */
async function runningService(
  service: LoggedProcess,
  root: string,
  stack: AsyncDisposableStack,
): Promise<RunningService> {
  const address = await listeningAddress(service);
  const running = stack.move();
  return {
    address,
    root,
    logs: () => service.log,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** An Azurite that runs, and how its one account is entered. */
export interface RunningAzurite extends RunningService {
  /** Name of the account. */
  readonly account: string;
  /** Key of the account, which all emulators share. */
  readonly key: string;
  /** Address of the account's Blob service. */
  readonly endpoint: string;
  /** All of it in one string. */
  readonly connectionString: string;
  /** Makes a container. */
  createContainer(name: string): Promise<void>;
}

/**
 * Starts Azurite, the emulator of Azure Blob Storage, and waits until it answers.
 * @throws {Error} when the program is missing or does not answer, with the end of its log.
 */
export async function startAzurite(): Promise<RunningAzurite> {
  const program = requireTool("azurite-blob");
  await using stack = new AsyncDisposableStack();
  const root = await Deno.makeTempDir({ prefix: "modelops-azurite-" });
  stack.defer(() => Deno.remove(root, { recursive: true }));
  const service = stack.use(
    new LoggedProcess(program, [
      // The emulator takes a free port itself and says which.
      ...["--blobHost", "127.0.0.1", "--blobPort", "0", "--location", root],
      ...["--silent", "--skipApiVersionCheck", "--disableTelemetry"],
    ]),
  );
  const address = await listeningAddress(service);
  const running = stack.move();
  return {
    address,
    root,
    ...emulatorAccount(address),
    logs: () => service.log,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function emulatorAccount(address: string) {
  const account = "devstoreaccount1";
  // Published in the emulator's documentation.
  const key =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
  const endpoint = `http://${address}/${account}`;
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=${account};` +
    `AccountKey=${key};BlobEndpoint=${endpoint};`;
  return {
    account,
    key,
    endpoint,
    connectionString,
    createContainer: (name: string) => createContainer({ account, key, endpoint }, name),
  };
}

/** Makes a container with a request of its own, signed with the account's key (Shared Key). */
async function createContainer(
  { account, key, endpoint }: Pick<RunningAzurite, "account" | "key" | "endpoint">,
  name: string,
): Promise<void> {
  const headers = { "x-ms-date": new Date().toUTCString(), "x-ms-version": "2021-12-02" };
  const lines = Object.entries(headers).map(([header, value]) => `${header}:${value}`);
  // The path of the emulator starts with the account, which the signature names before every path.
  const resource = `/${account}/${account}/${name}\nrestype:container`;
  const text = ["PUT", ...Array(11).fill(""), ...lines, resource].join("\n");
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
  const response = await fetch(`${endpoint}/${name}?restype=container`, {
    method: "PUT",
    headers: { ...headers, Authorization: `SharedKey ${account}:${signature}` },
  });
  const said = await response.text();
  if (!response.ok) throw new Error(`Cannot make the container "${name}": ${said}`);
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

/** Waits until a service has said where it listens, and does. */
async function listeningAddress(service: LoggedProcess): Promise<string> {
  const deadline = Date.now() + START_LIMIT;
  while (!service.ended && Date.now() < deadline) {
    const address = /(?:listen(?:ing|s) on |ready )(?:http:\/\/)?(127\.0\.0\.1:\d+)/.exec(
      service.log,
    )?.[1];
    if (address !== undefined && await listens(address)) return address;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const found = service.ended ? "it ended" : `no answer within ${START_LIMIT / 1000} s`;
  throw new Error(`Cannot start "${service.program}": ${found}\n${service.log.slice(-4000)}`);
}

/** Whether anything listens at an address, whether it speaks TLS or not. */
export async function listens(address: string): Promise<boolean> {
  const [hostname = "", port = ""] = address.split(":");
  try {
    (await Deno.connect({ hostname, port: Number(port) })).close();
    return true;
  } catch {
    return false; // Not yet: the caller asks again until its deadline.
  }
}

/** A child process whose output is kept; disposing ends it by its own process id. */
export class LoggedProcess implements AsyncDisposable {
  readonly program: string;
  readonly #child: Deno.ChildProcess;
  readonly #finished: Promise<unknown>;
  #log = "";
  #ended = false;

  constructor(program: string, args: string[]) {
    this.program = program;
    // Settings of the person who runs the tests must not reach the service: REGISTRY_* are its own.
    const env = Object.entries(Deno.env.toObject()).filter(([name]) => !/^REGISTRY_/.test(name));
    this.#child = new Deno.Command(program, {
      args,
      clearEnv: true,
      env: Object.fromEntries(env),
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

  /** The most memory that it had so far, in bytes, where the system tells. */
  async peak(): Promise<number> {
    const status = await Deno.readTextFile(`/proc/${this.#child.pid}/status`).catch(() => "");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1024;
  }

  get ended(): boolean {
    return this.#ended;
  }

  async #keep(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) this.#log += text;
  }

  /** Ends it at once, without a word to it. */
  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.#finished;
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
