/**
 * Finds lines of comments that are longer than the lines of the code, which the formatter does not
 * wrap. Run as a program it looks at the folders that it is given, and its exit code is 1 when
 * there is one.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { readSources } from "./source_files.ts";

/** Characters of a line, as the formatter has it. */
export const LINE_WIDTH = 100;

/** One sentence for each line of a comment that is longer than {@linkcode LINE_WIDTH}. */
export function longComments(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([path, text]) =>
    text.split("\n").flatMap((line, index) =>
      line.length > LINE_WIDTH && isWrappable(line)
        ? [`${path}:${index + 1} has a comment of ${line.length} characters`]
        : []
    )
  );
}

/** Words that follow one another; a URL or a directive of a tool is one. */
function isWrappable(line: string): boolean {
  return /^\s*(\*|\/\/|\/\*)/.test(line) && !/deno-|https?:|@ts-/.test(line);
}

if (import.meta.main) {
  const found = await Promise.all(Deno.args.map(async (folder) => {
    return longComments(await readSources(folder));
  }));
  for (const sentence of found.flat()) console.log(sentence);
  Deno.exit(found.flat().length === 0 ? 0 : 1);
}
