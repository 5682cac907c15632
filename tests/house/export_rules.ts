/** Which values of `src` the product itself does not use. @module */
import { posix } from "node:path";

/** A value that a file exports, as `src/core/text.ts: quote`. */
export type ExportedValue = `${string}: ${string}`;

const COMMENT = /^[ \t]*(?:\/\*[^]*?\*\/|\/\/.*)/gm;
const VALUE = /^export (?:async )?(?:abstract )?(?:function\*?|const|let|class) (\w+)/gm;
const STATIC = /^(?:import|export) (?:type )?(?:\{([^}]*)\}|\*[^"{]*) from "(\.[^"]+)"/gm;
const DYNAMIC = /(?:\{([^{}]*)\} = await )?import\(\s*"(\.[^"]+)"\s*\)/g;

/**
 * Values that a file of `src` exports and no other file of the product takes: neither another file
 * of `src`, nor a script, nor an entry.
 *
 * @param sources The text of every file of the product by its path.
 * @param entries The files whose exports are for the users of the product.
 */
export function unusedValues(
  sources: ReadonlyMap<string, string>,
  entries: readonly string[],
): ExportedValue[] {
  const code = Array.from(sources, ([path, text]) => [path, text.replace(COMMENT, "")] as const);
  const used = new Set(code.flatMap(([path, text]) => usedValues(path, text)));
  return code.filter(([path]) => path.startsWith("src/") && !entries.includes(path))
    .flatMap(([path, text]) => [...text.matchAll(VALUE)].map(([, name]) => ({ path, name })))
    .filter(({ path, name }) => !used.has(`${path}: ${name}`) && !used.has(`${path}: *`))
    .map(({ path, name }): ExportedValue => `${path}: ${name}`);
}

/** What a file takes from others; `*` for all of a file, where the names cannot be told. */
function usedValues(from: string, text: string): ExportedValue[] {
  return [...text.matchAll(STATIC), ...text.matchAll(DYNAMIC)].flatMap(([, names, specifier]) => {
    const path = posix.join(posix.dirname(from), specifier ?? "");
    if (names === undefined) return [`${path}: *` as const];
    return names.split(",").map((name) => name.trim().replace(/^type /, "").split(/ as |:/, 1)[0])
      .filter(Boolean).map((name): ExportedValue => `${path}: ${name}`);
  });
}
