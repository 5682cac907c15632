/**
 * What a server tells of the artifacts that it has: what the commands tell, by the same code.
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import { describeArtifact, describeTensors } from "../model/card/description.ts";
import { type Readme, readReadme } from "../model/card/readme.ts";
import { remoteTags } from "../model/listing/remote.ts";
import type { ContentStore } from "../oci/store.ts";
import type { Descriptions, ShownDocument } from "../server/page_api/descriptions.ts";
import { runTask } from "../work/pool.ts";

/** Describes artifacts of a store. */
export const descriptions: Descriptions = {
  tags: remoteTags,
  model: describeArtifact,
  tensors: describeTensors,
  readme: shownReadme,
};

async function shownReadme(
  store: ContentStore,
  target: string,
  options: OperationOptions,
): Promise<ShownDocument | undefined> {
  const readme = await readReadme(store, target, options);
  if (readme === undefined) return undefined;
  const { path, truncated } = readme;
  return { path, html: await shownText(readme, options), truncated };
}

/** Texts up to this size take less time than a worker takes to start, however they are written. */
const SMALL = 8 * 1024;

async function shownText(
  { text, isMarkdown }: Readme,
  { signal, log }: OperationOptions,
): Promise<string> {
  const size = text.length <= SMALL ? text.length : Infinity;
  return await runTask("renderMarkdown", { text, isMarkdown }, { size, signal, log });
}
