/**
 * Where this program comes from. A release fills in commit and time; a source tree does not know
 * them.
 * @module
 */
import config from "../../deno.json" with { type: "json" };

/** The facts of this build. */
export const BUILD_INFO = {
  version: config.version,
  /** Commit it was built from. */
  commit: "unknown",
  /** RFC 3339 time it was built at. */
  buildTime: "unknown",
};
