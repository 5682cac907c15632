/**
 * Finds everything that is wrong with a Modelfile and the files it names.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { explainRead } from "../../core/file_errors.ts";
import { readText } from "../../core/files.ts";
import { problemsError } from "../../core/problems.ts";
import { quote } from "../../core/text.ts";
import { readModelfile } from "./parser.ts";
import { type ResolvedFiles, resolveModelfileFiles } from "../workspace.ts";
import type { WorkspaceOptions } from "../workspace_tree.ts";

/**
 * Reads a Modelfile and looks for the files it names in `workspace`. What is wrong with the text
 * and what is wrong with the files is reported together, in line order.
 * @throws {InvalidInputError} with all the problems.
 * @throws {NotFoundError} when there is no such Modelfile or workspace.
 */
export async function checkModelfile(
  path: string,
  workspace: string,
  options: WorkspaceOptions = {},
): Promise<ResolvedFiles> {
  const { modelfile, problems } = readModelfile(await readModelfileText(path));
  const found = await resolveModelfileFiles(modelfile, workspace, options).catch(
    (error: unknown) => error as Error,
  );
  if (!(found instanceof Error)) {
    if (problems.length === 0) return found;
    throw problemsError(`accept ${quote(path)}`, problems, { path });
  }
  if (!(found instanceof InvalidInputError) || !found.facts.problems) throw found;
  const all = [...problems, ...found.facts.problems];
  throw problemsError(`accept ${quote(path)}`, all, { path, remedy: found.facts.remedy });
}

async function readModelfileText(path: string): Promise<string> {
  try {
    return await readText(path);
  } catch (error) {
    throw explainRead(path, error);
  }
}
