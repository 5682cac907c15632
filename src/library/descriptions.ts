/**
 * What a server tells of the artifacts that it has: what the commands tell, by the same code.
 * @module
 */
import { NotFoundError } from "../core/errors.ts";
import { describeArtifact, describeTensors } from "../model/card/description.ts";
import { remoteTags } from "../model/listing/remote.ts";
import type { Descriptions } from "../server/page_api/descriptions.ts";

/** Describes artifacts of a store. */
export const descriptions: Descriptions = {
  tags: remoteTags,
  model: describeArtifact,
  tensors: describeTensors,
  readme(store, target) {
    throw new NotFoundError(`Cannot show the README of ${store.name}:${target}`);
  },
};
