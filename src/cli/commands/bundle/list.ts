/** `bundle list`: the bundles of the local store, or those that a registry holds. @module */
import type { Command } from "../../../deps/commander.ts";
import type { ConnectOptions } from "../../../oci/connect.ts";
import type { Session } from "../../session.ts";
import { configureListing, type Reached } from "../list.ts";

export function configure(command: Command, session: Session): void {
  configureListing(command, session, {
    kind: "bundle",
    document: ({ models: bundles, warnings }) => ({ bundles, warnings }),
    reach: (place, access) => reach(session, place, access),
  });
}

/** A registry is asked for bundles as the settings of bundles say, by this command as by others. */
async function reach(session: Session, place: string, access: ConnectOptions): Promise<Reached> {
  const [{ bundleSwitches, forBundles }, { bundleSettingsFromEnv }] = await Promise.all([
    import("../../../library/bundle_registry.ts"),
    import("../../../library/bundle_settings.ts"),
  ]);
  const bundles = bundleSettingsFromEnv(session.context.env);
  return {
    models: await session.models(forBundles(session.settings, bundles)),
    access: bundleSwitches(`${place}/`, bundles, access),
  };
}
