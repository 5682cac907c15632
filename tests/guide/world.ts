/**
 * The world in which a guide's command lines run: a home, a working folder, `modctl` in the path,
 * and the registries that the guide names.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { GuideHome, type HomeParts, makeHome } from "./home.ts";
import { GuideHosts } from "./hosts.ts";

export { type ScriptOptions, told } from "./home.ts";

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

/** A home beside registries, with `modctl` in the path; disposing ends and removes everything. */
export class GuideWorld extends GuideHome {
  /** The registries that the guide names. */
  readonly hosts: GuideHosts;

  private constructor(parts: HomeParts, hosts: GuideHosts) {
    super(parts, environment(hosts));
    this.hosts = hosts;
  }

  /** Makes a world. */
  static async open(): Promise<GuideWorld> {
    const parts = await makeHome("modctl");
    return new GuideWorld(parts, await GuideHosts.open(parts.home.path));
  }

  /** Puts a shell script into the path, for a program that is not to be the machine's. */
  async addProgram(name: string, script: string): Promise<void> {
    const path = await this.home.write(`bin/${name}`, `#!/bin/bash\n${script}\n`);
    await Deno.chmod(path, 0o755);
  }

  /** The files of the local store, as `modctl list` names them: `repository:tag`, sorted. */
  async localNames(): Promise<string[]> {
    const { models } = await this.json<{ models: { repository: string; tag: string }[] }>("list");
    return models.map(({ repository, tag }) => `${repository}:${tag}`).sort();
  }

  /** The tags of a repository in its registry, sorted; none when there is no repository. */
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
  override async [Symbol.asyncDispose](): Promise<void> {
    await this.hosts[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }
}

/** The path of a script in `testdata`. */
export function scriptPath(name: string): string {
  return fileURLToPath(new URL(`testdata/${name}`, import.meta.url));
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

/** The variables that lead to the registries of the guide and nowhere else. */
function environment(hosts: GuideHosts): Record<string, string> {
  return {
    HTTP_PROXY: hosts.proxyUrl,
    HTTPS_PROXY: hosts.proxyUrl,
    http_proxy: hosts.proxyUrl,
    https_proxy: hosts.proxyUrl,
    NO_PROXY: "",
    no_proxy: "",
    SSL_CERT_FILE: hosts.caFile,
    MODCTL_REGISTRY_USER: "",
    MODCTL_REGISTRY_PASS: "",
    MODCTL_STORAGE_DIR: "",
    MODCTL_LOG_LEVEL: "",
  };
}
