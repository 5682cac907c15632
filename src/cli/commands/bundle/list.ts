/** `bundle list`: the bundles of the local store, or those that a registry holds. @module */
import type { Command } from "../../../deps/commander.ts";
import type { Session } from "../../session.ts";
import { configureListing } from "../list.ts";

export function configure(command: Command, session: Session): void {
  configureListing(command, session, {
    kind: "bundle",
    document: ({ models: bundles, warnings }) => ({ bundles, warnings }),
  });
}
