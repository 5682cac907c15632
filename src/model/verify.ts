/**
 * Verifies the local store, and brings what is damaged from the registries it came from.
 * @module
 */
import { InvalidInputError, ModelOpsError } from "../core/errors.ts";
import type { LocalCatalog } from "../oci/disk_catalog.ts";
import { parseReference, referenceTarget, repositoryName } from "../oci/reference.ts";
import type { DamagedContent, VerifiedArtifact, VerifyRoot } from "../oci/verify.ts";
import type { VerifyFault, VerifyOptions, VerifyResult } from "./operations/keeping.ts";
import { copyModel, type ModelStores } from "./stores.ts";

/**
 * Verifies artifacts, or everything. With `repair`, each artifact that is damaged is copied again
 * from its registry: only what is damaged moves.
 * @throws {InvalidInputError} when neither artifacts nor everything is asked for, or both are.
 * @throws {NotFoundError} when there is no such artifact.
 */
export async function verifyModels(
  catalog: LocalCatalog,
  stores: ModelStores,
  options: VerifyOptions,
): Promise<VerifyResult> {
  const { references = [], all = false, repair = false } = options;
  if (all === references.length > 0) {
    throw new InvalidInputError(
      `Cannot verify: ${all ? "--all leaves no artifact to name" : "no artifact was named"}`,
      { remedy: all ? "leave out the names, or --all" : "name one, or add --all for everything" },
    );
  }
  const report = await catalog.verify(all ? "all" : references.map(rootOf), options);
  const failures = repair ? await repairArtifacts(report.damaged, stores, options) : undefined;
  // What was copied whole was verified on the way. What no artifact needs nobody can bring.
  const isRepaired = ({ artifacts }: DamagedContent) =>
    failures !== undefined && artifacts.some((artifact) => !failures.has(nameOf(artifact)));
  const faultOf = ({ digest, reason, artifacts }: DamagedContent): VerifyFault => {
    const names = artifacts.map(nameOf);
    const failure = names.map((name) => failures?.get(name)).find(Boolean);
    return { digest, reason: [reason, failure].filter(Boolean).join("; "), artifacts: names };
  };
  const damaged = report.damaged.filter((content) => !isRepaired(content));
  return {
    ok: damaged.length === 0,
    artifacts: report.artifacts.map(nameOf),
    checked: report.checked,
    bytes: report.bytes,
    damaged: damaged.map(faultOf),
    repaired: report.damaged.filter(isRepaired).map(faultOf),
  };
}

function rootOf(name: string): VerifyRoot {
  const reference = parseReference(name);
  return { repository: repositoryName(reference), target: referenceTarget(reference) };
}

function nameOf({ repository, target, digest }: VerifiedArtifact): string {
  return target === digest ? `${repository}@${digest}` : `${repository}:${target}`;
}

/** Copies each damaged artifact again; gives why not, by name, for each that could not be. */
async function repairArtifacts(
  damaged: readonly DamagedContent[],
  stores: ModelStores,
  options: VerifyOptions,
): Promise<Map<string, string>> {
  const reasons = new Map<string, string>();
  for (const artifact of new Set(damaged.flatMap(({ artifacts }) => artifacts))) {
    options.signal?.throwIfAborted();
    const name = nameOf(artifact);
    try {
      const reference = parseReference(name);
      const remote = await stores.remote(reference, options);
      const root = await remote.resolve(artifact.digest, options);
      await copyModel(remote, stores.local(reference), root, { ...options, phase: "download" });
    } catch (error) {
      if (!(error instanceof ModelOpsError)) throw error;
      reasons.set(name, error.message);
    }
  }
  return reasons;
}
