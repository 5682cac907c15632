/**
 * Who does what how: for each work, one command line a tool. Nothing here runs anything.
 *
 * A contender has two folders: what was prepared lies in `kept` and stays, what the timed command
 * writes goes to `fresh`, which is empty when it starts.
 * @module
 */
import { join } from "node:path";
import type { Command } from "./measure.ts";
import {
  COPY_AND_HASH,
  curlOrigin,
  curlPull,
  curlPush,
  FROM_TREE,
  inDeno,
  inTree,
  kit,
  kitPack,
  kitPublish,
  modctl,
  modctlBuild,
  modctlPublish,
  orasFetch,
  orasPlain,
  orasPush,
  OURS,
  ours,
  oursBuild,
  paths,
  publish,
  reference,
  regctl,
  regctlFetch,
  shell,
  skopeo,
  skopeoFetch,
} from "./tools.ts";
import type { Place } from "./tools.ts";

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

/** What starting any program costs in the form of ours. */
export const EMPTY_PROGRAM: Contender = {
  name: "empty program of Deno",
  tools: [],
  run: () => ({ argv: inDeno("--no-config", "--no-lock", inTree("scripts/bench/empty.ts")) }),
};

/** Which version of HTTP is faster here, without a client of ours in between. */
export const CURL_BY_VERSION: readonly Contender[] = ["--http1.1", "--http2"].map((version) => ({
  name: `curl --parallel ${version}`,
  tools: ["curl"],
  run: (place) => {
    const [curl = "", ...args] = curlPull(place).argv;
    return { argv: [curl, version, ...args] };
  },
}));

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
  builtFirst("modelops build", (place) => oursBuild(place, place.kept)),
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
  ...PULL_TO_FOLDER.filter(({ tools }) => !tools.includes("curl")),
  { name: "curl -o", tools: ["curl"], run: curlPull },
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
  builtFirst(
    "modelops extract",
    (place) => ours(place, place.kept, "extract", reference(place), "--output", place.fresh),
  ),
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

/** Ours, with an artifact in its store. */
function builtFirst(name: string, run: Contender["run"]): Contender {
  return { name, tools: [], setUp: (place) => [oursBuild(place, place.kept)], run };
}

/** A store with one artifact → a list. */
export const LIST: readonly Contender[] = [
  builtFirst("modelops list", (place) => ours(place, place.kept, "list")),
  builtFirst("modelops list, from cli.ts", ({ kept }) => ({
    argv: [...FROM_TREE, "list", "--storage-dir", kept],
  })),
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

/** A store with one artifact → what it is, and another name for it. */
export const INSPECT: readonly Contender[] = [
  builtFirst("modelops inspect", (place) => ours(place, place.kept, "inspect", reference(place))),
  EMPTY_PROGRAM,
  {
    name: "modctl inspect",
    tools: ["modctl"],
    setUp: (place) => [modctlBuild(place, place.kept)],
    run: (place) => modctl(place, place.kept, "inspect", reference(place, "modctl")),
  },
];

/** The same for `tag`, which modctl has too. */
export const TAG: readonly Contender[] = [
  builtFirst(
    "modelops tag",
    (place) => ours(place, place.kept, "tag", reference(place), `${reference(place)}-too`),
  ),
  EMPTY_PROGRAM,
  {
    name: "modctl tag",
    tools: ["modctl"],
    setUp: (place) => [modctlBuild(place, place.kept)],
    run: (place) => {
      const source = reference(place, "modctl");
      return modctl(place, place.kept, "tag", source, `${source}-too`);
    },
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
