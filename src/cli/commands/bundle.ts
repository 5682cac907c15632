/** `bundle`: the commands about bundles. @module */
import type { Command } from "../../deps/commander.ts";
import { addCommands, type CommandRow } from "../command.ts";
import type { Session } from "../session.ts";

/** The commands about bundles, in the order that help lists them. */
export const BUNDLE_COMMANDS: readonly CommandRow[] = [
  {
    name: "resolve",
    summary: "Show the identity, the roles and the size of a bundle",
    examples: ["epi-sir:1.0.0", "epi-sir:1.0.0 --json"],
    load: () => import("./bundle/resolve.ts"),
  },
  {
    name: "materialize",
    summary: "Write the files that a role of a bundle needs into a folder",
    examples: ["epi-sir:1.0.0 ./ws --role training", "epi-sir:1.0.0 ./ws --prefetch-external"],
    load: () => import("./bundle/materialize.ts"),
  },
  {
    name: "pull",
    summary: "The same as materialize",
    examples: ["epi-sir:1.0.0 ./ws --role training", "epi-sir:1.0.0 ./ws --dry-run"],
    load: () => import("./bundle/materialize.ts"),
  },
  {
    name: "export",
    summary: "Pack a folder into a deterministic archive",
    examples: ["./ws bundle.tar.zst", "./ws bundle.tar --include-external"],
    load: () => import("./bundle/export.ts"),
  },
  {
    name: "import",
    summary: "Verify an archive and write its files into a folder",
    examples: ["bundle.tar.zst ./copy", "bundle.tar.zst ./copy --overwrite"],
    load: () => import("./bundle/import.ts"),
  },
  {
    name: "push",
    summary: "Publish the bundle that modelops.yaml describes",
    examples: ["./epi-sir", "./epi-sir --bump patch --dry-run"],
    load: () => import("./bundle/push.ts"),
  },
  {
    name: "init",
    summary: "Write a first modelops.yaml for the files of a folder",
    examples: ["./epi-sir", "./epi-sir --name epi-sir --force"],
    load: () => import("./bundle/init.ts"),
  },
  {
    name: "schema",
    summary: "Show the JSON Schema of modelops.yaml, for editors",
    examples: ["", "> modelops.schema.json"],
    load: () => import("./bundle/schema.ts"),
  },
  {
    name: "scan",
    summary: "List the files of a bundle by layer",
    examples: ["./epi-sir", "./epi-sir --json"],
    load: () => import("./bundle/scan.ts"),
  },
  {
    name: "plan",
    summary: "Show where each file would be stored, and why",
    examples: ["./epi-sir", "./epi-sir --json"],
    load: () => import("./bundle/plan.ts"),
  },
  {
    name: "diff",
    summary: "Compare two bundles, folders or archives",
    examples: ["epi-sir:1.0.0 epi-sir:1.1.0", "epi-sir:1.0.0 ./ws --json"],
    load: () => import("./bundle/diff.ts"),
  },
  {
    name: "verify",
    summary: "Read everything again and compare digests",
    examples: ["./ws", "./ws --json"],
    load: () => import("./bundle/verify.ts"),
  },
];

export function configure(command: Command, session: Session): void {
  addCommands(command, BUNDLE_COMMANDS, () => session);
}
