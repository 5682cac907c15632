/**
 * Writes those files of a model into a folder whose paths match a pattern.
 * @module
 */
import { InvalidInputError, NotFoundError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import type { ContentStore } from "../../oci/store.ts";
import type { WriteFiles } from "./extract.ts";
import { type Glob, parseGlob } from "../../core/glob.ts";
import { layerPath } from "../media_types.ts";
import { readModel } from "../model_manifest.ts";
import type { FetchOptions, FetchResult } from "../operations/moving.ts";

/**
 * Fetches the layers whose path matches any of the patterns, each once, however many of them match.
 * Layers without a path never match.
 * @throws {InvalidInputError} when there is no pattern, or one that cannot be read.
 * @throws {NotFoundError} when nothing matches.
 */
export async function fetchFiles(
  store: ContentStore,
  target: string,
  options: FetchOptions,
  writeFiles: WriteFiles,
): Promise<Omit<FetchResult, "reference">> {
  const patterns = parsePatterns(options.patterns);
  const { descriptor, manifest } = await readModel(store, target, options);
  const paths = manifest.layers.map((layer) => layerPath(layer.annotations) ?? "");
  const wanted = paths.map((path) => path !== "" && patterns.some((glob) => glob.matches(path)));
  if (!wanted.includes(true)) {
    throw new NotFoundError(
      `Cannot fetch from "${store.name}:${target}": no layers matched the patterns ` +
        options.patterns.map((pattern) => quote(pattern)).join(", "),
      { remedy: `see the paths with: modelops inspect --remote ${store.name}:${target}` },
    );
  }
  const layers = manifest.layers.filter((_, index) => wanted[index]);
  const result = await writeFiles(store, { ...manifest, layers }, {
    ...options,
    phase: "download",
  });
  return {
    ...result,
    digest: descriptor.digest,
    matched: paths.filter((_, index) => wanted[index]),
  };
}

function parsePatterns(texts: readonly string[]): Glob[] {
  if (texts.length === 0) {
    throw new InvalidInputError("Cannot fetch: no patterns were given", {
      remedy: "add --patterns '**' for every file",
    });
  }
  return texts.map((text) => {
    const glob = parseGlob(text);
    if (glob.fault === undefined) return glob;
    throw new InvalidInputError(
      `Cannot use pattern ${quote(text)}: ${glob.fault}`,
      { actual: text },
    );
  });
}
