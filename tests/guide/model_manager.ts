/** A program of a user: builds models, and deploys them from registry to registry. @module */
import { join } from "node:path";
import {
  createModelBackend,
  DiskCatalog,
  formatModelfile,
  generateModelfile,
  type ModelBackend,
  RegistryConnector,
} from "../../mod.ts";

/** What a model is, and how it is built. */
export interface ManagedBuildOptions {
  name?: string;
  arch?: string;
  family?: string;
  outputRemote?: boolean;
  platform?: string;
  annotations?: Record<string, string>;
}

/** Builds and deploys models over one local store. */
export class ModelManager implements AsyncDisposable {
  readonly #backend: ModelBackend;
  readonly #registries = new RegistryConnector();

  constructor(storageDir: string) {
    this.#backend = createModelBackend({
      catalog: new DiskCatalog(storageDir),
      connect: this.#registries.connect,
    });
  }

  async buildModel(
    workspace: string,
    target: string,
    { name, arch, family, platform, ...options }: ManagedBuildOptions = {},
  ): Promise<void> {
    // Generate a Modelfile if there is none
    const modelfile = join(workspace, "Modelfile");
    if (!await exists(modelfile)) {
      const generated = await generateModelfile(workspace, { name, arch, family });
      await Deno.writeTextFile(modelfile, formatModelfile(generated.modelfile));
    }
    // Build the model
    const platforms = platform === undefined ? [] : [platform];
    await this.#backend.build(workspace, { targets: [target], platforms, ...options });
  }

  async deployModel(source: string, target: string): Promise<void> {
    await this.#backend.pull(source);
    await this.#backend.tag(source, target);
    await this.#backend.push(target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registries[Symbol.asyncDispose]();
  }
}

export function newModelManager(storageDir: string): ModelManager {
  return new ModelManager(storageDir);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
