/**
 * The operations on bundles as the bundles guide writes them: an object with a configuration, whose
 * methods take everything as one request.
 * @module
 */
import type { Log, OperationOptions } from "../../core/operation.ts";
import { checkShape } from "../../core/shapes/shape.ts";
import * as z from "../../deps/zod.ts";
import type { ExportOptions, ExportResult } from "../archive/export.ts";
import type { ImportOptions, ImportResult } from "../archive/import.ts";
import type { BundleDiff } from "../compare/diff.ts";
import type { BundleRefFields, ResolvedBundle } from "../documents/bundle.ts";
import {
  type Bundles,
  type BundleTarget,
  createBundles,
  type VerifyOptions,
} from "../operations.ts";
import type { BundleProvider } from "../provider.ts";
import type { StoragePlan } from "../publish/plan.ts";
import type { PublishResult, PushOptions } from "../publish/push.ts";
import type { Inventory } from "../publish/scan.ts";
import type { MaterializeOptions, MaterializeResult } from "../workspace/materialize.ts";
import type { VerifyReport } from "../workspace/verify_report.ts";

/**
 * How the operations behave; the fields and defaults of the bundles guide, but for `human`: sizes
 * and times are numbers here, and the commands write them for people.
 */
export interface OpsConfig {
  /** Report no progress; false when absent. */
  readonly ci?: boolean;
  /** Keep the content of bundles for other materializations; true when absent. */
  readonly cache?: boolean;
  /** How hard zstd tries when exporting, 1 to 22; 19 when absent. */
  readonly zstdLevel?: number;
  /** Log everything, not only warnings and errors; false when absent. */
  readonly verbose?: boolean;
}

/** What to materialize. */
export type MaterializeRequest = MaterializeOptions & { readonly ref: BundleTarget };

/** Which working directory to publish. */
export type PushRequest = PushOptions & { readonly workdir: string };

/** Which folder to export. */
export type ExportRequest = ExportOptions & { readonly workdir: string };

/** Which archive to import: a tar, compressed with zstd or not. */
export type ImportRequest = ImportOptions & { readonly archive: string };

/** What to verify: a workspace folder, or a reference. */
export type VerifyRequest = VerifyOptions & { readonly target: string };

/** The operations on bundles over one provider, as {@linkcode Bundles} describes them. */
export class Operations {
  /** How they behave. */
  readonly config: OpsConfig;
  readonly #bundles: Bundles;

  /**
   * Makes the operations.
   * @throws {InvalidInputError} when a field of the configuration is unknown or malformed.
   */
  constructor(options: { readonly config?: OpsConfig; readonly provider: BundleProvider }) {
    this.config = checkedConfig(options.config ?? {});
    this.#bundles = createBundles(options.provider);
  }

  /** As {@linkcode Bundles.resolve} says. */
  resolve(ref: string | BundleRefFields, options: OperationOptions = {}): Promise<ResolvedBundle> {
    return this.#bundles.resolve(ref, { cache: this.config.cache, ...this.#heard(options) });
  }

  /** As {@linkcode Bundles.materialize} says. */
  materialize({ ref, ...options }: MaterializeRequest): Promise<MaterializeResult> {
    return this.#bundles.materialize(ref, { cache: this.config.cache, ...this.#heard(options) });
  }

  /** The same as {@linkcode materialize}. */
  pull(request: MaterializeRequest): Promise<MaterializeResult> {
    return this.materialize(request);
  }

  /** As {@linkcode Bundles.push} says. */
  push({ workdir, ...options }: PushRequest): Promise<PublishResult> {
    return this.#bundles.push(workdir, this.#heard(options));
  }

  /** As {@linkcode Bundles.exportArchive} says. */
  exportArchive({ workdir, ...options }: ExportRequest): Promise<ExportResult> {
    const { zstdLevel } = this.config;
    return this.#bundles.exportArchive(workdir, { zstdLevel, ...this.#heard(options) });
  }

  /** As {@linkcode Bundles.importArchive} says. */
  importArchive({ archive, ...options }: ImportRequest): Promise<ImportResult> {
    return this.#bundles.importArchive(archive, this.#heard(options));
  }

  /** As {@linkcode Bundles.scan} says. */
  scan(workdir: string, options: OperationOptions = {}): Promise<Inventory> {
    return this.#bundles.scan(workdir, this.#heard(options));
  }

  /** As {@linkcode Bundles.plan} says. */
  plan(workdir: string, options: OperationOptions = {}): Promise<StoragePlan> {
    return this.#bundles.plan(workdir, this.#heard(options));
  }

  /** As {@linkcode Bundles.diff} says. */
  diff(from: string, to: string, options: OperationOptions = {}): Promise<BundleDiff> {
    return this.#bundles.diff(from, to, this.#heard(options));
  }

  /** As {@linkcode Bundles.verify} says. */
  verify({ target, ...options }: VerifyRequest): Promise<VerifyReport> {
    return this.#bundles.verify(target, this.#heard(options));
  }

  /** Options with as much progress and log as the configuration asks for. */
  #heard<Options extends OperationOptions>(options: Options): Options {
    const { ci, verbose } = this.config;
    return {
      ...options,
      progress: ci ? undefined : options.progress,
      log: verbose ? options.log : warningsOnly(options.log),
    };
  }
}

function warningsOnly(log: Log | undefined): Log | undefined {
  return log && ((level, ...record) => {
    if (level === "warning" || level === "error") log(level, ...record);
  });
}

const configSchema = z.strictObject({
  ci: z.boolean().optional(),
  cache: z.boolean().optional(),
  zstdLevel: z.number().int().min(1).max(22).optional(),
  verbose: z.boolean().optional(),
});

function checkedConfig(config: OpsConfig): OpsConfig {
  return checkShape(configSchema, config, "the configuration of bundles", "use");
}
