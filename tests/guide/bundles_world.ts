/**
 * The world in which the command lines of the bundles guide run: the bundle `my-model:1.0.0` in a
 * registry and in Azurite, and for every row a home with a working folder and `modelops-bundles` in
 * the path.
 * @module
 */
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { type BundleServices, startBundleServices } from "../support/bundles.ts";
import { GuideHome, type HomeParts, makeHome } from "./home.ts";

/** The files of `my-model`, by the conventions of the guide. */
export const BUNDLE_FILES = {
  "src/predict.py": "print('predict')\n",
  "src/train.py": "print('train')\n",
  "config/params.yaml": "rate: 0.1\n",
  "data/train.csv": "a,b\n1,2\n".repeat(100),
  "models/weights.onnx": "weights",
} as const;

/** The spec of `my-model`. */
export const SPEC = `name: my-model
version: "1.0.0"
layers:
  - { name: code, type: code, files: ["src/**"] }
  - { name: config, type: config, files: ["config/**"] }
  - { name: data, type: data, files: ["data/**"] }
  - { name: models, type: models, files: ["models/**"] }
roles:
  default: [code]
  runtime: [code, config]
  training: [code, config, data]
  inference: [code, config, models]
external_rules:
  - { pattern: "data/*", uri_template: "az://bundles/{name}/{path}", tier: cool }
`;

/** The services that all rows share, with `my-model:1.0.0` in them. */
export interface PublishedBundle extends AsyncDisposable {
  readonly services: BundleServices;
  /** The digest that publishing reported. */
  readonly digest: string;
}

/** Starts the services and publishes the bundle. */
export async function publishBundle(): Promise<PublishedBundle> {
  await using stack = new AsyncDisposableStack();
  const services = stack.use(await startBundleServices());
  await using world = await BundlesWorld.open({ services, digest: "" });
  await world.writeBundle();
  const { digest } = await world.json<{ digest: string }>("push bundle");
  const running = stack.move();
  return { services, digest, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Writes a JSON document as a blob of some media type. */
export type PutDocument = (mediaType: string, value: unknown) => Promise<Descriptor>;

/** A home beside the services, with `modelops-bundles` in the path. */
export class BundlesWorld extends GuideHome {
  /** The services. */
  readonly services: BundleServices;
  /** The digest of `my-model:1.0.0`. */
  readonly digest: string;
  /** The variables of the user, with the names of the guide. */
  readonly env: Readonly<Record<string, string>>;

  private constructor(
    parts: HomeParts,
    { services, digest }: Pick<PublishedBundle, "services" | "digest">,
  ) {
    super(parts, { ...services.env, REGISTRY_URL: "", CI: "" });
    this.services = services;
    this.digest = digest;
    this.env = { ...services.env, HOME: parts.home.path };
  }

  /** Makes a home beside services that run. */
  static async open(bundle: Pick<PublishedBundle, "services" | "digest">): Promise<BundlesWorld> {
    return new BundlesWorld(await makeHome("modelops-bundles"), bundle);
  }

  /** Reads a JSON file of the working folder. */
  async readJson(name: string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.read(name));
  }

  /** Writes the working directory of `my-model` into `bundle`. */
  async writeBundle(spec: string = SPEC): Promise<void> {
    for (const [path, text] of Object.entries(BUNDLE_FILES)) {
      await this.write(`bundle/${path}`, text);
    }
    await this.write("bundle/modelops.yaml", spec);
  }

  /**
   * Puts a manifest into the registry that no program of ours would publish, as version 1.0.0 of a
   * name.
   *
   * @param content Writes the contents, and gives `config` and `layers` of the manifest.
   */
  async publishManifest(
    name: string,
    content: (put: PutDocument) => Promise<Record<string, unknown>>,
  ): Promise<void> {
    await using client = new RegistryClient();
    const store = client.repository(`${this.env["REGISTRY_REPO"]}/${name}`);
    const put: PutDocument = async (type, value) => {
      const bytes = new TextEncoder().encode(JSON.stringify(value));
      const descriptor = describeBytes(type, bytes);
      await store.write(descriptor, bytesSource(bytes));
      return descriptor;
    };
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = await put(mediaType, { schemaVersion: 2, mediaType, ...await content(put) });
    await store.tag(manifest, "1.0.0");
  }

  /** Puts a bundle into the registry whose only file, in the layer `code`, has this path. */
  async publishPath(name: string, path: string): Promise<void> {
    await this.publishManifest(name, async (put) => {
      const { digest, size } = await put("application/octet-stream", "content");
      const entries = [{ path, layer: "code", oras: { digest, size } }];
      const mediaType = "application/json";
      const index = await put(mediaType, { mediaType, layer: "code", entries });
      const layers = { layers: ["code"], layer_indexes: { code: index.digest } };
      const roles = { default: ["code"] };
      const bundle = await put(mediaType, { mediaType, name, version: "1.0.0", roles, ...layers });
      const config = await put("application/vnd.oci.empty.v1+json", {});
      return { config, layers: [bundle, index] };
    });
  }

  /** Removes everything. */
  override async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of [this.services.registryProxy, this.services.azureProxy]) {
      delete proxy.answer;
    }
    await super[Symbol.asyncDispose]();
  }
}
