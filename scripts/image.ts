/**
 * `deno task image [--output FOLDER] [--platform linux/ARCH]… [--packages FOLDER] [--key FILE]
 * [--push REF [--plain-http]]`: writes the program as an OCI image that has nothing else in it, for
 * all machines it runs on, into an image layout, and pushes it. The same tree and packages give the
 * same digest.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import config from "../deno.json" with { type: "json" };
import { resolveSettings, sourceDateEpoch } from "../src/cli/settings/global.ts";
import { openRegistries } from "../src/library/registries.ts";
import { copyGraph } from "../src/oci/copy_graph.ts";
import { parseReference, type Reference, repositoryName } from "../src/oci/reference.ts";
import { replaceFolder } from "./bundle.ts";
import { buildImage, type BuiltImage } from "./image/build_image.ts";
import { LayoutStore } from "./image/layout_store.ts";
import { readSigningKey } from "./image/signature.ts";
import { outputOf } from "./programs.ts";
import { type Architecture, ARCHITECTURES } from "./runtime/architectures.ts";
import { findProgram } from "./services.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

function readArguments() {
  return parseArgs({
    options: {
      output: { type: "string", default: join(root, "dist", "image") },
      platform: { type: "string", multiple: true },
      packages: { type: "string" },
      key: { type: "string" },
      push: { type: "string" },
      "plain-http": { type: "boolean" },
    },
  }).values;
}

/** The machine that a platform names. */
function architectureOf(platform: string): Architecture {
  const names = Object.keys(ARCHITECTURES);
  const name = names.find((each) => platform === `linux/${each}`);
  if (name !== undefined) return ARCHITECTURES[name]!;
  const wanted = names.map((each) => `linux/${each}`).join(" or ");
  throw new Error(`Cannot make an image for "${platform}": want ${wanted}`);
}

/** The commit of the tree, where it is one without changes. */
async function cleanCommit(): Promise<string | undefined> {
  if (findProgram("git") === undefined) return undefined;
  try {
    const changes = await outputOf("git", ["status", "--porcelain"]);
    return changes === "" ? (await outputOf("git", ["rev-parse", "HEAD"])).trim() : undefined;
  } catch {
    return undefined; // The tree is no repository.
  }
}

/** Makes the image beside `folder`, and puts it there when it is whole. */
async function writeLayout(
  folder: string,
  values: ReturnType<typeof readArguments>,
  target: Reference | undefined,
): Promise<BuiltImage> {
  const epoch = sourceDateEpoch(process.env);
  const platforms = values.platform ?? Object.keys(ARCHITECTURES).map((name) => `linux/${name}`);
  const architectures = [...new Set(platforms)].map(architectureOf);
  const key = values.key === undefined ? undefined : await readSigningKey(resolve(values.key));
  await Deno.mkdir(dirname(folder), { recursive: true });
  const made = await Deno.makeTempDir({ dir: dirname(folder), prefix: `.${basename(folder)}-` });
  const scratch = await Deno.makeTempDir({ prefix: "modelops-image-" });
  try {
    const image = await buildImage(new LayoutStore(made), {
      architectures,
      version: config.version,
      commit: await cleanCommit(),
      created: epoch === undefined ? undefined : new Date(epoch * 1000).toISOString(),
      folder: values.packages === undefined ? undefined : resolve(values.packages),
      key,
      repository: target === undefined ? "" : repositoryName(target),
      scratch,
    });
    await Deno.chmod(made, 0o755);
    await replaceFolder(folder, made);
    return image;
  } catch (error) {
    await Deno.remove(made, { recursive: true });
    throw error;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Pushes the image with all that refers to it, as the user's settings say. */
async function push(layout: string, image: BuiltImage, target: Reference, plainHttp?: boolean) {
  const context = { env: process.env, cwd: Deno.cwd(), home: homedir(), stderr: Deno.stderr };
  const settings = resolveSettings({}, {
    ...context,
    stderr: { isTerminal: Deno.stderr.isTerminal() },
  });
  await using registries = await openRegistries(settings);
  const [from, to] = [new LayoutStore(layout), registries.repository(target, { plainHttp })];
  await copyGraph(from, to, image.index, { tag: target.tag });
  for (const { manifest, tag } of image.referrers) await copyGraph(from, to, manifest, { tag });
}

async function main(): Promise<void> {
  const values = readArguments();
  const folder = resolve(values.output);
  const target = values.push === undefined ? undefined : parseReference(values.push);
  const image = await writeLayout(folder, values, target);
  console.log(`${folder}:${config.version}\n${image.index.digest}`);
  if (target === undefined) return;
  await push(folder, image, target, values["plain-http"]);
  console.log(`${repositoryName(target)}@${image.index.digest}`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
