/**
 * The README of a model.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import { decodeText } from "../../core/text.ts";
import { withoutFrontMatter } from "../../core/yaml/front_matter.ts";
import type { ContentStore } from "../../oci/store.ts";
import { README_NAME } from "../facts/read_facts.ts";
import { readStart } from "../facts/read_budget.ts";
import { ServedReads } from "../facts/served_reads.ts";
import { layerPath } from "../media_types.ts";
import { modelAt } from "./description.ts";
import { layerFiles } from "./layer_files.ts";

/** What a README says. */
export interface Readme {
  /** Its path in the model. */
  readonly path: string;
  /** Its text without the front matter. */
  readonly text: string;
  /** Whether it is Markdown, and not plain text. */
  readonly isMarkdown: boolean;
  /** Whether the rest is left out. */
  readonly truncated: boolean;
}

/** Bytes that are read of it. To render what somebody wrote to be slow takes seconds a megabyte. */
const MOST = 128 * 1024;

/**
 * Reads the README of a model, up to 128 KiB; `undefined` when it has none.
 * @throws {NotFoundError} when there is no such model.
 * @throws {UnsupportedError} saying what it is when it is no model.
 */
export async function readReadme(
  store: ContentStore,
  target: string,
  { signal }: OperationOptions = {},
): Promise<Readme | undefined> {
  const { manifest } = await modelAt(store, target, { signal });
  const layers = manifest.layers.filter(({ annotations }) =>
    README_NAME.test(layerPath(annotations) ?? "")
  ).slice(0, 1);
  const { files: [file] } = await layerFiles(store, layers, { signal, reads: new ServedReads() });
  const bytes = file && await readStart(file.source, MOST, signal);
  if (file === undefined || bytes === undefined) return undefined;
  return {
    path: file.path,
    text: withoutFrontMatter(decodeText(bytes)),
    isMarkdown: /\.(md|markdown)$/i.test(file.path),
    truncated: file.source.size > MOST,
  };
}
