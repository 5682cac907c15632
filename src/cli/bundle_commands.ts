/**
 * The commands about bundles, which `modelops-bundles` has as its own.
 * @module
 */
import type { CommandRow } from "./command.ts";

/** The commands about bundles, in the order that help lists them. */
export const BUNDLE_COMMANDS: readonly CommandRow[] = [
  {
    name: "list",
    aliases: ["ls"],
    synonyms: { ps: "list", images: "list" },
    summary: "List the bundles of the local store, or those of a registry",
    examples: ["", "registry.example.com/epi-sir --limit 20"],
    load: () => import("./commands/bundle/list.ts"),
  },
  {
    name: "resolve",
    synonyms: { info: "resolve", show: "resolve", inspect: "resolve" },
    summary: "Show the identity, the roles and the size of a bundle",
    examples: ["epi-sir:1.0.0", "epi-sir:1.0.0 --json"],
    load: () => import("./commands/bundle/resolve.ts"),
  },
  {
    name: "materialize",
    synonyms: { download: "materialize", extract: "materialize", unpack: "import" },
    summary: "Write the files that a role of a bundle needs into a folder",
    examples: ["epi-sir:1.0.0 ./ws --role training", "epi-sir:1.0.0 ./ws --prefetch-external"],
    load: () => import("./commands/bundle/materialize.ts"),
  },
  {
    name: "pull",
    summary: "The same as materialize",
    examples: ["epi-sir:1.0.0 ./ws --role training", "epi-sir:1.0.0 ./ws --dry-run"],
    load: () => import("./commands/bundle/materialize.ts"),
  },
  {
    name: "export",
    summary: "Pack a folder into a deterministic archive",
    examples: ["./ws bundle.tar.zst", "./ws bundle.tar --include-external"],
    load: () => import("./commands/bundle/export.ts"),
  },
  {
    name: "import",
    summary: "Verify an archive and write its files into a folder",
    examples: ["bundle.tar.zst ./copy", "bundle.tar.zst ./copy --overwrite"],
    load: () => import("./commands/bundle/import.ts"),
  },
  {
    name: "push",
    synonyms: { publish: "push", build: "push", pack: "export" },
    summary: "Publish the bundle that modelops.yaml describes",
    examples: ["./epi-sir", "./epi-sir --bump patch --dry-run"],
    load: () => import("./commands/bundle/push.ts"),
  },
  {
    name: "init",
    summary: "Write a first modelops.yaml for the files of a folder",
    examples: ["./epi-sir", "./epi-sir --name epi-sir --force"],
    load: () => import("./commands/bundle/init.ts"),
  },
  {
    name: "schema",
    summary: "Show the JSON Schema of modelops.yaml, for editors",
    examples: ["", "> modelops.schema.json"],
    load: () => import("./commands/bundle/schema.ts"),
  },
  {
    name: "scan",
    summary: "List the files of a bundle by layer",
    examples: ["./epi-sir", "./epi-sir --json"],
    load: () => import("./commands/bundle/scan.ts"),
  },
  {
    name: "plan",
    summary: "Show where each file would be stored, and why",
    examples: ["./epi-sir", "./epi-sir --json"],
    load: () => import("./commands/bundle/plan.ts"),
  },
  {
    name: "diff",
    summary: "Compare two bundles, folders or archives",
    examples: ["epi-sir:1.0.0 epi-sir:1.1.0", "epi-sir:1.0.0 ./ws --json"],
    load: () => import("./commands/bundle/diff.ts"),
  },
  {
    name: "verify",
    summary: "Read everything again and compare digests",
    examples: ["./ws", "./ws --json"],
    load: () => import("./commands/bundle/verify.ts"),
  },
];
