/**
 * Where this program comes from. A release fills in commit and time; a source tree does not know
 * them.
 * @module
 */
import config from "../../deno.json" with { type: "json" };

/** The facts of a build. */
export interface BuildInfo {
  readonly version: string;
  /** Commit it was built from. */
  readonly commit: string;
  /** RFC 3339 time it was built at. */
  readonly buildTime: string;
}

/** The facts of this build. */
export const BUILD_INFO: BuildInfo = {
  version: config.version,
  commit: "unknown",
  buildTime: "unknown",
};
