/**
 * A first `modelops.yaml` for a folder: its files by kind, one layer a kind, and roles of the usual
 * names. It is a proposal that a person goes on with, so it has comments.
 * @module
 */
import { basename, resolve } from "../../core/runtime/path.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { compareText, quote, withoutEnd } from "../../core/text.ts";
import { isBundleName, NAME_RULE } from "../documents/names.ts";

/** A file as far as a first spec has to know it. */
export interface ProposedFile {
  /** Relative path with forward slashes. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
}

/** A kind of files, and the name of its layer. */
export type FileKind = "code" | "config" | "models" | "data" | "docs";

/** The kinds of files, in the order of their layers. */
const KINDS: readonly FileKind[] = ["code", "config", "models", "data", "docs"];

/** Names of folders that tell the kind of what is in them. */
const FOLDERS: Readonly<Record<string, FileKind>> = {
  ...{ src: "code", code: "code", scripts: "code", lib: "code", notebooks: "code", tests: "code" },
  ...{ config: "config", configs: "config", conf: "config" },
  ...{ models: "models", model: "models", weights: "models", checkpoints: "models" },
  ...{ data: "data", dataset: "data", datasets: "data" },
  ...{ docs: "docs", doc: "docs" },
};

/** Endings of file names by kind; what is not here is data. */
const ENDINGS: Readonly<Record<Exclude<FileKind, "data">, readonly string[]>> = {
  code: ["py", "ipynb", "r", "jl", "sh", "js", "ts", "java", "go", "rs", "c", "cpp", "h", "sql"],
  config: ["yaml", "yml", "json", "toml", "ini", "cfg", "conf", "xml"],
  models: [
    ...["safetensors", "onnx", "gguf", "pt", "pth", "ckpt", "bin", "pkl", "joblib", "h5", "keras"],
    ...["tflite", "pb", "model", "pdparams", "mlmodel"],
  ],
  docs: ["md", "rst", "pdf", "html", "png", "jpg", "jpeg", "svg"],
};

/** Whole names that tell the kind, in lower case. */
const NAMES: Readonly<Record<string, FileKind>> = {
  ...{
    "requirements.txt": "code",
    "dockerfile": "code",
    "makefile": "code",
    "pyproject.toml": "code",
  },
  ...{
    license: "docs",
    "license.txt": "docs",
    notice: "docs",
    readme: "docs",
    "readme.txt": "docs",
  },
};

/** Folders that tools make and nobody publishes. */
const IDLE_FOLDERS = ["__pycache__", "node_modules"];

/** From this size on, in bytes, files are proposed for an object store. */
const LARGE = 50 * 1024 * 1024;

/** What a first spec proposes. */
export interface FirstSpec {
  /** Name of the bundle. */
  readonly name: string;
  /** The layers, with how many files each has. */
  readonly layers: readonly { readonly name: FileKind; readonly files: number }[];
  /** The text of the spec. */
  readonly text: string;
}

/**
 * Proposes a spec for files. Hidden ones are left out, as patterns leave them out.
 * @throws {InvalidInputError} when there is nothing to publish, or the name is none.
 */
export function firstSpec(
  folder: string,
  files: readonly ProposedFile[],
  name: string = nameOf(folder),
): FirstSpec {
  if (!isBundleName(name)) {
    throw new InvalidInputError(
      `Cannot name the bundle ${quote(name)}: it is not the name of a bundle (${NAME_RULE})`,
      { remedy: "name it with --name" },
    );
  }
  const shown = files.filter(({ path }) => isPublished(path));
  if (shown.length === 0) {
    throw new InvalidInputError(`Cannot describe ${quote(folder)}: it has no files to publish`, {
      path: folder,
    });
  }
  const layers = proposeLayers(shown);
  const idle = IDLE_FOLDERS.filter((idle) => files.some(({ path }) => isBelow(path, idle)));
  const large = shown.filter(({ size }) => size >= LARGE);
  return {
    name,
    layers: layers.map(({ kind, files }) => ({ name: kind, files })),
    text: specText({ name, layers, idle: idle.map((folder) => `**/${folder}/**`), large }),
  };
}

/** The name of a bundle after its folder. */
function nameOf(folder: string): string {
  const name = basename(resolve(folder)).toLowerCase().normalize("NFKD");
  return withoutEnd(name.replace(/[^a-z0-9]+/g, "-"), "-").replace(/^-+/, "") || "bundle";
}

/** Whether a first spec proposes such a file: neither a hidden one nor what tools make. */
export function isPublished(path: string): boolean {
  const names = path.split("/");
  return !names.some((name) => name.startsWith(".") || IDLE_FOLDERS.includes(name)) &&
    !["modelops.yaml", "modelops.yml"].includes(path);
}

function isBelow(path: string, folder: string): boolean {
  return path.split("/").slice(0, -1).includes(folder);
}

interface ProposedLayer {
  readonly kind: FileKind;
  readonly patterns: readonly string[];
  /** Patterns of files that its patterns match and that are of another kind. */
  readonly ignore: readonly string[];
  readonly files: number;
}

function proposeLayers(files: readonly ProposedFile[]): readonly ProposedLayer[] {
  /** Files of which the whole name tells the kind, which their ending does not. */
  const claimed: { path: string; kind: FileKind; pattern: string }[] = [];
  const found = new Map<FileKind, { patterns: Set<string>; files: number }>();
  const add = (kind: FileKind, pattern: string, count: number) => {
    const layer = found.get(kind) ?? { patterns: new Set(), files: 0 };
    layer.patterns.add(pattern);
    found.set(kind, { patterns: layer.patterns, files: layer.files + count });
  };
  const byTop = Map.groupBy(files, ({ path }) => path.includes("/") ? path.split("/")[0]! : "");
  for (const [top, inside] of byTop) {
    const kinds = Map.groupBy(inside, ({ path }) => kindOf(path));
    const [only] = kinds.size === 1 && top !== "" ? kinds.keys() : [];
    if (only !== undefined) {
      add(only, `${escaped(top)}/**`, inside.length);
      continue;
    }
    for (const [kind, same] of kinds) {
      for (const { path } of same) {
        const named = isNamed(path) || endingOf(path) === undefined;
        add(kind, named ? escaped(path) : endingPattern(path, top), 1);
        if (isNamed(path)) claimed.push({ path, kind, pattern: endingPattern(path, top) });
      }
    }
  }
  return KINDS.flatMap((kind) => {
    const layer = found.get(kind);
    if (layer === undefined) return [];
    const ignore = claimed.filter((claim) =>
      claim.kind !== kind && layer.patterns.has(claim.pattern)
    )
      .map(({ path }) => escaped(path));
    const patterns = [...layer.patterns].sort(compareText);
    return [{ kind, patterns, ignore: ignore.sort(compareText), files: layer.files }];
  });
}

function kindOf(path: string): FileKind {
  const names = path.toLowerCase().split("/");
  const [top = ""] = names;
  if (names.length > 1 && Object.hasOwn(FOLDERS, top)) return FOLDERS[top]!;
  const name = names.at(-1) ?? "";
  if (Object.hasOwn(NAMES, name)) return NAMES[name]!;
  const ending = endingOf(name);
  const kinds = Object.keys(ENDINGS) as (keyof typeof ENDINGS)[];
  return kinds.find((kind) => ending !== undefined && ENDINGS[kind].includes(ending)) ?? "data";
}

function endingOf(path: string): string | undefined {
  return /[^./]\.([^./]+)$/.exec(path)?.[1];
}

/** Whether the whole name of a file tells its kind. */
function isNamed(path: string): boolean {
  return Object.hasOwn(NAMES, path.slice(path.lastIndexOf("/") + 1).toLowerCase());
}

/** The pattern for the files below a folder that end as this one does. */
function endingPattern(path: string, top: string): string {
  const ending = escaped(endingOf(path) ?? "");
  return top === "" ? `*.${ending}` : `${escaped(top)}/**/*.${ending}`;
}

/** A name as a pattern that matches it alone. */
function escaped(name: string): string {
  return name.replace(/[*?[]/g, "[$&]");
}

function specText(
  { name, layers, idle, large }: {
    readonly name: string;
    readonly layers: readonly ProposedLayer[];
    readonly idle: readonly string[];
    readonly large: readonly ProposedFile[];
  },
): string {
  const kinds = layers.map(({ kind }) => kind);
  const needed = kinds.filter((kind) => kind === "code" || kind === "config" || kind === "models");
  const roles = { default: needed.length > 0 ? needed : kinds, training: kinds };
  return [
    "# What this bundle is made of. `bundle schema` tells every key, to editors too.",
    "apiVersion: v1",
    "kind: Bundle",
    "metadata:",
    `  name: ${JSON.stringify(name)}`,
    '  version: "0.1.0" # the tag; `bundle push --bump patch` raises it',
    "spec:",
    "  # Layers are sets of files; a role takes some of them.",
    "  layers:",
    ...layers.flatMap(({ kind, patterns, ignore }) => [
      `    - name: ${kind}`,
      `      type: ${kind}`,
      "      files:",
      ...patterns.map((pattern) => `        - ${JSON.stringify(pattern)}`),
      ...ignoreLines([...ignore, ...idle]),
    ]),
    "  # `bundle materialize` takes the role default unless --role names another.",
    "  roles:",
    ...Object.entries(roles).map(([role, layers]) => `    ${role}: [${layers.join(", ")}]`),
    ...externalLines(large),
    "",
  ].join("\n");
}

function ignoreLines(patterns: readonly string[]): readonly string[] {
  if (patterns.length === 0) return [];
  return [`      ignore: [${patterns.map((pattern) => JSON.stringify(pattern)).join(", ")}]`];
}

function externalLines(large: readonly ProposedFile[]): readonly string[] {
  if (large.length === 0) return [];
  const rule = (path: string) => [
    `    - pattern: ${JSON.stringify(escaped(path))}`,
    `      size_threshold: ${LARGE}`,
  ];
  return [
    "  # Large files go to an object store: Azure, or the folder that --object-store names.",
    "  external_rules:",
    ...large.flatMap(({ path }) => rule(path)),
  ];
}
