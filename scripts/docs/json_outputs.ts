/**
 * The documents that commands write with `--json`: each command is run on a small model or bundle,
 * and what it writes is shown, with constants for what differs from run to run.
 * @module
 */
import { join } from "node:path";
import type { CliContext } from "../../src/cli/context.ts";
import { processContext } from "../../src/cli/process.ts";
import { run } from "../../src/cli/run.ts";
import { descriptions } from "../../src/library/descriptions.ts";
import { hostlessCatalog } from "../../src/library/hostless_catalog.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { listen } from "../../src/server/listen.ts";
import { pageApiPaths } from "../../src/server/page_api/paths.ts";
import { withPaths } from "../../src/server/paths.ts";

/** A command, and the arguments that show what it writes. */
type Shown = readonly [title: string, ...args: string[]];

/** Weights of one tensor, as a file of safetensors. */
function weights(): string {
  const header = '{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
  return `${String.fromCharCode(header.length)}${"\0".repeat(7)}${header}${"\0".repeat(8)}`;
}

const FILES: Readonly<Record<string, string>> = {
  "first/Modelfile": "NAME demo\nMODEL model.safetensors\n",
  "first/model.safetensors": weights(),
  "model/config.json": '{"model_type": "llama"}\n',
  "model/model.safetensors": weights(),
  "model/README.md": "# Demo\n",
  "model/Modelfile":
    "NAME demo\nFAMILY llama\nCONFIG config.json\nMODEL model.safetensors\nDOC README.md\n",
  "broken/Modelfile": "NAME demo\nMODLE x\n",
  "NOTES.md": "notes\n",
  "new/src/predict.py": "print(1)\n",
  "workspace/mine.txt": "a file of the user\n",
  "bundle/src/predict.py": "print(1)\n",
  "bundle/data/table.csv": "a,b\n",
  "bundle/modelops.yaml": `name: demo
version: "1.0.0"
layers:
  - { name: code, type: code, files: ["src/**"] }
  - { name: data, type: data, files: ["data/**"] }
roles: { default: [code], training: [code, data] }
external_rules: [{ pattern: "data/*.csv", tier: cool }]
`,
};

/** What is shown, in this order: each command finds what those before have made. */
function shownCommands(folder: string, registry: string): readonly Shown[] {
  const at = (path: string) => join(folder, path);
  const ref = `${registry}/models/demo:v1`;
  return [
    ["build", "-t", ref, "--no-creation-time", at("model")],
    ["list"],
    ["inspect", ref],
    ["inspect --card", ref],
    ["inspect --files --tensors", ref],
    ["push", "--plain-http", ref],
    ["list of a repository", "--plain-http", `${registry}/models/demo`],
    ["list of a registry", "--plain-http", registry],
    ["pull", "--plain-http", ref],
    ["pull --dry-run", "--plain-http", ref, "--extract-dir", at("dry")],
    ["extract", ref, "--output", at("extracted")],
    ["fetch", "--plain-http", ref, "--output", at("fetched"), "--patterns", "*.json"],
    ["tag", ref, `${registry}/models/demo:v2`],
    ["attach", at("NOTES.md"), "-s", ref, "-t", `${registry}/models/demo:v3`],
    ["upload", "--plain-http", at("model/model.safetensors"), "--repo", `${registry}/models/demo`],
    ["diff", ref, `${registry}/models/demo:v3`, "--tensors"],
    ["verify", ref],
    ["rm", `${registry}/models/demo:v2`],
    ["prune"],
    ["modelfile generate", at("model"), "--output", at("generated")],
    ["modelfile validate of a right one", at("model/Modelfile")],
    ["modelfile validate", at("broken/Modelfile")],
    ["login", "--plain-http", "-u", "ann", "-p", "sesame", registry],
    ["logout", registry],
    ["version"],
    ["upgrade --check", "--releases", `http://${registry}`],
    ["bundle init", at("new")],
    ["bundle scan", at("bundle")],
    ["bundle plan", at("bundle")],
    ["bundle push", at("bundle")],
    ["bundle list"],
    ["bundle resolve", "demo:1.0.0"],
    ["bundle materialize", "demo:1.0.0", at("workspace"), "--role", "training"],
    ["bundle verify", at("workspace")],
    ["bundle export", at("workspace"), at("workspace.tar")],
    ["bundle import", at("workspace.tar"), at("imported")],
    ["bundle diff", at("bundle"), at("imported")],
  ];
}

/** `docs/json.md` */
export async function jsonReference(): Promise<string> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "modelops-docs-" }));
  const handle = createRegistryHandler(memoryCatalog());
  const isRelease = ({ url }: Request) => new URL(url).pathname === "/latest/download/VERSION";
  await using registry = await listen(
    async (request) => isRelease(request) ? new Response("v9.0.0\n") : await handle(request),
    { address: { hostname: "127.0.0.1", port: 0 } },
  );
  try {
    const host = new URL(registry.url).host;
    for (const [path, text] of Object.entries(FILES)) await write(join(folder, path), text);
    // The tag of the samples has named something else.
    await documentOf(["build", "-t", `${host}/models/demo:v1`, join(folder, "first")], folder);
    const sections: string[] = [];
    for (const [title, ...args] of shownCommands(folder, host)) {
      const words = title.replace(/ of a .*/, "").split(" ");
      const text = await documentOf([...words, ...args], folder);
      sections.push(sectionOf(title, withConstants(text, folder, host)));
    }
    for (const [title, text] of await servedDocuments(folder)) {
      sections.push(sectionOf(`${title} of serve`, withConstants(text, folder, host)));
    }
    return [
      "# JSON documents",
      "What each command writes to standard output with `--json`, here of a small model and a " +
      "small bundle,\nand what `serve` answers under [`/_/`](serve.md#the-page-and-its-json). " +
      "Written by `deno task generate`,\nwhich runs the commands; do not edit. Digests, times and " +
      "addresses stand for others.",
      "Keys are in camelCase, and sizes are bytes. Only what others have defined has the keys that they " +
      "gave it:\n`inspect` those of modctl, the documents inside bundles and workspaces (manifest, " +
      "indexes, pointers,\n`.mops-manifest.json`) those of ModelOps Bundles, and `modelops.yaml` its own.",
      "Keys are never renamed or removed within a version, and may be added. A failure is an " +
      "object with the\nkey `error`, as of `modelfile validate` below: its exit code, its kind, " +
      "what happened, and what to do.\n`help --json` describes all commands and flags, and " +
      "`bundle schema` the file `modelops.yaml`.\n`serve` writes its `address` when it is ready, " +
      "and `completion` the `shell` and its `script`.",
      ...sections,
    ].join("\n\n") + "\n";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function sectionOf(title: string, text: string): string {
  return `## ${title}\n\n\`\`\`json\n${text.trim()}\n\`\`\``;
}

/** What a server of the store that the commands have made answers under `/_/`. */
async function servedDocuments(folder: string): Promise<readonly (readonly [string, string])[]> {
  const catalog = diskCatalog(join(folder, ".modctl"));
  const shown = hostlessCatalog(catalog, { anyHost: true });
  const paths = pageApiPaths(shown, { describe: async () => descriptions });
  const handle = withPaths(createRegistryHandler(shown), paths, {});
  const answers: (readonly [string, string])[] = [];
  for (const path of Object.keys(paths)) {
    const query = path === "/_/repositories"
      ? "search=demo"
      : `repository=models/demo${path === "/_/tags" ? "" : "&reference=v1"}`;
    const answer = await handle(new Request(`http://localhost${path}?${query}`));
    if (answer.status !== 200) throw new Error(`${path} answers ${await answer.text()}`);
    answers.push([path, JSON.stringify(await answer.json(), undefined, 2)]);
  }
  return answers;
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, 0o644);
  // A time of our own: what is packaged tells it.
  await Deno.utime(path, 0, 0);
}

/** What a command writes; only that of a failure has no other way than to be shown. */
async function documentOf(args: readonly string[], folder: string): Promise<string> {
  let [text, said] = ["", ""];
  const sink = (write: (part: string) => void) => ({
    write,
    isTerminal: false,
    columns: () => undefined,
  });
  const context: CliContext = {
    ...processContext(),
    programName: "modelops",
    env: {
      SOURCE_DATE_EPOCH: "0",
      REGISTRY_REPO: "bundles",
      OBJECT_STORE: `file://${join(folder, "objects")}`,
    },
    cwd: folder,
    home: folder,
    stdout: sink((part) => text += part),
    stderr: sink((part) => said += part),
  };
  await run([...args, "--json"], context);
  if (text === "") throw new Error(`"${args.join(" ")}" wrote nothing: ${said}`);
  return text;
}

/** A document with constants for what differs from run to run. */
function withConstants(text: string, folder: string, registry: string): string {
  return text.replaceAll(folder, "/home/me").replaceAll(registry, "localhost:5000")
    .replaceAll(/sha256:[0-9a-f]{64}/g, "sha256:…").replaceAll(/"[0-9a-f]{64}"/g, '"…"')
    .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"1970-01-01T00:00:00Z"')
    .replaceAll(/("(?:diskFree|free)": )\d+/g, "$10")
    // Sizes of what names its owner differ from user to user.
    .replaceAll(/("(?:\w*[bB]ytes(?:Written)?|size)": )\d{3,}/g, "$11000")
    .replaceAll(/("(?:Platform|platform|BuildTime|Commit|buildTime|commit)": )"[^"]*"/g, '$1"…"');
}
