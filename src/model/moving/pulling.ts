/**
 * How models come from registries into the local store and into folders.
 * @module
 */
import { operationOptions } from "../../core/operation.ts";
import {
  formatReference,
  parseReference,
  type Reference,
  referenceTarget,
} from "../../oci/reference.ts";
import type { WriteFiles } from "../extraction/extract.ts";
import { readModel, readModelAt } from "../model_manifest.ts";
import type {
  ExtractedModel,
  ExtractModelOptions,
  PullOptions,
  PullResult,
} from "../operations/moving.ts";
import { repairable } from "../reading.ts";
import { copyModel, type FoundModel, type ModelStores, transferResult } from "../stores.ts";

/** What pulling works with. */
interface PullingParts {
  /** Where models are. */
  readonly stores: ModelStores;
  /** What writes files into folders. */
  readonly writeFiles: WriteFiles;
}

/** Pulls models, and writes their files into folders. */
export class ModelPulling {
  readonly #stores: ModelStores;
  readonly #writeFiles: WriteFiles;

  /** Pulls with these; nothing is opened before it is asked for. */
  constructor({ stores, writeFiles }: PullingParts) {
    this.#stores = stores;
    this.#writeFiles = writeFiles;
  }

  /** As {@linkcode RehearsedModels.pull} says. */
  async pull(target: string, options: PullOptions): Promise<PullResult> {
    const reference = parseReference(target);
    if (options.extractDir !== undefined && options.extractFromRemote) {
      return await this.#pullFiles(reference, options.extractDir, options);
    }
    if (options.extractDir === undefined) return await this.#pullArtifact(reference, options);
    const pulled = await this.#pullModel(reference, options);
    const { reference: _name, digest: _digest, ...extracted } = await this.extract(target, {
      ...options,
      output: options.extractDir,
    });
    return { ...pulled, extracted };
  }

  /** As {@linkcode RehearsedModels.extract} says. */
  async extract(target: string, options: ExtractModelOptions): Promise<ExtractedModel> {
    const reference = parseReference(target);
    const local = this.#stores.local(reference);
    return await repairable(reference, async () => {
      const found = await readModel(local, referenceTarget(reference), options);
      const extracted = await this.#writeFiles(local, found.manifest, options);
      const { digest } = found.descriptor;
      return { reference: formatReference(reference), digest, ...extracted };
    });
  }

  /** Pulls what is to be extracted: nothing is received that is no model. */
  async #pullModel(reference: Reference, options: PullOptions): Promise<PullResult> {
    const { store, descriptor, from } = await this.#stores.findToExtract(reference, options);
    const target = referenceTarget(reference);
    await readModelAt(store, descriptor, { ...operationOptions(options), target });
    if (from === undefined) {
      return await this.#keepPulled(reference, { store, descriptor }, options);
    }
    const report = { copied: 0, skipped: 1, bytes: 0 };
    return { ...transferResult(reference, descriptor, report), from };
  }

  async #pullArtifact(reference: Reference, options: PullOptions): Promise<PullResult> {
    const found = await this.#stores.findRemote(reference, options);
    return await this.#keepPulled(reference, found, options);
  }

  async #keepPulled(
    reference: Reference,
    { store, descriptor }: FoundModel,
    options: PullOptions,
  ): Promise<PullResult> {
    const local = this.#stores.local(reference);
    await using _lock = await this.#stores.deferPrune(options);
    const report = await copyModel(store, local, descriptor, { ...options, phase: "download" });
    if (reference.tag) {
      await local.tag(descriptor, reference.tag, operationOptions(options));
      await local.notePulled(reference.tag);
    }
    return transferResult(reference, descriptor, report);
  }

  async #pullFiles(
    reference: Reference,
    output: string,
    options: PullOptions,
  ): Promise<PullResult> {
    const remote = await this.#stores.remote(reference, options);
    const { descriptor, manifest } = await readModel(remote, referenceTarget(reference), options);
    const extracted = await this.#writeFiles(remote, manifest, {
      ...options,
      output,
      phase: "download",
    });
    const report = {
      copied: extracted.written,
      skipped: extracted.unchanged,
      bytes: extracted.bytes,
    };
    return { ...transferResult(reference, descriptor, report), extracted };
  }
}
