/**
 * The shell samples of the documents, each under a comment that says who runs it, or why nobody.
 * @module
 */
import { repositoryPath, repositoryRoot } from "../house/repository.ts";

/** Lines of a document that a person pastes into a shell. */
export interface ShellSample {
  /** The document, relative to the root of the tree. */
  readonly file: string;
  readonly text: string;
  /** The file that runs it, as the comment above it says. */
  readonly runBy?: string;
  /** Why it is not run, as the comment above it says. */
  readonly notRun?: string;
}

/** A block of a shell, with the comment that stands above it. */
const SAMPLE = /(?:^<!-- (run by|not run:) (.+) -->\n\n)?^```(?:sh|console|bash)\n([^]*?)^```$/gm;

/** The samples of a document, in order. */
export function shellSamplesIn(file: string, document: string): ShellSample[] {
  return [...document.matchAll(SAMPLE)].map(([, mark, words, text = ""]) => ({
    file,
    text,
    ...(mark === undefined ? {} : mark === "run by" ? { runBy: words } : { notRun: words }),
  }));
}

/** The samples of all documents for people. */
export async function shellSamples(): Promise<ShellSample[]> {
  const files = ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...await documentsIn("docs")];
  const documents = await Promise.all(
    files.map(async (file) => shellSamplesIn(file, await Deno.readTextFile(repositoryPath(file)))),
  );
  return documents.flat();
}

async function documentsIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(new URL(`${folder}/`, repositoryRoot)));
  const paths = await Promise.all(entries.map(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return documentsIn(path);
    return name.endsWith(".md") ? [path] : [];
  }));
  return paths.flat().sort();
}
