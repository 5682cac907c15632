/**
 * `deno task build [--target TRIPLE]… [--all] [--portable [--packages FOLDER]] [--output FOLDER]`:
 * compiles the bundle of the program into `dist/`, under its names, and packs an archive of each. A
 * binary for this machine is run before it gets its name, so that one which does not work is never
 * left there. With `--portable` the programs for Linux are no binaries but files that run without
 * the C library of GNU as well, and need no `denort`; without targets, they are all that is made.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import config from "../deno.json" with { type: "json" };
import { bundle, BUNDLE_ENTRY } from "./bundle.ts";
import { writeArchive, writeSums } from "./compile/archives.ts";
import { denortFor } from "./compile/denort.ts";
import { permissionFlags } from "./compile/permissions.ts";
import { RUNTIME_WORDS } from "./compile/run_words.ts";
import { TARGETS } from "./compile/targets.ts";
import { writePortable } from "./portable/portable_file.ts";
import { FailedProgram, outputOf } from "./programs.ts";
import { ARCHITECTURES } from "./runtime/architectures.ts";
import { linuxRuntime } from "./runtime/linux_runtime.ts";

/** The names of the program; it answers to the one it is called by. */
const NAMES = ["modelops", "modctl"];

/** The runtime of binaries: a file, or a folder of one for each machine. */
const denortGiven = Deno.env.get("DENORT_BIN");

const root = fileURLToPath(new URL("../", import.meta.url));

/** Where a program is made and where it goes. */
interface Places {
  /** Has the bundle. */
  readonly scratch: string;
  /** Gets the programs. */
  readonly folder: string;
  /** Gets the archives. */
  readonly dist: string;
}

/** Compiles the bundle in `scratch` into a file, and proves it where it can run. */
async function compile(target: string, binary: string, scratch: string): Promise<void> {
  const denort = await denortFor(target, denortGiven);
  const program = join(scratch, "bundle");
  await outputOf(Deno.execPath(), [
    ...["compile", "--no-check", ...RUNTIME_WORDS, ...permissionFlags()],
    ...["--target", target, "--include", program, "--output", binary],
    join(program, BUNDLE_ENTRY),
  ], { env: denort === undefined ? {} : { DENORT_BIN: resolve(denort) } });
  if (target === Deno.build.target) await prove(binary);
}

/** Makes the file for a Linux machine that needs nothing of its system but a shell. */
async function makePortable(target: string, file: string, scratch: string): Promise<void> {
  const architecture = ARCHITECTURES[TARGETS[target]!.platform.replace("linux-", "")]!;
  const folder = values.packages === undefined ? undefined : resolve(values.packages);
  const runtime = await linuxRuntime(architecture, { scratch, folder });
  await writePortable(file, runtime, join(scratch, "bundle"));
}

/** Makes the program for one machine, and an archive of each of its names. */
async function make(target: string, { scratch, folder, dist }: Places): Promise<void> {
  const { platform, suffix } = TARGETS[target]!;
  const made = join(scratch, `program${suffix}`);
  await (isPortable(target) ? makePortable : compile)(target, made, scratch);
  await Deno.mkdir(folder, { recursive: true });
  for (const name of NAMES) {
    const file = `${name}${suffix}`;
    await Deno.link(made, join(scratch, file));
    await Deno.rename(join(scratch, file), join(folder, file));
    const archive = join(dist, `${name}-${platform}.tar.gz`);
    await writeArchive(archive, { file: made, name: file });
    console.log(`${join(folder, file)}\n${archive}`);
  }
  await Deno.remove(made);
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
  // What cannot be made is said before anything is.
  for (const [target] of folders) if (!isPortable(target)) await denortFor(target, denortGiven);
  const scratch = join(dist, ".compile");
  await Deno.mkdir(scratch, { recursive: true });
  try {
    await bundle(join(scratch, "bundle"));
    await forgetTimes(join(scratch, "bundle"));
    for (const [target, folder] of folders) await make(target, { scratch, folder, dist });
    // Archives of earlier runs are among them: each run makes what some machines need.
    const names = await Array.fromAsync(Deno.readDir(dist), ({ name }) => name);
    const archives = names.filter((name) => name.endsWith(".tar.gz"));
    console.log(await writeSums(dist, archives.map((name) => join(dist, name))));
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Whether a machine runs Linux. */
function isLinux(target: string): boolean {
  return TARGETS[target]?.platform.startsWith("linux-") ?? false;
}

/** Whether the program for a machine is made without being compiled. */
function isPortable(target: string): boolean {
  return values.portable && isLinux(target);
}

/** Files of no time: a binary has the times of what it was made from. */
async function forgetTimes(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) await Deno.utime(join(folder, name), 0, 0);
}

/** Why there is no binary, in one line where the reason is known. */
function reasonOf(error: unknown): string {
  const said = error instanceof FailedProgram ? error.said : "";
  const [url] = /https?:\S*denort\S*\.zip/.exec(said) ?? [];
  if (url === undefined) return error instanceof Error ? error.message : String(error);
  return `Cannot compile: the runtime of binaries, denort, cannot be fetched from ${url}; ` +
    "DENORT_BIN can name a file that has it, or a folder with a denort-TARGET for each";
}

const { values } = parseArgs({
  options: {
    target: { type: "string", multiple: true, default: [] },
    all: { type: "boolean", default: false },
    portable: { type: "boolean", default: false },
    packages: { type: "string" },
    output: { type: "string", default: join(root, "dist") },
  },
});
const targets = values.all
  ? Object.keys(TARGETS)
  : values.portable && values.target.length === 0
  ? Object.keys(TARGETS).filter(isLinux)
  : values.target;
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
