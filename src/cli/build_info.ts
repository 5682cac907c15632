/**
 * Where this program comes from. A release fills in what a source tree does not know
 * (`build_facts.json`).
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import facts from "./build_facts.json" with { type: "json" };

/** The facts of this build. */
export const BUILD_INFO = {
  version: config.version,
  /** Commit it was built from. */
  commit: facts.commit,
  /** RFC 3339 time it was built at. */
  buildTime: facts.buildTime,
  /** Address of the releases that it is one of; empty when it is of none. */
  releases: facts.releases,
};
