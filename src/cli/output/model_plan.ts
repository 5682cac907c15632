/**
 * What a dry run of an operation on models found.
 * @module
 */
import {
  type OperationPlan,
  planFailure,
  type PlannedPlace,
  type PlannedStep,
  type StepAction,
} from "../../model/rehearsal/plan.ts";
import type { Session } from "../session.ts";
import { FailedResult } from "./failed_result.ts";
import { countOf, formatBytes, shortDigest } from "./format.ts";
import { actionLines } from "./bundle_text.ts";

/**
 * Reports a plan, and ends as the operation itself would.
 * @throws {FailedResult} when something stands in its way.
 */
export function reportModelPlan(
  { output, settings, context }: Session,
  plan: OperationPlan,
  quiet?: boolean,
): void {
  output.warnAll(plan.warnings);
  const failure = planFailure(plan);
  const text = planText(plan, context.stdout.columns());
  if (failure === undefined) {
    return output.artifact(plan, { text, facts: ["nothing was changed"], quiet });
  }
  if (!settings.json && !quiet) output.text(text);
  throw new FailedResult(failure, { ...plan });
}

/** Lines for what would be done, and one for each place with what it takes. */
function planText(plan: OperationPlan, width?: number): string {
  const [tags, contents] = [true, false].map((isTag) =>
    plan.steps.filter(({ kind }) => (kind === "tag") === isTag)
  );
  return [
    ...actionLines([...contents!.map(contentRow), ...tags!.map(tagRow)], width),
    ...plan.places.map((place) => placeLine(place, plan.steps)),
  ].join("\n");
}

type ActionRow = Parameters<typeof actionLines>[0][number];

function contentRow({ action, size, name }: PlannedStep): ActionRow {
  return [action, formatBytes(size), name];
}

/** A tag has no size, and stands below the names of what it leads to. */
function tagRow({ action, name, place, replaces }: PlannedStep): ActionRow {
  const now = replaces === undefined ? "" : `, now ${shortDigest(replaces)}`;
  return [action, "", `${place}:${name}${now}`];
}

/** `to the local store: 87 MiB in 3 contents, 2 are there; 87 MiB needed, 21 GiB free`. */
function placeLine(
  { kind, name, bytes, disk }: PlannedPlace,
  steps: readonly PlannedStep[],
): string {
  const own = steps.filter((step) =>
    step.place === name && step.kind !== "tag" && (step.kind === "file") === (kind === "folder")
  );
  const count = (wanted: StepAction) => own.filter(({ action }) => action === wanted).length;
  const [kept, inTheWay] = [count("keep"), count("conflict")];
  const moved = own.length - kept - inTheWay;
  const where = kind === "folder" ? name : `the ${kind}`;
  const there = are(kept, "there") + are(inTheWay, "in the way");
  const what = `${formatBytes(bytes)} in ${countOf(moved, kind === "folder" ? "file" : "content")}`;
  return `to ${where}: ${what}${there}${roomText(disk)}`;
}

/** `, 2 are there`; nothing for none. */
function are(count: number, where: string): string {
  return count === 0 ? "" : `, ${count} ${count === 1 ? "is" : "are"} ${where}`;
}

function roomText(disk: PlannedPlace["disk"]): string {
  if (disk === undefined) return "";
  const free = disk.free === undefined ? "free room unknown" : `${formatBytes(disk.free)} free`;
  return `; ${formatBytes(disk.needed)} needed, ${free}`;
}
