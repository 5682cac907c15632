/**
 * Finds everything that is wrong with a Modelfile and the files it names.
 * @module
 */
import { InvalidInputError, type Problem } from "../../core/errors.ts";
import { explainRead } from "../../core/file_errors.ts";
import { readText } from "../../core/files.ts";
import { problemsError } from "../../core/problems.ts";
import { quote } from "../../core/text.ts";
import { operationOptions } from "../../core/operation.ts";
import { doubtfulFacts } from "./compare_facts.ts";
import { readModelfile } from "./parser.ts";
import type { Modelfile } from "./values.ts";
import { type ResolvedFiles, resolveModelfileFiles } from "../workspace.ts";
import type { WorkspaceOptions } from "../workspace_tree.ts";

/** How to check a Modelfile. */
export interface CheckModelfileOptions extends WorkspaceOptions {
  /**
   * Whether the workspace was only guessed: a Modelfile of which nothing is there is then one for
   * another folder, which is a warning.
   */
  readonly guessed?: boolean;
}

/**
 * Reads a Modelfile and looks for the files it names in `workspace`. What is wrong with the text
 * and what is wrong with the files is reported together, in line order; facts that the weights do
 * not bear out are warnings.
 * @throws {InvalidInputError} with all the problems.
 * @throws {NotFoundError} when there is no such Modelfile or workspace.
 */
export async function checkModelfile(
  path: string,
  workspace: string,
  options: CheckModelfileOptions = {},
): Promise<ResolvedFiles> {
  const { modelfile, problems } = readModelfile(await readModelfileText(path));
  const found = await resolveModelfileFiles(modelfile, workspace, options).catch(
    (error: unknown) => error as Error,
  );
  if (!(found instanceof Error)) {
    if (problems.length === 0 && found.files.length === 0) {
      const isText = options.guessed && modelfile.entries.length > 0;
      if (!isText) throw noFiles("accept", path, found.warnings);
      return { files: [], warnings: [...found.warnings, elsewhere(workspace)] };
    }
    if (problems.length === 0) {
      const doubts = await doubtfulFacts(modelfile, found.files, operationOptions(options));
      return { ...found, warnings: [...found.warnings, ...doubts] };
    }
    throw problemsError(`accept ${quote(path)}`, problems, { path });
  }
  if (!(found instanceof InvalidInputError) || !found.facts.problems) throw found;
  const { problems: faults } = found.facts;
  const isElsewhere = options.guessed && await nothingIsHere(modelfile, faults, workspace, options);
  if (isElsewhere && problems.length === 0) return { files: [], warnings: [elsewhere(workspace)] };
  const all = [...problems, ...found.facts.problems];
  throw problemsError(`accept ${quote(path)}`, all, { path, remedy: found.facts.remedy });
}

/** The error of a Modelfile without a file: a warning for each line tells why it brings none. */
export function noFiles(
  action: string,
  path: string,
  warnings: readonly string[],
): InvalidInputError {
  const reason = "the Modelfile brings no file, and a model has at least one";
  return new InvalidInputError(`Cannot ${action} ${quote(path)}: ${reason}`, {
    path,
    problems: warnings.map((message) => ({ message })),
    remedy: "add a line such as: MODEL *.safetensors",
  });
}

/**
 * Whether no line of a Modelfile brings a file of a folder.
 * @param faults What was found to be wrong with all lines together.
 */
async function nothingIsHere(
  { entries }: Pick<Modelfile, "entries">,
  faults: readonly Problem[],
  workspace: string,
  options: WorkspaceOptions,
): Promise<boolean> {
  if (!faults.every(({ message }) => message.endsWith("does not exist"))) return false;
  const missing = new Set(faults.map(({ line }) => line));
  const others = { entries: entries.filter(({ line }) => !missing.has(line)) };
  return (await resolveModelfileFiles(others, workspace, options)).files.length === 0;
}

function elsewhere(workspace: string): string {
  return `none of its files is in ${quote(workspace)}: only its text was checked; ` +
    "name the folder of the model with --workspace";
}

async function readModelfileText(path: string): Promise<string> {
  try {
    return await readText(path);
  } catch (error) {
    throw explainRead(path, error);
  }
}
