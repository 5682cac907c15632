/**
 * Who does what how: for each work, one command line a tool. Nothing here runs anything.
 *
 * A contender has two folders: what was prepared lies in `kept` and stays, what the timed command
 * writes goes to `fresh`, which is empty when it starts.
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

/** One tool's way to do a work. */
export interface Contender {
  /** What the table shows. */
  readonly name: string;
  /** The programs that have to be on the PATH; a path with a slash starts in this repository. */
  readonly tools: readonly string[];
  /** Commands that run once and are not measured. */
  setUp?(place: Place): readonly Command[];
  /** The command that is measured. */
  run(place: Place): Command;
}

const inTree = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The bundle that is measured; the benchmark makes it. */
export const BUNDLE: string = inTree("dist/bundle/modelops.js");

/** How our program is run: as the launcher that `deno task install` writes does it. */
export const OURS: readonly string[] = inDeno("--no-config", "--no-lock", BUNDLE);

/** The program as it lies in the tree. */
const FROM_TREE = inDeno(inTree("cli.ts"));

function inDeno(...args: string[]): string[] {
  return [Deno.execPath(), "run", "-A", "--quiet", ...args];
}

/** What starting any program costs in the form of ours. */
const EMPTY_PROGRAM: Contender = {
  name: "empty program of Deno",
  tools: [],
  run: () => ({ argv: inDeno("--no-config", "--no-lock", inTree("scripts/bench/empty.ts")) }),
};

/** The name of the artifact in the registry. */
export function reference({ registry }: Place, repository = "model"): string {
  return `${registry.address}/bench/${repository}:v1`;
}

/** Puts the artifact into the registry, for works that begin with one that is there. */
export function publish(place: Place): Command[] {
  return [oursBuild(place, place.kept), ours(place, place.kept, "push", reference(place))];
}

// Our program.

function ours({ registry }: Place, store: string, command: string, ...args: string[]): Command {
  const network = /^(push|pull)$/.test(command) || args.includes("--output-remote");
  const plain = network && registry.caFile === undefined ? ["--plain-http"] : [];
  const trust = registry.caFile === undefined ? [] : ["--ca-file", registry.caFile];
  return { argv: [...OURS, command, ...args, ...plain, ...trust, "--storage-dir", store] };
}

function oursBuild(place: Place, store: string, ...args: string[]): Command {
  return ours(place, store, "build", "-t", reference(place), ...args, place.content.folder);
}

// Peers. Each function returns a command line of its tool.

function modctl({ registry }: Place, store: string, command: string, ...args: string[]): Command {
  const network = /^(push|pull)$/.test(command) || args.includes("--output-remote");
  const plain = network && registry.caFile === undefined ? ["--plain-http"] : [];
  return { argv: ["modctl", "--storage-dir", store, command, ...plain, ...args] };
}

/** Raw layers, which is what ours makes too; tar is what modctl makes when nothing is said. */
function modctlBuild(place: Place, store: string, ...args: string[]): Command {
  const { folder } = place.content;
  const model = ["-t", reference(place, "modctl"), "-f", join(folder, "Modelfile"), folder];
  return modctl(place, store, "build", "--raw", ...args, ...model);
}

/** It knows files by annotations of its own, so what it writes to a folder it has to push itself. */
function modctlPublish(place: Place): Command[] {
  const target = reference(place, "modctl");
  return [modctlBuild(place, place.kept), modctl(place, place.kept, "push", target)];
}

function kit({ registry }: Place, config: string, command: string, ...args: string[]): Command {
  const network = /^(push|pull|unpack)$/.test(command);
  const plain = network && registry.caFile === undefined ? ["--plain-http"] : [];
  return { argv: ["kit", command, "--config", config, "--progress", "none", ...plain, ...args] };
}

function kitPack(place: Place, config: string): Command {
  return kit(place, config, "pack", "-t", reference(place, "kit"), place.content.folder);
}

function kitPublish(place: Place): Command[] {
  return [kitPack(place, place.kept), kit(place, place.kept, "push", reference(place, "kit"))];
}

/** Pushes files; `target` says where. Names in an artifact of oras are those of the command line. */
function orasPush({ content }: Place, ...target: string[]): Command {
  const files = content.files.map(({ name }) => name);
  return { argv: ["oras", "push", "--no-tty", ...target, ...files], cwd: content.folder };
}

function orasPlain({ registry }: Place, flag: string): string[] {
  return registry.caFile === undefined ? [flag] : [];
}

function orasFetch(place: Place, folder: string): Command {
  const plain = orasPlain(place, "--from-plain-http");
  const copy = ["oras", "copy", "--no-tty", ...plain, "--to-oci-layout"];
  return { argv: [...copy, reference(place), `${join(folder, "layout")}:v1`] };
}

function skopeo({ registry }: Place, side: "src" | "dest", from: string, to: string): Command {
  const plain = registry.caFile === undefined ? [`--${side}-tls-verify=false`] : [];
  return { argv: ["skopeo", "--insecure-policy", "copy", "--quiet", ...plain, from, to] };
}

function skopeoFetch(place: Place, folder: string): Command {
  return skopeo(place, "src", `docker://${reference(place)}`, `oci:${join(folder, "layout")}:v1`);
}

function regctl({ registry }: Place, ...args: string[]): Command {
  const plain = registry.caFile === undefined
    ? ["--host", `reg=${registry.address},tls=disabled`]
    : [];
  return { argv: ["regctl", ...plain, ...args] };
}

function regctlFetch(place: Place, folder: string): Command {
  return regctl(place, "image", "copy", reference(place), `ocidir://${join(folder, "layout")}:v1`);
}

function shell(script: string, ...args: string[]): Command {
  return { argv: ["sh", "-c", script, "sh", ...args] };
}

function curlOrigin({ registry: { address, caFile } }: Place): string {
  return `${caFile === undefined ? "http" : "https"}://${address}`;
}

/** Paths of the files in the content's folder. */
function paths({ content }: Place): string[] {
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

function curlPush(place: Place): Command {
  const files = paths(place).flatMap((path, index) => [
    path,
    place.content.files[index]?.digest ?? "",
  ]);
  return shell(CURL_PUSH, curlOrigin(place), ...files);
}

/** Which version of HTTP is faster here, without a client of ours in between. */
export const CURL_BY_VERSION: readonly Contender[] = ["--http1.1", "--http2"].map((version) => ({
  name: `curl --parallel ${version}`,
  tools: ["curl"],
  run: (place) => {
    const [curl = "", ...args] = curlPull(place).argv;
    return { argv: [curl, version, ...args] };
  },
}));

function curlPull(place: Place): Command {
  const files = place.content.files.flatMap(({ name, digest }) => [
    ...["-o", join(place.fresh, name)],
    `${curlOrigin(place)}/v2/bench/model/blobs/${digest}`,
  ]);
  return { argv: ["curl", "-sSf", "--parallel", ...files] };
}

/** Copies everything into `$1`, then hashes the copies, half of them on each of two processes. */
const COPY_AND_HASH = `
cp -r "$2/." "$1" && cd "$1" && ls weights-* > .names &&
{ sed -n 'p;n' .names | xargs openssl dgst -sha256 & first=$!
  sed -n 'n;p' .names | xargs -r openssl dgst -sha256; } && wait $first
`;

// The contenders of each work. Ours is the first, and the ratios are to it.

/** Files → an artifact in a store of this machine. */
export const BUILD: readonly Contender[] = [
  { name: "modelops build", tools: [], run: (place) => oursBuild(place, place.fresh) },
  {
    name: "modctl build --raw",
    tools: ["modctl"],
    run: (place) => modctlBuild(place, place.fresh),
  },
  { name: "kit pack", tools: ["kit"], run: (place) => kitPack(place, place.fresh) },
  {
    name: "oras push --oci-layout",
    tools: ["oras"],
    run: (place) => orasPush(place, "--oci-layout", `${join(place.fresh, "layout")}:v1`),
  },
  {
    name: "cp, 2 × openssl",
    tools: ["cp", "openssl"],
    run: ({ content, fresh }) => shell(COPY_AND_HASH, fresh, content.folder),
  },
];

/** The same once more into the same store. */
export const BUILD_AGAIN: readonly Contender[] = [
  {
    name: "modelops build",
    tools: [],
    setUp: (place) => [oursBuild(place, place.kept)],
    run: (place) => oursBuild(place, place.kept),
  },
  {
    name: "modctl build --raw",
    tools: ["modctl"],
    setUp: (place) => [modctlBuild(place, place.kept)],
    run: (place) => modctlBuild(place, place.kept),
  },
  {
    name: "kit pack",
    tools: ["kit"],
    setUp: (place) => [kitPack(place, place.kept)],
    run: (place) => kitPack(place, place.kept),
  },
  {
    name: "oras push --oci-layout",
    tools: ["oras"],
    setUp: (place) => [orasPush(place, "--oci-layout", `${join(place.kept, "layout")}:v1`)],
    run: (place) => orasPush(place, "--oci-layout", `${join(place.kept, "layout")}:v1`),
  },
  { name: "modelops --version", tools: [], run: () => ({ argv: [...OURS, "--version"] }) },
];

/** Files → an artifact in a registry, nothing kept. */
export const BUILD_REMOTE: readonly Contender[] = [
  {
    name: "modelops build --output-remote",
    tools: [],
    run: (place) => oursBuild(place, place.fresh, "--output-remote"),
  },
  {
    name: "modctl build --output-remote",
    tools: ["modctl"],
    run: (place) => modctlBuild(place, place.fresh, "--output-remote"),
  },
  {
    name: "oras push",
    tools: ["oras"],
    run: (place) => orasPush(place, ...orasPlain(place, "--plain-http"), reference(place)),
  },
];

/** A store of this machine → a registry. */
export const PUSH: readonly Contender[] = [
  {
    name: "modelops push",
    tools: [],
    setUp: publish,
    run: (place) => ours(place, place.kept, "push", reference(place)),
  },
  {
    name: "modctl push",
    tools: ["modctl"],
    setUp: modctlPublish,
    run: (place) => modctl(place, place.kept, "push", reference(place, "modctl")),
  },
  {
    name: "kit push",
    tools: ["kit"],
    setUp: kitPublish,
    run: (place) => kit(place, place.kept, "push", reference(place, "kit")),
  },
  {
    name: "oras copy",
    tools: ["oras"],
    setUp: (place) => [orasFetch(place, place.kept)],
    run: (place) => ({
      argv: [
        ...["oras", "copy", "--no-tty", "--from-oci-layout", `${join(place.kept, "layout")}:v1`],
        ...[...orasPlain(place, "--to-plain-http"), reference(place)],
      ],
    }),
  },
  {
    name: "skopeo copy",
    tools: ["skopeo"],
    setUp: (place) => [skopeoFetch(place, place.kept)],
    run: (place) =>
      skopeo(
        place,
        "dest",
        `oci:${join(place.kept, "layout")}:v1`,
        `docker://${reference(place)}`,
      ),
  },
  {
    name: "regctl image copy",
    tools: ["regctl"],
    setUp: (place) => [regctlFetch(place, place.kept)],
    run: (place) => {
      const layout = `ocidir://${join(place.kept, "layout")}:v1`;
      return regctl(place, "image", "copy", layout, reference(place));
    },
  },
  { name: "curl -T, all at once", tools: ["curl"], run: curlPush },
];

/** A registry → a store of this machine. */
export const PULL: readonly Contender[] = [
  {
    name: "modelops pull",
    tools: [],
    run: (place) => ours(place, place.fresh, "pull", reference(place)),
  },
  {
    name: "modctl pull",
    tools: ["modctl"],
    run: (place) => modctl(place, place.fresh, "pull", reference(place)),
  },
  {
    name: "kit pull",
    tools: ["kit"],
    setUp: kitPublish,
    run: (place) => kit(place, place.fresh, "pull", reference(place, "kit")),
  },
  { name: "oras copy", tools: ["oras"], run: (place) => orasFetch(place, place.fresh) },
  { name: "skopeo copy", tools: ["skopeo"], run: (place) => skopeoFetch(place, place.fresh) },
  {
    name: "regctl image copy",
    tools: ["regctl"],
    run: (place) => regctlFetch(place, place.fresh),
  },
  { name: "curl --parallel", tools: ["curl"], run: curlPull },
];

/** A registry → files. */
export const PULL_TO_FOLDER: readonly Contender[] = [
  {
    name: "modelops pull --extract-from-remote",
    tools: [],
    run: (place) => {
      const target = ["--extract-from-remote", "--extract-dir", join(place.fresh, "out")];
      return ours(place, join(place.fresh, "store"), "pull", reference(place), ...target);
    },
  },
  {
    name: "modctl pull --extract-from-remote",
    tools: ["modctl"],
    setUp: modctlPublish,
    run: (place) => {
      // The folder has to exist: otherwise each raw layer becomes the file of that name.
      const target = ["--extract-from-remote", "--extract-dir", place.fresh];
      const store = join(place.kept, "unused");
      return modctl(place, store, "pull", reference(place, "modctl"), ...target);
    },
  },
  {
    name: "kit unpack",
    tools: ["kit"],
    setUp: kitPublish,
    run: (place) => {
      const [config, out] = [join(place.fresh, "config"), join(place.fresh, "out")];
      return kit(place, config, "unpack", "-d", out, reference(place, "kit"));
    },
  },
  {
    name: "oras pull",
    tools: ["oras"],
    setUp: (place) => [
      orasPush(place, ...orasPlain(place, "--plain-http"), reference(place, "oras")),
    ],
    run: (place) => ({
      argv: [
        ...["oras", "pull", "--no-tty", ...orasPlain(place, "--plain-http")],
        ...["-o", join(place.fresh, "out"), reference(place, "oras")],
      ],
    }),
  },
  { name: "curl --parallel", tools: ["curl"], run: curlPull },
];

/** A registry → one large file: curl does not hash, so it appears once more with openssl. */
export const PULL_ONE: readonly Contender[] = [
  ...PULL_TO_FOLDER,
  {
    name: "curl -o, then openssl",
    tools: ["curl", "openssl"],
    run: (place) => {
      const [file] = place.content.files;
      const url = `${curlOrigin(place)}/v2/bench/model/blobs/${file?.digest}`;
      const script = 'curl -sSf -o "$1" "$2" && openssl dgst -sha256 "$1"';
      return shell(script, join(place.fresh, "file"), url);
    },
  },
];

/** A store of this machine → files. */
export const EXTRACT: readonly Contender[] = [
  {
    name: "modelops extract",
    tools: [],
    setUp: (place) => [oursBuild(place, place.kept)],
    run: (place) => ours(place, place.kept, "extract", reference(place), "--output", place.fresh),
  },
  {
    name: "modctl extract",
    tools: ["modctl"],
    setUp: (place) => [modctlBuild(place, place.kept)],
    run: (place) =>
      modctl(place, place.kept, "extract", "--output", place.fresh, reference(place, "modctl")),
  },
  {
    name: "kit unpack",
    tools: ["kit"],
    setUp: (place) => [kitPack(place, place.kept)],
    run: (place) => kit(place, place.kept, "unpack", "-d", place.fresh, reference(place, "kit")),
  },
  {
    name: "oras pull --oci-layout",
    tools: ["oras"],
    setUp: (place) => [orasPush(place, "--oci-layout", `${join(place.kept, "layout")}:v1`)],
    run: ({ kept, fresh }) => ({
      argv: ["oras", "pull", "--no-tty", "--oci-layout", `${join(kept, "layout")}:v1`, "-o", fresh],
    }),
  },
  {
    name: "cp -r",
    tools: ["cp"],
    run: ({ content, fresh }) => ({ argv: ["cp", "-r", `${content.folder}/.`, fresh] }),
  },
];

/** A store with one artifact → a list. */
export const LIST: readonly Contender[] = [
  {
    name: "modelops list",
    tools: [],
    setUp: (place) => [oursBuild(place, place.kept)],
    run: (place) => ours(place, place.kept, "list"),
  },
  {
    name: "modelops list, from cli.ts",
    tools: [],
    setUp: (place) => [oursBuild(place, place.kept)],
    run: ({ kept }) => ({ argv: [...FROM_TREE, "list", "--storage-dir", kept] }),
  },
  EMPTY_PROGRAM,
  {
    name: "modctl ls",
    tools: ["modctl"],
    setUp: (place) => [modctlBuild(place, place.kept)],
    run: (place) => modctl(place, place.kept, "ls"),
  },
  {
    name: "kit list",
    tools: ["kit"],
    setUp: (place) => [kitPack(place, place.kept)],
    run: (place) => kit(place, place.kept, "list"),
  },
];

/** What starting costs. */
export const VERSION: readonly Contender[] = [
  { name: "modelops --version", tools: [], run: () => ({ argv: [...OURS, "--version"] }) },
  {
    name: "modelops --version, from cli.ts",
    tools: [],
    run: () => ({ argv: [...FROM_TREE, "--version"] }),
  },
  {
    name: "modelops --version, compiled",
    tools: ["dist/modelops"],
    run: () => ({ argv: [inTree("dist/modelops"), "--version"] }),
  },
  EMPTY_PROGRAM,
  ...["modctl", "oras", "kit", "regctl"].map((tool) => ({
    name: `${tool} version`,
    tools: [tool],
    run: () => ({ argv: [tool, "version"] }),
  })),
  { name: "skopeo --version", tools: ["skopeo"], run: () => ({ argv: ["skopeo", "--version"] }) },
];

/** A file → its digest. */
export const HASH: readonly Contender[] = [
  {
    name: "modelops, hash of a build",
    tools: [],
    run: (place) => ({
      argv: [Deno.execPath(), "run", "-A", "--quiet", inTree("scripts/bench/hash.ts")].concat(
        paths(place),
      ),
    }),
  },
  {
    name: "openssl dgst -sha256",
    tools: ["openssl"],
    run: (place) => ({ argv: ["openssl", "dgst", "-sha256", ...paths(place)] }),
  },
];
