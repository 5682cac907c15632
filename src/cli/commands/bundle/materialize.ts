/** `bundle materialize` and `bundle pull`: writes the files of a bundle. @module */
import type { Command } from "../../../deps/commander.ts";
import type { ResolvedBundle } from "../../../bundle/documents/bundle.ts";
import { bundleLabel } from "../../../bundle/resolve/reference.ts";
import type { MaterializeResult } from "../../../bundle/workspace/materialize.ts";
import { InvalidInputError } from "../../../core/errors.ts";
import { listed } from "../../../core/text.ts";
import { collectList, collectPatterns } from "../../arguments.ts";
import { materializeDocument } from "../../output/bundle_documents.ts";
import { textOf } from "../../output/bundle_text.ts";
import { countOf, formatBytes } from "../../output/format.ts";
import { addDragonfly, addReading, objectStore, portable } from "../../options.ts";
import type { Session } from "../../session.ts";
import {
  countsText,
  fileLines,
  reportPlan,
  roomLines,
  withConflicts,
} from "../../output/workspace_report.ts";

export function configure(command: Command, session: Session): void {
  addDragonfly(addReading(
    command
      .argument("<bundle>", "name:version, digest, full reference, folder or archive")
      .argument("<folder>", "folder that receives the files")
      .option("--role <role>", "role whose layers are written (default: the role default)")
      .option("--layers <list>", "only these layers, whatever the role says", collectList)
      .option("--include <glob>", "only files that match; repeatable", collectPatterns)
      .option("--exclude <glob>", "no files that match; repeatable", collectPatterns)
      .option("--overwrite", "replace what is in the way")
      .option("--prefetch-external", "fetch external files too, not only pointers to them")
      .option("--no-cache", "keep nothing for other commands")
      .option("--ci", "show no progress")
      .option("--verbose", "say what happens to each file")
      .option("--dry-run", "only say what would happen")
      .addOption(portable(command))
      .addOption(objectStore(command)),
  ))
    .action(async (ref, dest, { ci, verbose, ...flags }) => {
      if (flags.layers?.length === 0) {
        throw new InvalidInputError("Cannot use --layers: it is empty");
      }
      const bundles = await session.bundles(flags);
      const { resolved, result } = await withConflicts(() =>
        session.operation(async (options) => {
          const { cache } = flags;
          // Only the JSON document says what the indexes of all layers say.
          const resolved = session.settings.json
            ? await bundles.resolve(ref, { ...options, cache })
            : undefined;
          const result = await bundles.materialize(resolved ?? ref, { ...options, ...flags, dest });
          return { resolved, result };
        }, { silent: ci })
      );
      report(session, result, { resolved, layers: flags.layers, role: flags.role, verbose });
    });
}

interface ReportOptions {
  /** What all indexes say, where the document needs it. */
  readonly resolved?: ResolvedBundle;
  /** The layers that were chosen, where the role does not say them. */
  readonly layers?: readonly string[];
  /** The role that was asked for. */
  readonly role?: string;
  readonly verbose?: boolean;
}

function report(session: Session, result: MaterializeResult, options: ReportOptions): void {
  const { bundle, selectedRole: role, files, destPath: dest, plan, noRoom } = result;
  const { conflicts } = plan;
  const layers = [...new Set(options.layers ?? bundle.roles[role] ?? [])];
  const document = options.resolved ? materializeDocument(result, options.resolved, layers) : {};
  const target = [`Role: ${role}`, `Layers: ${layers.join(", ")}`];
  if (result.dryRun) {
    const title = `Would materialize ${bundleLabel(bundle)} to ${dest}`;
    const lines = [
      ...fileLines(files, session.context.stdout.columns()),
      title,
      ...target,
      ...planLines(result),
    ];
    return reportPlan(session, { dest, conflicts, noRoom, document, lines });
  }
  const title = `Materialized ${bundleLabel(bundle)} to ${dest}`;
  const details = options.verbose ? fileLines(files, session.context.stdout.columns()) : [];
  session.output.result(document, textOf([...details, title, ...target]));
  note(session, result);
  // Who named neither a role nor layers may not know that there are others.
  if (options.role === undefined && options.layers === undefined) noteLeftOut(session, result);
}

/** The most layers and roles that a note names. */
const [MOST_LAYERS, MOST_ROLES] = [20, 5];

function noteLeftOut({ output }: Session, { bundle, selectedRole: role }: MaterializeResult): void {
  const written = new Set(bundle.roles[role]);
  const left = new Set(bundle.layers.filter((layer) => !written.has(layer)));
  if (left.size === 0) return;
  const others = Object.entries(bundle.roles)
    .filter(([, layers]) => layers.some((layer) => left.has(layer))).map(([name]) => name);
  const hint = others.length === 0
    ? "--layers takes them"
    : `--role ${others.slice(0, MOST_ROLES).join(" or ")}`;
  const names = listed([...left], MOST_LAYERS);
  output.note(`Layers that the role ${role} does not have: ${names} (${hint})`);
}

function note({ output }: Session, { counters }: MaterializeResult): void {
  const { created, replaced, kept, pointers, bytesWritten } = counters;
  const counts = countsText({ created, replaced, kept });
  output.note(`Files: ${counts}; ${formatBytes(bytesWritten)} written`);
  if (pointers > 0) {
    output.note(
      `${countOf(pointers, "external file")} not fetched: --prefetch-external fetches them`,
    );
  }
}

function planLines({ counters, plan }: MaterializeResult): readonly string[] {
  const conflict = plan.files.filter(({ action }) => action === "conflict").length;
  const counts = {
    "to create": counters.created,
    "to replace": counters.replaced,
    "to keep": counters.kept,
    "external, pointer only": counters.pointers,
    "in conflict": conflict,
  };
  return [`Files: ${countsText(counts)}`, ...roomLines(plan)];
}
