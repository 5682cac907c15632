/**
 * `deno task release-files [--dist FOLDER]`: collects what a release offers into `dist/release`:
 * the archives and the package that `deno task build` and `deno task npm` made, the manual pages,
 * the scripts that install them, the sums, the version, and the notes.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import config from "../deno.json" with { type: "json" };
import facts from "../src/cli/build_facts.json" with { type: "json" };
import { writeArchive, writeSums } from "./compile/archives.ts";
import { writeManPages } from "./man.ts";

const tree = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What a release is made of. */
export interface ReleaseOptions {
  /** Folder with the archives and the package. */
  readonly dist: string;
  /** Folder that gets the files; it is made anew. */
  readonly output: string;
  readonly version: string;
  /** Address of the releases, for the scripts; they ask for it when it is empty. */
  readonly releases: string;
}

/**
 * Collects the files of a release and returns their paths.
 * @throws {Error} when there is no archive of a program, or the changelog has no notes.
 */
export async function releaseFiles(options: ReleaseOptions): Promise<string[]> {
  const { dist, output, version, releases } = options;
  const notes = releaseNotes(await Deno.readTextFile(tree("CHANGELOG.md")), version);
  const archives = await madeFiles(dist, /^(modelops|modctl)-.*\.tar\.gz$/);
  if (archives.length === 0) {
    throw new Error(`Cannot make a release: ${dist} has no archive; run \`deno task build\` first`);
  }
  const made = [...archives, ...await madeFiles(join(dist, "npm"), /^modelops-.*\.tgz$/)];
  await Deno.remove(output, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(output, { recursive: true });
  const at = (name: string) => join(output, name);
  for (const path of made) await Deno.copyFile(path, at(basename(path)));
  await packManPages(at("modelops-man.tar.gz"));
  for (const name of ["install.sh", "install.ps1"]) {
    const script = await Deno.readTextFile(tree(`scripts/${name}`));
    await Deno.writeTextFile(at(name), withReleases(script, releases));
  }
  await Deno.writeTextFile(at("VERSION"), `${version}\n`);
  const written = ["modelops-man.tar.gz", "install.sh", "install.ps1", "VERSION"];
  const content = [...made.map((path) => basename(path)), ...written].map(at);
  await writeSums(output, content);
  await Deno.writeTextFile(at("NOTES.md"), notes);
  return [...content, at("SHA256SUMS"), at("NOTES.md")];
}

/** The files of a folder whose names have a form, in order; none when there is no folder. */
async function madeFiles(folder: string, form: RegExp): Promise<string[]> {
  try {
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    return names.filter((name) => form.test(name)).sort().map((name) => join(folder, name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function packManPages(path: string): Promise<void> {
  const scratch = await Deno.makeTempDir();
  try {
    const pages = await writeManPages(scratch);
    const parts = pages.map((file) => ({ file, name: basename(file), mode: 0o644 }));
    await writeArchive(path, ...parts);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/**
 * The part of a changelog that is about a version; what is not released yet, when the version has
 * no part of its own.
 * @throws {Error} when there is neither.
 */
export function releaseNotes(changelog: string, version: string): string {
  const parts = changelog.split(/^## /m).slice(1);
  const part = parts.find((text) => text.startsWith(`[${version}]`)) ??
    parts.find((text) => text.startsWith("[Unreleased]"));
  const notes = part?.slice(part.indexOf("\n")).trim();
  if (!notes) throw new Error(`Cannot make a release: CHANGELOG.md has nothing of ${version}`);
  return `${notes}\n`;
}

/** Where each script takes the address of the releases from when nobody names another one. */
const DEFAULTS: readonly (readonly [empty: string, filled: (releases: string) => string])[] = [
  ["releases=${MODELOPS_RELEASES:-}", (releases) => `releases=\${MODELOPS_RELEASES:-${releases}}`],
  [
    "[string]$Releases = $env:MODELOPS_RELEASES,",
    (releases) =>
      `[string]$Releases = $(if ($env:MODELOPS_RELEASES) { $env:MODELOPS_RELEASES } else { "${releases}" }),`,
  ],
];

/**
 * A script that installs, which knows its releases.
 * @throws {Error} when the script has no place for them, or the address has other characters than
 * those of a plain URL: it becomes code.
 */
export function withReleases(script: string, releases: string): string {
  if (releases === "") return script;
  if (!/^https?:\/\/[\w.:/~-]+$/.test(releases)) {
    throw new Error(`Cannot make a release: its address is no plain URL: ${releases}`);
  }
  const [empty, filled] = DEFAULTS.find(([empty]) => script.includes(empty)) ?? [];
  if (empty === undefined || filled === undefined) {
    throw new Error("Cannot make a release: the script has no place for its address");
  }
  return script.replace(empty, () => filled(releases));
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { dist: { type: "string", default: tree("dist") } } });
  const dist = resolve(values.dist);
  const { version } = config;
  const { releases } = facts;
  const output = join(dist, "release");
  try {
    for (const path of await releaseFiles({ dist, output, version, releases })) console.log(path);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
  // The context of a run, which the manual pages need, listens for interrupts.
  Deno.exit(0);
}
