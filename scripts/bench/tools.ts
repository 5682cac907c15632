/**
 * How each tool is told what to do: functions that return command lines. Nothing here runs.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Content } from "./content.ts";
import type { Command } from "./measure.ts";

/** Where a contender works. */
export interface Place {
  /** Made in the set-up; the same in all runs. */
  readonly kept: string;
  /** Empty when a run starts, and emptied after it. */
  readonly fresh: string;
  readonly content: Content;
  /** The registry; one that nobody asks when the work has none. */
  readonly registry: RegistryPlace;
}

/** How a registry is reached. */
export interface RegistryPlace {
  /** Host and port. */
  readonly address: string;
  /** The authority that its certificate is from, a PEM file; without one it speaks plain HTTP. */
  readonly caFile?: string;
}

/** The path of a file of this repository. */
export const inTree = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The bundle that is measured; the benchmark makes it. */
export const BUNDLE: string = inTree("dist/bundle/modelops.js");

/** How our program is run: as the launcher that `deno task install` writes does it. */
export const OURS: readonly string[] = inDeno("--no-config", "--no-lock", BUNDLE);

/** The program as it lies in the tree. */
export const FROM_TREE = inDeno(inTree("cli.ts"));

export function inDeno(...args: string[]): string[] {
  return [Deno.execPath(), "run", "-A", "--quiet", ...args];
}

/** The name of the artifact in the registry. */
export function reference({ registry }: Place, repository = "model"): string {
  return `${registry.address}/bench/${repository}:v1`;
}

/** Puts the artifact into the registry, for works that begin with one that is there. */
export function publish(place: Place): Command[] {
  return [oursBuild(place, place.kept), ours(place, place.kept, "push", reference(place))];
}

// Our program.

export function ours(
  { registry }: Place,
  store: string,
  command: string,
  ...args: string[]
): Command {
  const network = /^(push|pull)$/.test(command) || args.includes("--output-remote");
  const plain = network && registry.caFile === undefined ? ["--plain-http"] : [];
  const trust = registry.caFile === undefined ? [] : ["--ca-file", registry.caFile];
  return { argv: [...OURS, command, ...args, ...plain, ...trust, "--storage-dir", store] };
}

export function oursBuild(place: Place, store: string, ...args: string[]): Command {
  return ours(place, store, "build", "-t", reference(place), ...args, place.content.folder);
}

// Peers. Each function returns a command line of its tool.

export function modctl(
  { registry }: Place,
  store: string,
  command: string,
  ...args: string[]
): Command {
  const network = /^(push|pull)$/.test(command) || args.includes("--output-remote");
  const plain = network && registry.caFile === undefined ? ["--plain-http"] : [];
  return { argv: ["modctl", "--storage-dir", store, command, ...plain, ...args] };
}

/** Raw layers, which is what ours makes too; tar is what modctl makes when nothing is said. */
export function modctlBuild(place: Place, store: string, ...args: string[]): Command {
  const { folder } = place.content;
  const model = ["-t", reference(place, "modctl"), "-f", join(folder, "Modelfile"), folder];
  return modctl(place, store, "build", "--raw", ...args, ...model);
}

/**
 * It knows files by annotations of its own, so what it writes to a folder it has to push itself.
 */
export function modctlPublish(place: Place): Command[] {
  const target = reference(place, "modctl");
  return [modctlBuild(place, place.kept), modctl(place, place.kept, "push", target)];
}

export function kit(
  { registry }: Place,
  config: string,
  command: string,
  ...args: string[]
): Command {
  const network = /^(push|pull|unpack)$/.test(command);
  const plain = network && registry.caFile === undefined ? ["--plain-http"] : [];
  return { argv: ["kit", command, "--config", config, "--progress", "none", ...plain, ...args] };
}

export function kitPack(place: Place, config: string): Command {
  return kit(place, config, "pack", "-t", reference(place, "kit"), place.content.folder);
}

export function kitPublish(place: Place): Command[] {
  return [kitPack(place, place.kept), kit(place, place.kept, "push", reference(place, "kit"))];
}

/**
 * Pushes files; `target` says where. Names in an artifact of oras are those of the command line.
 */
export function orasPush({ content }: Place, ...target: string[]): Command {
  const files = content.files.map(({ name }) => name);
  return { argv: ["oras", "push", "--no-tty", ...target, ...files], cwd: content.folder };
}

export function orasPlain({ registry }: Place, flag: string): string[] {
  return registry.caFile === undefined ? [flag] : [];
}

export function orasFetch(place: Place, folder: string): Command {
  const plain = orasPlain(place, "--from-plain-http");
  const copy = ["oras", "copy", "--no-tty", ...plain, "--to-oci-layout"];
  return { argv: [...copy, reference(place), `${join(folder, "layout")}:v1`] };
}

export function skopeo(
  { registry }: Place,
  side: "src" | "dest",
  from: string,
  to: string,
): Command {
  const plain = registry.caFile === undefined ? [`--${side}-tls-verify=false`] : [];
  return { argv: ["skopeo", "--insecure-policy", "copy", "--quiet", ...plain, from, to] };
}

export function skopeoFetch(place: Place, folder: string): Command {
  return skopeo(place, "src", `docker://${reference(place)}`, `oci:${join(folder, "layout")}:v1`);
}

export function regctl({ registry }: Place, ...args: string[]): Command {
  const plain = registry.caFile === undefined
    ? ["--host", `reg=${registry.address},tls=disabled`]
    : [];
  return { argv: ["regctl", ...plain, ...args] };
}

export function regctlFetch(place: Place, folder: string): Command {
  return regctl(place, "image", "copy", reference(place), `ocidir://${join(folder, "layout")}:v1`);
}

export function shell(script: string, ...args: string[]): Command {
  return { argv: ["sh", "-c", script, "sh", ...args] };
}

export function curlOrigin({ registry: { address, caFile } }: Place): string {
  return `${caFile === undefined ? "http" : "https"}://${address}`;
}

/** Paths of the files in the content's folder. */
export function paths({ content }: Place): string[] {
  return content.files.map(({ name }) => join(content.folder, name));
}

/** Sends all files at once, each in one PUT: `$1` is the origin, then come files and digests. */
const CURL_PUSH = `
origin=$1; shift
send() {
  location=$(curl -sS -o /dev/null -D - -X POST "$origin/v2/bench/curl/blobs/uploads/" |
    tr -d '\\r' | sed -n 's/^[Ll]ocation: //p')
  case $location in /*) location=$origin$location ;; esac
  case $location in *\\?*) location="$location&digest=$2" ;; *) location="$location?digest=$2" ;; esac
  curl -sSf -o /dev/null -T "$1" -H 'Content-Type: application/octet-stream' "$location"
}
while [ $# -gt 0 ]; do send "$1" "$2" & pids="$pids $!"; shift 2; done
for pid in $pids; do wait "$pid" || exit 1; done
`;

export function curlPush(place: Place): Command {
  const files = paths(place).flatMap((path, index) => [
    path,
    place.content.files[index]?.digest ?? "",
  ]);
  return shell(CURL_PUSH, curlOrigin(place), ...files);
}

export function curlPull(place: Place): Command {
  const files = place.content.files.flatMap(({ name, digest }) => [
    ...["-o", join(place.fresh, name)],
    `${curlOrigin(place)}/v2/bench/model/blobs/${digest}`,
  ]);
  return { argv: ["curl", "-sSf", "--parallel", ...files] };
}

/** Copies everything into `$1`, then hashes the copies, half of them on each of two processes. */
export const COPY_AND_HASH = `
cp -r "$2/." "$1" && cd "$1" && ls weights-* > .names &&
{ sed -n 'p;n' .names | xargs openssl dgst -sha256 & first=$!
  sed -n 'n;p' .names | xargs -r openssl dgst -sha256; } && wait $first
`;
