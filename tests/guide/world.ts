/**
 * The world in which a guide's command lines run: a home, a working folder, `modctl` in the path, and the
 * registries that the guide names.
 * @module
 */
import assert from "node:assert/strict";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { type CommandResult, runCommand } from "../support/command.ts";
import { denoCache } from "../support/deno_cache.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import { GuideHosts } from "./hosts.ts";
import { addLauncher } from "./launcher.ts";

/** What a script started does not outlive it, however it ends. */
const END_JOBS = "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT";

/** How a script is run. */
export interface ScriptOptions {
  /** Variables, added to those of the world. */
  readonly env?: Readonly<Record<string, string>>;
  /** The arguments of the script. */
  readonly args?: readonly string[];
}

/** What a registry says about a manifest. */
export interface RemoteManifest {
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly layers: readonly {
    readonly mediaType: string;
    readonly digest: string;
    readonly size: number;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** A home with a working folder in it, where scripts run; disposing ends and removes everything. */
export class GuideWorld implements AsyncDisposable {
  /** The home folder. */
  readonly home: TempFolder;
  /** The registries that the guide names. */
  readonly hosts: GuideHosts;
  readonly #env: Record<string, string>;

  private constructor(home: TempFolder, hosts: GuideHosts, env: Record<string, string>) {
    this.home = home;
    this.hosts = hosts;
    this.#env = env;
  }

  /** Makes a world. */
  static async open(): Promise<GuideWorld> {
    const home = await tempFolder();
    const hosts = await GuideHosts.open(home.path);
    const { denoDir } = await denoCache();
    await Deno.mkdir(home.join("work"));
    const world = new GuideWorld(home, hosts, { ...environment(home, hosts), DENO_DIR: denoDir });
    await addLauncher(home, "modctl");
    return world;
  }

  /** A path in the working folder. */
  path(...parts: string[]): string {
    return this.home.join("work", ...parts);
  }

  /** Writes a file in the working folder. */
  write(name: string, content: string | Uint8Array): Promise<string> {
    return this.home.write(`work/${name}`, content);
  }

  /** Reads a text file of the working folder. */
  read(name: string): Promise<string> {
    return Deno.readTextFile(this.path(name));
  }

  /** Puts a shell script into the path, for a program that is not to be the machine's. */
  async addProgram(name: string, script: string): Promise<void> {
    const path = await this.home.write(`bin/${name}`, `#!/bin/bash\n${script}\n`);
    await Deno.chmod(path, 0o755);
  }

  /** Runs a script under bash in the working folder; its first failure ends it. */
  async run(script: string, options: ScriptOptions = {}): Promise<CommandResult> {
    return await runCommand("bash", ["-e", "-o", "pipefail", "-c", `${END_JOBS}\n${script}`], {
      cwd: this.path(),
      env: { ...this.#env, ...options.env },
    });
  }

  /** Runs a whole script of the guide, by its path, as a user runs it. */
  async runFile(path: string, options: ScriptOptions = {}): Promise<CommandResult> {
    return await runCommand("bash", [path, ...options.args ?? []], {
      cwd: this.path(),
      env: { ...this.#env, ...options.env },
    });
  }

  /** Runs a script that has to succeed, and returns its standard output. */
  async ok(script: string, options: ScriptOptions = {}): Promise<string> {
    const result = await this.run(script, options);
    assert.equal(result.code, 0, told(script, result));
    return result.stdout;
  }

  /** Runs `modctl` with `--json` and returns its document. */
  async json<T>(command: string): Promise<T> {
    return JSON.parse(await this.ok(`modctl ${command} --json`));
  }

  /** The files of the local store, as `modctl list` names them: `repository:tag`, sorted. */
  async localNames(): Promise<string[]> {
    const { models } = await this.json<{ models: { repository: string; tag: string }[] }>("list");
    return models.map(({ repository, tag }) => `${repository}:${tag}`).sort();
  }

  /** The tags of a repository, as its registry lists them, sorted; none when there is no repository. */
  async remoteTags(name: string): Promise<string[]> {
    const { host, path } = splitName(name);
    const response = await this.#ask(host, `/v2/${path}/tags/list`);
    const { tags } = await response.json() as { tags?: string[] | null };
    return [...tags ?? []].sort();
  }

  /** The manifest that a registry has under `host/path:tag`. */
  async remoteManifest(name: string): Promise<RemoteManifest> {
    const { host, path, tag } = splitName(name);
    const response = await this.#ask(host, `/v2/${path}/manifests/${tag}`);
    assert.equal(response.status, 200, `${name} is not in its registry`);
    const digest = response.headers.get("docker-content-digest") ?? "";
    return { digest, ...await response.json() };
  }

  /** The bytes of a file of a model, as its registry has them. */
  async remoteFile(name: string, file: string): Promise<Uint8Array> {
    const { layers } = await this.remoteManifest(name);
    const layer = layers.find(({ annotations }) => layerPath(annotations) === file);
    assert.ok(layer, `${name} has no file ${file}`);
    const { host, path } = splitName(name);
    return await (await this.#ask(host, `/v2/${path}/blobs/${layer.digest}`)).bytes();
  }

  /** The files of a model, as its manifest in the registry names them. */
  async remoteFiles(name: string): Promise<string[]> {
    const { layers } = await this.remoteManifest(name);
    return layers.map(({ annotations }) => layerPath(annotations) ?? "").sort();
  }

  /** Whether a registry has a blob. */
  async remoteHas(repository: string, digest: string): Promise<boolean> {
    const { host, path } = splitName(repository);
    const response = await this.#ask(host, `/v2/${path}/blobs/${digest}`);
    await response.body?.cancel();
    return response.ok;
  }

  /** Asks a registry itself, without the proxy and without the program. */
  async #ask(host: string, path: string): Promise<Response> {
    const { address } = await this.hosts.registry(host);
    const scheme = host.startsWith("localhost") ? "http" : "https";
    using client = Deno.createHttpClient({
      caCerts: [await Deno.readTextFile(this.hosts.caFile)],
    });
    const response = await fetch(`${scheme}://${address}${path}`, {
      client,
      headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
    });
    // Read here, while the client is open.
    const { status, headers } = response;
    return new Response(await response.bytes(), { status, headers });
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.hosts[Symbol.asyncDispose]();
    await this.home[Symbol.asyncDispose]();
  }
}

/** The path of a script in `testdata`. */
export function scriptPath(name: string): string {
  return fileURLToPath(new URL(`testdata/${name}`, import.meta.url));
}

/** Everything that a script printed, under the script. */
export function told(script: string, { code, stdout, stderr }: CommandResult): string {
  return `${script}\nexit code ${code}\n${stdout}${stderr}`;
}

/** The path that a layer's annotations name. */
function layerPath(annotations: Readonly<Record<string, string>>): string | undefined {
  return annotations["org.cncf.model.filepath"];
}

function splitName(name: string): { host: string; path: string; tag: string } {
  const slash = name.indexOf("/");
  const [path = "", tag = ""] = name.slice(slash + 1).split(":");
  return { host: name.slice(0, slash), path, tag };
}

/** The environment of a user who has nothing but this home. */
function environment(home: TempFolder, hosts: GuideHosts): Record<string, string> {
  return {
    HOME: home.path,
    PATH: [home.join("bin"), Deno.env.get("PATH") ?? ""].join(delimiter),
    HTTP_PROXY: hosts.proxyUrl,
    HTTPS_PROXY: hosts.proxyUrl,
    http_proxy: hosts.proxyUrl,
    https_proxy: hosts.proxyUrl,
    NO_PROXY: "",
    no_proxy: "",
    SSL_CERT_FILE: hosts.caFile,
    DOCKER_CONFIG: home.join(".docker"),
    XDG_CACHE_HOME: home.join(".cache"),
    XDG_CONFIG_HOME: home.join(".config"),
    XDG_RUNTIME_DIR: home.join(".run"),
    REGISTRY_AUTH_FILE: "",
    SOURCE_DATE_EPOCH: "",
    TZ: "UTC",
    MODCTL_REGISTRY_USER: "",
    MODCTL_REGISTRY_PASS: "",
    MODCTL_STORAGE_DIR: "",
    MODCTL_LOG_LEVEL: "",
  };
}
