/** `verify`: reads what is in the local store again. @module */
import { IntegrityError } from "../../core/errors.ts";
import type { Command } from "../../deps/commander.ts";
import type { VerifyFault, VerifyResult } from "../../model/operations/keeping.ts";
import { FailedResult } from "../output/failed_result.ts";
import { countOf, formatBytes } from "../output/format.ts";
import { addMirror, addTransfer } from "../options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addMirror(addTransfer(command.argument("[target...]", "names of artifacts in the local store")))
    .option("--all", "everything in the local store, bundles and what no name leads to included")
    .option("--repair", "fetch what is damaged, and nothing else, from the artifacts' registries")
    .action(async (references, flags) => {
      const models = await session.models();
      const result = await session.operation((options) =>
        models.verify({ ...options, ...flags, references })
      );
      if (!result.ok) {
        throw new FailedResult(failureOf(result, flags.repair ?? false), { ...result });
      }
      session.output.result(result, describeResult(result));
    });
}

function describeResult({ artifacts, checked, bytes, repaired }: VerifyResult): string {
  const read = `${countOf(checked, "piece")} of content, ${formatBytes(bytes)}`;
  return [
    ...repaired.map((fault) => `Repaired ${faultText(fault)}`),
    `Verified ${countOf(artifacts.length, "artifact")}: ${read}`,
  ].join("\n");
}

function failureOf({ damaged, artifacts }: VerifyResult, repair: boolean): IntegrityError {
  const names = new Set(damaged.flatMap(({ artifacts }) => artifacts));
  const what = countOf(damaged.length, "piece");
  const remedy = repair
    ? "mend what kept them from coming and run it again, or remove them with rm, then build or pull"
    : names.size === 0
    ? "free what no artifact needs with: modelops prune"
    : `fetch what is damaged with: modelops verify --repair ${[...names].join(" ")}`;
  return new IntegrityError(
    `Cannot vouch for ${names.size} of ${countOf(artifacts.length, "artifact")}: ` +
      `${what} of content damaged`,
    { problems: damaged.map((fault) => ({ message: faultText(fault) })), remedy },
  );
}

function faultText({ digest, reason, artifacts }: VerifyFault): string {
  const whose = artifacts.length === 0 ? "no artifact's" : artifacts.join(", ");
  return `${digest} (${whose}): ${reason}`;
}
