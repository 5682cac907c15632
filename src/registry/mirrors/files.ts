/**
 * The files that rules come from: our own `mirrors.yaml`, and `registries.conf` of containers'
 * tools with the files beside it. What parses them is loaded with the first that has a rule.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { explainRead } from "../../core/file_errors.ts";
import { readDirIfExists, readTextIfExists } from "../../core/files.ts";
import type { Log } from "../../core/operation.ts";
import { join } from "../../core/runtime/path.ts";
import { quote } from "../../core/text.ts";
import { mirrorRules } from "./document.ts";
import type { MirrorRule } from "./rules.ts";

/** Where rules are. All paths are absolute. */
export interface MirrorFiles {
  /** Our own file, in YAML; its rules come before those of the others. */
  readonly own?: MirrorFile;
  /** `registries.conf` of containers' tools: the first one that is there counts. */
  readonly containers?: readonly MirrorFile[];
  /** Folders of more such files, `*.conf`: a later table takes the place of one for its prefix. */
  readonly containersFolders?: readonly string[];
}

/** A file that may have rules. */
export interface MirrorFile {
  /** Its absolute path. */
  readonly path: string;
  /** Whether somebody named it, so that it has to be there. */
  readonly isNamed?: boolean;
}

/**
 * Reads all rules, those that count first before the others.
 * @throws {InvalidInputError | NotFoundError} when a file cannot be read, or says what is wrong.
 */
export async function readMirrorRules(
  { own, containers = [], containersFolders = [] }: MirrorFiles,
  log?: Log,
): Promise<readonly MirrorRule[]> {
  const ours = own ? await rulesIn(own, readYaml, log) : undefined;
  let theirs: readonly MirrorRule[] = [];
  for (const file of containers) {
    const found = await rulesIn(file, readToml, log);
    if (found === undefined) continue;
    theirs = found;
    break;
  }
  for (const folder of containersFolders) {
    for (const path of await confFiles(folder, log)) {
      const later = await rulesIn({ path }, readToml, log) ?? [];
      const replaced = new Set(later.map(({ prefix }) => prefix));
      theirs = [...theirs.filter(({ prefix }) => !replaced.has(prefix)), ...later];
    }
  }
  return [...ours ?? [], ...theirs];
}

type ReadRules = (text: string, file: string) => Promise<readonly MirrorRule[]>;

/** The rules of a file; `undefined` where there is none. */
async function rulesIn(
  { path, isNamed = false }: MirrorFile,
  read: ReadRules,
  log: Log | undefined,
): Promise<readonly MirrorRule[] | undefined> {
  const text = await optional(path, () => readTextIfExists(path), { isNamed, log });
  if (text !== undefined) return await read(text, path);
  if (isNamed) throw explainRead(path, new Deno.errors.NotFound());
  return undefined;
}

async function confFiles(folder: string, log: Log | undefined): Promise<string[]> {
  const entries = await optional(folder, () => readDirIfExists(folder), { isNamed: false, log });
  return (entries ?? []).filter(({ name }) => name.endsWith(".conf"))
    .map(({ name }) => join(folder, name));
}

/** A program that may not look into the folders of others goes on without them. */
async function optional<Result>(
  path: string,
  read: () => Promise<Result>,
  { isNamed, log }: { readonly isNamed: boolean; readonly log: Log | undefined },
): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    const isForbidden = error instanceof Deno.errors.NotCapable;
    if (isNamed || !isForbidden) throw explainRead(path, error);
    log?.("debug", `Mirrors of ${quote(path)} are not looked for: it may not be read`);
    return undefined;
  }
}

/** What every table of rules begins with, in whichever version. */
const HAS_RULES = /^\s*(\[\[?\s*["']?registr|registry\s*=)/m;

async function readToml(text: string, file: string): Promise<readonly MirrorRule[]> {
  if (!HAS_RULES.test(text)) return [];
  const { parse, TomlError } = await import("../../deps/smol-toml.ts");
  try {
    return mirrorRules(parse(text), { file });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = ""] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
    throw unreadable(file, `line ${error.line}: ${reason}`);
  }
}

async function readYaml(text: string, file: string): Promise<readonly MirrorRule[]> {
  const { readSettings } = await import("../../core/yaml/settings_file.ts");
  const read = await readSettings(text);
  if ("fault" in read) throw unreadable(file, read.fault);
  return mirrorRules(read.value, { file, strict: true });
}

function unreadable(file: string, reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot read ${quote(file)}: ${reason}`, { path: file });
}
