/**
 * `deno task build [--target TRIPLE]… [--all] [--output FOLDER]`: compiles the bundle of the program
 * into `dist/`, under its names, and packs an archive of each. A binary for this machine is run
 * before it gets its name, so that one which does not work is never left there.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import config from "../deno.json" with { type: "json" };
import { bundle, BUNDLE_ENTRY } from "./bundle.ts";
import { writeArchive, writeSums } from "./compile/archives.ts";
import { permissionFlags } from "./compile/permissions.ts";
import { FailedProgram, outputOf } from "./programs.ts";

/** The machines we compile for: what archives call them, and how their files end. */
const TARGETS: Readonly<Record<string, { readonly platform: string; readonly suffix: string }>> = {
  "x86_64-unknown-linux-gnu": { platform: "linux-amd64", suffix: "" },
  "aarch64-unknown-linux-gnu": { platform: "linux-arm64", suffix: "" },
  "x86_64-apple-darwin": { platform: "darwin-amd64", suffix: "" },
  "aarch64-apple-darwin": { platform: "darwin-arm64", suffix: "" },
  "x86_64-pc-windows-msvc": { platform: "windows-amd64", suffix: ".exe" },
};

/** The names of the program; it answers to the one it is called by. */
const NAMES = ["modelops", "modctl"];

const root = fileURLToPath(new URL("../", import.meta.url));

/** Where a binary is made and where it goes. */
interface Places {
  /** Has the bundle. */
  readonly scratch: string;
  /** Gets the binaries. */
  readonly folder: string;
  /** Gets the archives. */
  readonly dist: string;
}

/** Compiles the bundle in `scratch` for one machine, proves it where it can run, and names it. */
async function compile(target: string, { scratch, folder, dist }: Places): Promise<string[]> {
  const { platform, suffix } = TARGETS[target]!;
  const [binary, program] = [join(scratch, `binary${suffix}`), join(scratch, "bundle")];
  await outputOf(Deno.execPath(), [
    ...["compile", "--no-check", "--no-config", "--no-lock", ...permissionFlags()],
    ...["--target", target, "--include", program, "--output", binary],
    join(program, BUNDLE_ENTRY),
  ]);
  if (target === Deno.build.target) await prove(binary);
  await Deno.mkdir(folder, { recursive: true });
  const archives: string[] = [];
  for (const name of NAMES) {
    const file = `${name}${suffix}`;
    await Deno.link(binary, join(scratch, file));
    await Deno.rename(join(scratch, file), join(folder, file));
    const archive = join(dist, `${name}-${platform}.tar.gz`);
    await writeArchive(archive, { file: binary, name: file });
    archives.push(archive);
    console.log(`${join(folder, file)}\n${archive}`);
  }
  await Deno.remove(binary);
  return archives;
}

/** Runs a binary: a runtime of the wrong kind compiles without complaint but is not our program. */
async function prove(binary: string): Promise<void> {
  const said = await outputOf(binary, ["version"]);
  if (!said.includes(config.version)) {
    throw new Error(`Cannot use the binary: "version" printed ${JSON.stringify(said)}`);
  }
}

/** Compiles for each machine; without any for this one, whose binaries need no folder of theirs. */
async function build(targets: readonly string[], dist: string): Promise<void> {
  const folders = targets.length === 0
    ? [[Deno.build.target, dist] as const]
    : targets.map((target) => [target, join(dist, target)] as const);
  const scratch = join(dist, ".compile");
  await Deno.mkdir(scratch, { recursive: true });
  try {
    await bundle(join(scratch, "bundle"));
    await forgetTimes(join(scratch, "bundle"));
    const archives: string[] = [];
    for (const [target, folder] of folders) {
      archives.push(...await compile(target, { scratch, folder, dist }));
    }
    console.log(await writeSums(dist, archives));
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Files of no time: a binary has the times of what it was made from. */
async function forgetTimes(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) await Deno.utime(join(folder, name), 0, 0);
}

/** Why there is no binary, in one line where the reason is known. */
function reasonOf(error: unknown): string {
  const said = error instanceof FailedProgram ? error.said : "";
  const [, named] = /Could not find denort at '(.*)'/.exec(said) ?? [];
  if (named !== undefined) return `Cannot compile: DENORT_BIN names "${named}", which is not there`;
  const [url] = /https?:\S*denort\S*\.zip/.exec(said) ?? [];
  if (url === undefined) return error instanceof Error ? error.message : String(error);
  return `Cannot compile: the runtime of binaries, denort, cannot be fetched from ${url}; ` +
    "DENORT_BIN can name a file that has it";
}

const { values } = parseArgs({
  options: {
    target: { type: "string", multiple: true, default: [] },
    all: { type: "boolean", default: false },
    output: { type: "string", default: join(root, "dist") },
  },
});
const targets = values.all ? Object.keys(TARGETS) : values.target;
const unknown = targets.find((target) => !Object.hasOwn(TARGETS, target));
if (unknown !== undefined) {
  console.error(`Cannot compile for "${unknown}": want one of ${Object.keys(TARGETS).join(", ")}`);
  Deno.exit(2);
}
try {
  await build(targets, resolve(values.output));
} catch (error) {
  console.error(reasonOf(error));
  Deno.exit(1);
}
