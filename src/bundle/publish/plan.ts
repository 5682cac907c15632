/**
 * Where each file of a bundle goes, and why: into the registry, or to an object store.
 *
 * The first rule whose pattern matches and whose threshold the file reaches decides. What no rule
 * takes goes into the registry, if it is not too large.
 * @module
 */
import { digestHex } from "../../core/digest.ts";
import { type ErrorFacts, ModelOpsError, type Problem } from "../../core/errors.ts";
import { problemsError } from "../../core/problems.ts";
import { quote } from "../../core/text.ts";
import { parseObjectUri } from "../../objects/object_uri.ts";
import type { ObjectStore, StorageTier } from "../../objects/object_store.ts";
import type { BundleProvider } from "../provider.ts";
import { pointerPath } from "../workspace/layout.ts";
import { parseFilter } from "../spec/path_pattern.ts";
import type { Inventory, ScannedFile } from "./scan.ts";
import type { BundleSpec, ExternalRule } from "../spec/description.ts";
import { expandTemplate } from "../spec/uri_template.ts";

/** Where a file goes. */
export type Decision =
  | { readonly kind: "registry"; readonly reason: string }
  | {
    readonly kind: "external";
    readonly reason: string;
    /** Address of the object. */
    readonly uri: string;
    /** Tier of the object. */
    readonly tier: StorageTier;
    /** Where the object will be, for people: the path of a file, else its address. */
    readonly place: string;
  };

/** A file and where it goes. */
export interface PlacedFile extends ScannedFile {
  /** Where it goes. */
  readonly decision: Decision;
}

/** Where all files go. */
export interface StoragePlan {
  /** What was planned. */
  readonly inventory: Inventory;
  /** The layers in order, each with its files in order of their paths. */
  readonly layers: readonly { readonly name: string; readonly files: readonly PlacedFile[] }[];
}

/** How to plan. */
export interface PlanOptions extends Pick<BundleProvider, "externalBase"> {
  /** The store that says where an object would be, and refuses what has no place in it. */
  readonly objects?: Pick<ObjectStore, "locate">;
}

/** Container for rules without a template when the caller names none. */
const DEFAULT_EXTERNAL_BASE = "az://bundles";

/**
 * Decides where each file goes.
 * @throws {InvalidInputError} with every file that has no place, and every address that two
 * different contents would have.
 */
export function planStorage(inventory: Inventory, options: PlanOptions = {}): StoragePlan {
  const planner = new Planner(inventory.spec, options);
  const layers = inventory.layers.map(({ name, files }) => ({
    name,
    files: files.flatMap((file) => planner.plan(file) ?? []),
  }));
  planner.refuseProblems(inventory.workdir);
  return { inventory, layers };
}

/** What plans of a spec need of a provider; its object store only when a rule may use it. */
export async function placesOf(spec: BundleSpec, provider: BundleProvider): Promise<PlanOptions> {
  const { externalBase } = provider;
  if (spec.externalRules.length === 0) return { externalBase };
  return { externalBase, objects: await provider.objects?.() };
}

class Planner {
  readonly #spec: BundleSpec;
  readonly #base: string;
  readonly #objects: PlanOptions["objects"];
  readonly #rules: readonly { rule: ExternalRule; matches: (path: string) => boolean }[];
  readonly #owners = new Map<string, ScannedFile>();
  readonly #problems: Problem[] = [];
  /** The setting that decides about a problem. */
  #setting: ErrorFacts["setting"];

  constructor(spec: BundleSpec, { externalBase = DEFAULT_EXTERNAL_BASE, objects }: PlanOptions) {
    this.#spec = spec;
    this.#base = externalBase;
    this.#objects = objects;
    this.#rules = spec.externalRules.map((rule) => ({ rule, matches: parseFilter(rule.pattern) }));
  }

  /** The file with its place; `undefined` when it has none, which is then a problem. */
  plan(file: ScannedFile): PlacedFile | undefined {
    const matching = this.#rules.filter(({ matches }) => matches(file.path));
    const applying = matching.find(({ rule }) => file.size >= (rule.sizeThreshold ?? 0));
    if (applying) return this.#external(file, applying.rule);
    const limit = this.#spec.orasSizeLimit;
    if (file.size > limit) {
      return this.#refuse(
        `${quote(file.path)} has ${file.size} bytes, more than oras_size_limit ` +
          `(${limit}), and no external rule takes it`,
      );
    }
    const below = matching[0]?.rule;
    const reason = below === undefined
      ? "no external rule matches"
      : `smaller than the ${below.sizeThreshold} bytes of rule ${quote(below.pattern)}`;
    return { ...file, decision: { kind: "registry", reason } };
  }

  #external(file: ScannedFile, rule: ExternalRule): PlacedFile | undefined {
    const template = rule.uriTemplate ?? `${this.#base}/{name}/{path}`;
    const uri = expandTemplate(template, {
      path: file.path,
      name: this.#spec.name,
      version: this.#spec.version,
      layer: file.layer,
      sha256: digestHex(file.digest),
    });
    const place = this.#placeOf(uri, file);
    if (place === undefined) return undefined;
    const size = rule.sizeThreshold === undefined
      ? ""
      : `, and has ${rule.sizeThreshold} bytes or more`;
    const reason = `matches rule ${quote(rule.pattern)}${size}`;
    return { ...file, decision: { kind: "external", uri, tier: rule.tier, place, reason } };
  }

  /** Where the object of an address will be; `undefined` when that is a problem. */
  #placeOf(uri: string, file: ScannedFile): string | undefined {
    const owner = this.#owners.get(uri) ?? file;
    this.#owners.set(uri, owner);
    if (owner.digest !== file.digest) {
      return this.#refuse(`${quote(file.path)} and ${quote(owner.path)} would both be ${uri}`);
    }
    try {
      pointerPath(file.path);
      parseObjectUri(uri);
      return this.#objects?.locate(uri) ?? uri;
    } catch (error) {
      if (!(error instanceof ModelOpsError)) throw error;
      this.#setting ??= error.facts.setting;
      return this.#refuse(`${quote(file.path)}: ${error.message}`);
    }
  }

  #refuse(message: string): undefined {
    this.#problems.push({ message });
    return undefined;
  }

  refuseProblems(workdir: string): void {
    if (this.#problems.length === 0) return;
    throw problemsError(`plan ${quote(workdir)}`, this.#problems, {
      path: workdir,
      ...(this.#setting
        ? { setting: this.#setting }
        : { remedy: "adjust external_rules or oras_size_limit in the spec" }),
    });
  }
}

/** All files of a plan. */
export function placedFiles(plan: StoragePlan): readonly PlacedFile[] {
  return plan.layers.flatMap(({ files }) => files);
}
