/**
 * Which repository names the server answers to.
 *
 * The specification's names (`models/demo`), and the names of the local store, which start with the
 * host an artifact is meant for: `localhost:5000/models/demo`, `Registry.test/demo`. So whatever
 * `modelops list` shows can be asked for under `/v2/`. Neither form has empty, dotted or hidden
 * components, so that a name can be a path below the store and nothing else.
 * @module
 */
import { isRegistryHost, isRepositoryName } from "../oci/reference.ts";

/** The longest name served, host included: what the specification allows for names. */
const NAME_LENGTH_LIMIT = 255;

/** Whether the server answers to a repository of this name. */
export function isServedName(name: string): boolean {
  if (name.length > NAME_LENGTH_LIMIT) return false;
  if (isRepositoryName(name)) return true;
  const slash = name.indexOf("/");
  return slash > 0 && isRegistryHost(name.slice(0, slash)) &&
    isRepositoryName(name.slice(slash + 1));
}
