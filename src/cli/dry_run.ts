/**
 * `--dry-run` of the commands that move models.
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import type { Command, OptionValues } from "../deps/commander.ts";
import type { RehearsedModels } from "../model/operations.ts";
import type { PlannedArtifact } from "../model/rehearsal/plan.ts";
import type { Session } from "./session.ts";

/** Adds `--dry-run`. */
export function addDryRun<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return command.option(
    "--dry-run",
    "only say what would be moved and replaced, and whether there is room",
  );
}

/** An operation that a command runs, or only rehearses. */
export interface Moving<Result extends PlannedArtifact> {
  /** Runs it with models. */
  readonly work: (models: RehearsedModels, options: OperationOptions) => Promise<Result>;
  /** Says what it did. */
  readonly report: (result: Result) => void;
  readonly dryRun?: boolean;
  /** Whether nothing but the digest is wanted. */
  readonly quiet?: boolean;
}

/**
 * Runs an operation and reports it; with `dryRun` reports what it would do, and ends as it would.
 * @throws {FailedResult} with the plan, when something stands in the way of what was rehearsed.
 */
export async function moveModels<Result extends PlannedArtifact>(
  session: Session,
  { work, report, dryRun, quiet }: Moving<Result>,
): Promise<void> {
  const models = await session.models();
  const silent = { silent: quiet };
  if (!dryRun) {
    return report(await session.operation((options) => work(models, options), silent));
  }
  const [{ reportModelPlan }, { hashingShown }] = await Promise.all([
    import("./output/model_plan.ts"),
    import("../core/progress.ts"),
  ]);
  const plan = await session.operation(
    (options) => models.rehearse((rehearsed) => work(rehearsed, hashingShown(options))),
    silent,
  );
  reportModelPlan(session, plan, quiet);
}
