/** `bundle resolve`: says what a reference leads to. @module */
import type { Command } from "../../../deps/commander.ts";
import type { ResolvedBundle } from "../../../bundle/documents/bundle.ts";
import { bundleLabel } from "../../../bundle/resolve/reference.ts";
import { compareText } from "../../../core/text.ts";
import { bundleDocument } from "../../output/bundle_documents.ts";
import { tableLines, textOf } from "../../output/bundle_text.ts";
import { formatBytes } from "../../output/format.ts";
import { addReading } from "../../options.ts";
import type { Session } from "../../session.ts";

export function configure(command: Command, session: Session): void {
  addReading(
    command
      .argument("<bundle>", "name:version, digest, full reference, folder or archive")
      .option("--no-cache", "keep nothing for other commands")
      .option("--verbose", "tell more"),
  )
    .action(async (ref, { cache, verbose, ...flags }) => {
      const bundles = await session.bundles(flags);
      const bundle = await session.operation((options) =>
        bundles.resolve(ref, { ...options, cache })
      );
      const lines = describeBundle(bundle, verbose ?? false);
      session.output.result(bundleDocument(bundle), textOf(lines));
    });
}

function describeBundle(bundle: ResolvedBundle, verbose: boolean): readonly string[] {
  const identity = [
    `Bundle: ${bundleLabel(bundle)}`,
    `Manifest: ${bundle.manifestDigest}`,
    `Size: ${formatBytes(bundle.totalSize)}`,
  ];
  return [...identity, ...(verbose ? details(bundle) : []), ...roleLines(bundle.roles)];
}

function details({ ref, externalIndexPresent, repository }: ResolvedBundle): readonly string[] {
  return [
    `Reference type: ${REFERENCE_TYPES[ref.kind]}`,
    `External index: ${externalIndexPresent ? "present" : "not present"}`,
    ...(repository === undefined ? [] : [`Repository: ${repository}`]),
  ];
}

/** The kinds of references by the names of the bundles guide. */
const REFERENCE_TYPES: Readonly<Record<ResolvedBundle["ref"]["kind"], string>> = {
  version: "name:version",
  digest: "digest-only",
  pinned: "name@digest",
  reference: "full reference",
  path: "local path",
};

function roleLines(roles: ResolvedBundle["roles"]): readonly string[] {
  const rows = Object.entries(roles).sort(([a], [b]) => compareText(a, b))
    .map(([role, layers]) => [role, layers.join(", ")]);
  if (rows.length === 0) return ["No roles defined"];
  return ["Roles", ...tableLines([["Role", "Layers"], ...rows]).map((line) => `  ${line}`)];
}
