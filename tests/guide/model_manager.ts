/** Builds models, and deploys them from registry to registry. @module */
import { join } from "node:path";
import {
  createModelBackend,
  DiskCatalog,
  formatModelfile,
  generateModelfile,
  type ModelBackend,
  RegistryConnector,
} from "../../mod.ts";

export interface ManagedBuildOptions {
  name?: string;
  arch?: string;
  family?: string;
  outputRemote?: boolean;
  platform?: string;
  annotations?: Record<string, string>;
}

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
    const path = join(workspace, "Modelfile");
    if (!await exists(path)) {
      const { modelfile } = await generateModelfile(workspace, { name, arch, family });
      await Deno.writeTextFile(path, formatModelfile(modelfile));
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
