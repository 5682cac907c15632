/**
 * The commands, in the order that help lists them.
 * @module
 */
import type { CommandRow } from "./command.ts";
import { BUNDLE_COMMANDS } from "./bundle_commands.ts";

/** Every command of the program. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: "build",
    isUsual: true,
    synonyms: { pack: "build", package: "build" },
    summary: "Package a folder as a model artifact",
    examples: [
      "./llama -t registry.example.com/llama:v1",
      "./llama -t localhost:5000/llama:v1 --output-remote",
    ],
    load: () => import("./commands/build.ts"),
  },
  {
    name: "push",
    isUsual: true,
    summary: "Send a model artifact to its registry",
    examples: [
      "registry.example.com/llama:v1",
      "localhost:5000/llama:v1 --plain-http --max-rate 20MiB",
    ],
    load: () => import("./commands/push.ts"),
  },
  {
    name: "pull",
    isUsual: true,
    synonyms: { download: "pull" },
    summary: "Fetch a model artifact from its registry",
    examples: [
      "registry.example.com/llama:v1",
      "registry.example.com/llama:v1 --extract-dir ./llama",
    ],
    load: () => import("./commands/pull.ts"),
  },
  {
    name: "extract",
    isUsual: true,
    synonyms: { unpack: "extract" },
    summary: "Write the files of a local model artifact into a folder",
    examples: [
      "registry.example.com/llama:v1 --output ./llama",
      "localhost:5000/llama:v1 --output /srv/models/llama",
    ],
    load: () => import("./commands/extract.ts"),
  },
  {
    name: "attach",
    summary: "Add a file to a model artifact",
    examples: [
      "README.md -s registry.example.com/llama:v1 -t registry.example.com/llama:v2",
      "config.json -s localhost:5000/llama:v1 -t localhost:5000/llama:v2 --config",
    ],
    load: () => import("./commands/attach.ts"),
  },
  {
    name: "upload",
    summary: "Send a file to a repository ahead of a build",
    examples: [
      "model.safetensors --repo registry.example.com/llama",
      "model.safetensors --repo localhost:5000/llama --plain-http",
    ],
    load: () => import("./commands/upload.ts"),
  },
  {
    name: "fetch",
    summary: "Write some files of a remote model artifact into a folder",
    examples: [
      "registry.example.com/llama:v1 --output ./llama --patterns '*.json'",
      "registry.example.com/llama:v1 --output ./llama --patterns 'tokenizer*,*.md'",
    ],
    load: () => import("./commands/fetch.ts"),
  },
  {
    name: "inspect",
    isUsual: true,
    synonyms: { info: "inspect", show: "inspect" },
    summary: "Show what a model artifact is made of",
    examples: ["registry.example.com/llama:v1", "registry.example.com/llama:v1 --remote --json"],
    load: () => import("./commands/inspect.ts"),
  },
  {
    name: "diff",
    synonyms: { compare: "diff" },
    summary: "Compare two models: files, facts, tensors",
    examples: [
      "registry.example.com/llama:v1 registry.example.com/llama:v2",
      "localhost:5000/llama:v1 registry.example.com/llama:v1 --tensors --exit-code",
    ],
    load: () => import("./commands/diff.ts"),
  },
  {
    name: "list",
    isUsual: true,
    synonyms: { ps: "list", images: "list" },
    aliases: ["ls"],
    summary: "List the artifacts of the local store, or what a registry holds",
    examples: ["", "registry.example.com/models/llama --limit 20"],
    load: () => import("./commands/list.ts"),
  },
  {
    name: "tag",
    isUsual: true,
    summary: "Give a model artifact one more name",
    examples: [
      "registry.example.com/llama:v1 registry.example.com/llama:stable",
      "localhost:5000/llama:v1 registry.example.com/llama:v1",
    ],
    load: () => import("./commands/tag.ts"),
  },
  {
    name: "rm",
    isUsual: true,
    synonyms: { remove: "rm", delete: "rm" },
    summary: "Remove a model artifact from the local store",
    examples: ["registry.example.com/llama:v1", "localhost:5000/llama:v1"],
    load: () => import("./commands/rm.ts"),
  },
  {
    name: "verify",
    summary: "Read what is in the local store again, and repair it",
    examples: ["registry.example.com/llama:v1", "--all"],
    load: () => import("./commands/verify.ts"),
  },
  {
    name: "prune",
    summary: "Free what no name of the local store leads to",
    examples: ["--dry-run", "--remove-untagged=false"],
    load: () => import("./commands/prune.ts"),
  },
  {
    name: "modelfile",
    synonyms: { init: "modelfile generate" },
    summary: "Work with Modelfiles",
    load: () => import("./commands/modelfile.ts"),
  },
  {
    name: "bundle",
    summary: "Work with bundles: files by role, big ones outside the registry",
    load: () => import("./commands/bundle.ts"),
  },
  {
    name: "login",
    summary: "Log in to a registry",
    examples: ["registry.example.com -u me --password-stdin", "localhost:5000 -u me --plain-http"],
    load: () => import("./commands/login.ts"),
  },
  {
    name: "logout",
    summary: "Forget the login of a registry",
    examples: ["registry.example.com", "localhost:5000"],
    load: () => import("./commands/logout.ts"),
  },
  {
    name: "serve",
    summary: "Serve the local store as a registry",
    examples: ["", "--address 0.0.0.0:5000 --htpasswd ./users"],
    load: () => import("./commands/serve.ts"),
  },
  {
    name: "completion",
    summary: "Write the script that completes commands in a shell",
    examples: ["bash", "zsh"],
    load: () => import("./commands/completion.ts"),
  },
  {
    name: "__complete",
    hidden: true,
    summary: "Say what a command line may go on with, for the scripts of completion",
    load: () => import("./commands/complete.ts"),
  },
  {
    name: "version",
    summary: "Show version, commit, platform and build time",
    examples: ["", "--json"],
    load: () => import("./commands/version.ts"),
  },
  {
    name: "upgrade",
    summary: "Say whether there is a newer release",
    examples: ["--check", "--check --releases https://get.example.com"],
    load: () => import("./commands/upgrade.ts"),
  },
  {
    name: "help",
    summary: "Show the help of a command",
    examples: ["push", "bundle push"],
    load: () => import("./commands/help.ts"),
  },
];

/** Commands that have nothing to do with models alone. */
const SHARED = [
  "login",
  "logout",
  "serve",
  "completion",
  "__complete",
  "version",
  "upgrade",
  "help",
];

/**
 * The commands of a program by its name: `modelops-bundles` has those of `modelops bundle` as its
 * own.
 */
export function commandsOf(programName: string): readonly CommandRow[] {
  if (!isBundlesProgram(programName)) return COMMANDS;
  return [...BUNDLE_COMMANDS, ...COMMANDS.filter(({ name }) => SHARED.includes(name))];
}

/** Whether a program of that name is about bundles and nothing else. */
export function isBundlesProgram(programName: string): boolean {
  return programName === "modelops-bundles";
}
