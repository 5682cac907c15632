/** Who may import whom. Every rule takes a graph and returns one sentence a violation. @module */
import type { Import, SourceGraph } from "./source_graph.ts";

/** Every part of the product that knows nothing of the command line. */
const LIBRARY = [
  "core",
  "http",
  "work",
  "transfer",
  "archive",
  "oci",
  "objects",
  "registry",
  "hubs",
  "server",
  "model",
  "bundle",
];

/** What each part may import besides itself and the packages of `src/deps`. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "cli.ts": ["cli", "library", ...LIBRARY, "deno.json"],
  "mod.ts": ["library", ...LIBRARY],
  cli: ["library", ...LIBRARY, "mod.ts", "deno.json"],
  library: LIBRARY,
  model: ["oci", "transfer", "work", "archive", "core"],
  bundle: ["oci", "objects", "transfer", "archive", "core"],
  server: ["oci", "work", "core"],
  hubs: ["http", "transfer", "archive", "core"],
  registry: ["oci", "http", "transfer", "work", "core"],
  objects: ["http", "transfer", "core"],
  oci: ["transfer", "work", "core"],
  archive: ["core"],
  transfer: ["work", "core"],
  work: ["http", "core"],
  http: ["core"],
  core: [],
  platform: [],
  deps: [],
  "deno.json": [],
};

/** Modules of Node that know the terminal, the arguments or the environment. */
const TERMINAL_MODULES = ["console", "process", "readline", "readline/promises", "repl", "tty"];

/** The part of the product that a file belongs to: its folder in `src`, or its own name. */
export function partOf(file: string): string {
  return /^src\/([^/]+)\//.exec(file)?.[1] ?? file;
}

/** Imports of parts that the table does not allow. */
export function wrongParts(graph: SourceGraph): string[] {
  return violations(graph, (from, { file }) => {
    if (file === undefined) return undefined;
    const allowed = MAY_IMPORT[partOf(from)];
    if (allowed === undefined) return `${from}: "${partOf(from)}" is not in the table of parts`;
    const part = partOf(file);
    if (part === partOf(from) || part === "deps" || allowed.includes(part)) return undefined;
    return `${from} imports ${file}: ${partOf(from)} may import only ${list(allowed)}`;
  });
}

/** Imports by anything but a path, `node:` and, in `src/deps`, an npm package's exact version. */
export function wrongSpecifiers(graph: SourceGraph): string[] {
  return violations(graph, (from, { specifier, file, types }) => {
    if (file !== undefined && /^\.\.?\//.test(specifier)) return undefined;
    if (specifier.startsWith("node:")) return undefined;
    if (partOf(from) !== "deps") {
      return `${from} imports "${specifier}": only relative paths and node: run from a URL`;
    }
    const loose = [specifier, types ?? specifier].find((name) => packageOf(name) === undefined);
    if (loose === undefined) return undefined;
    return `${from} imports "${loose}": want npm:name@1.2.3, with an exact version`;
  });
}

/**
 * Files of `src/deps` that name no package or several, and packages that several files name: an
 * entry of a package (`zod`, `zod/mini`) has one file, and all of them name one version.
 */
export function wrongPackageFiles(graph: SourceGraph): string[] {
  const owners = new Map<string, { readonly file: string; readonly named: Set<string> }>();
  const wrong: string[] = [];
  for (const [file, imports] of graph) {
    if (partOf(file) !== "deps") continue;
    const named = new Set(imports.map(({ specifier }) => specifier).filter(packageOf));
    const packages = new Set([...named].flatMap((specifier) => packageOf(specifier) ?? []));
    if (packages.size !== 1) wrong.push(`${file} names ${packages.size} packages: want one a file`);
    for (const name of packages) {
      const owner = owners.get(name);
      const shares = owner && !named.isDisjointFrom(owner.named);
      const differs = owner && versionOf(named) !== versionOf(owner.named);
      if (shares || differs) wrong.push(`${file} names ${name}, which ${owner.file} names too`);
      owners.set(name, { file, named });
    }
  }
  return wrong;
}

/** Imports of terminal modules outside the command line. */
export function wrongTerminalModules(graph: SourceGraph): string[] {
  return violations(graph, (from, { specifier }) => {
    const terminal = TERMINAL_MODULES.includes(specifier.replace(/^node:/, ""));
    if (!terminal || mayUseTerminal(from)) return undefined;
    return `${from} imports "${specifier}": only src/cli knows the terminal`;
  });
}

/**
 * Whether a file may use the terminal, the arguments and the environment: the command line, and the
 * form of the runtime that it has on Node.
 */
export function mayUseTerminal(file: string): boolean {
  return ["cli", "cli.ts", "platform"].includes(partOf(file));
}

/** Cycles among files, each as the path that leads back to its first file. */
export function cycles(graph: SourceGraph): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(" → "));
    if (start >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) {
      if (next.file !== undefined) visit(next.file, [...path, file]);
    }
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

/** The package and version that a specifier pins, or `undefined` when it does not pin one. */
export function packageOf(specifier: string): string | undefined {
  return /^npm:((?:@[\w.-]+\/)?[\w.-]+)@\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\/.*)?$/.exec(specifier)?.[1];
}

/** The version that specifiers of one package name; of several, all of them. */
function versionOf(specifiers: ReadonlySet<string>): string {
  const versions = [...specifiers].map((specifier) => /.@([\d.]+[^/]*)/.exec(specifier)?.[1]);
  return [...new Set(versions)].join(" ");
}

function violations(
  graph: SourceGraph,
  rule: (from: string, to: Import) => string | undefined,
): string[] {
  const found = [...graph].flatMap(([from, imports]) =>
    imports.flatMap((to) => rule(from, to) ?? [])
  );
  return [...new Set(found)];
}

function list(parts: readonly string[]): string {
  return parts.length === 0 ? "src/deps" : parts.join(", ");
}
