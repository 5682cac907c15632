/**
 * The description of a bundle in its working directory: `modelops.yaml`.
 *
 * Two shapes are read: the nested one, with `apiVersion`, `kind`, `metadata` and `spec`, and a flat one
 * with the same keys at the top. Keys that are not known are passed over. All problems are reported at
 * once, with their lines.
 * @module
 */
import { join } from "node:path";
import { InvalidInputError } from "../../core/errors.ts";
import { lstatIfExists } from "../../core/files.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { explainRead } from "../../core/file_errors.ts";
import { quote } from "../../core/text.ts";
import type { BundleSpec } from "./description.ts";
import { checkSpec } from "./checks.ts";
import { type SpecDocument, specSchema } from "./schema.ts";
import { SpecText } from "./text.ts";

/** Names of the file, in the order they are looked for. */
const SPEC_FILES: readonly string[] = [
  "modelops.yaml",
  "modelops.yml",
  ".mops-bundle.yaml",
  ".mops-bundle.yml",
];

/** A spec, and where it was found. */
export interface SpecFile {
  /** What it says. */
  readonly spec: BundleSpec;
  /** Path of the file. */
  readonly path: string;
  /** Name of the file in the working directory. */
  readonly name: string;
  /** Its text. */
  readonly text: string;
}

/**
 * Finds and reads the spec of a working directory.
 * @throws {NotFoundError} when the directory does not exist.
 * @throws {InvalidInputError} when it has no spec, or with all the problems of the spec.
 */
export async function readSpecFile(
  workdir: string,
  options: OperationOptions = {},
): Promise<SpecFile> {
  options.signal?.throwIfAborted();
  await checkFolder(workdir);
  const name = await findSpecFile(workdir);
  if (name === undefined) {
    throw new InvalidInputError(
      `Cannot find a bundle in ${quote(workdir)}: it has no ${SPEC_FILES[0]}`,
      { path: workdir, remedy: `describe the bundle in ${join(workdir, SPEC_FILES[0]!)}` },
    );
  }
  const path = join(workdir, name);
  const text = await readText(path);
  return { spec: parseSpec(text, path), path, name, text };
}

/** The name of the spec file in a directory, `undefined` when it has none. */
export async function findSpecFile(workdir: string): Promise<string | undefined> {
  for (const name of SPEC_FILES) {
    if (await lstatIfExists(join(workdir, name))) return name;
  }
  return undefined;
}

async function checkFolder(path: string): Promise<void> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    throw explainRead(path, error);
  }
  if (info.isDirectory) return;
  throw new InvalidInputError(`Cannot use ${quote(path)} as a bundle: not a directory`, {
    path,
  });
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw explainRead(path, cause);
    throw new InvalidInputError(`Cannot read ${quote(path)}: not valid UTF-8`, {
      path,
      cause,
    });
  }
}

/**
 * Reads the text of a spec.
 *
 * @param path What the text is called in messages.
 * @throws {InvalidInputError} with all the problems.
 */
export function parseSpec(text: string, path: string): BundleSpec {
  const source = new SpecText(text);
  if (source.faults.length > 0) throw source.error(path, source.faults);
  const parsed = specSchema(source.isNested).safeParse(source.value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) =>
      source.locate({ path: path.filter((key) => typeof key !== "symbol"), message })
    );
    throw source.error(path, issues);
  }
  const spec = specOf(parsed.data);
  const problems = checkSpec(spec).map((problem) => source.locate(problem));
  if (problems.length > 0) throw source.error(path, problems);
  return spec;
}

function specOf(document: SpecDocument): BundleSpec {
  const { metadata, spec } = document;
  return {
    name: metadata.name.toLowerCase(),
    version: metadata.version,
    description: metadata.description ?? undefined,
    layers: spec.layers.map(({ ignore, ...layer }) => ({ ...layer, ignore: ignore ?? [] })),
    roles: spec.roles,
    externalRules: (spec.external_rules ?? []).map((rule) => ({
      pattern: rule.pattern,
      uriTemplate: rule.uri_template ?? undefined,
      tier: rule.tier ?? "hot",
      sizeThreshold: rule.size_threshold ?? undefined,
    })),
    orasSizeLimit: spec.oras_size_limit ?? DEFAULT_ORAS_SIZE_LIMIT,
  };
}

const DEFAULT_ORAS_SIZE_LIMIT = 100_000_000;
