/** `upgrade --check`: whether there is a newer release. @module */
import type { Command } from "../../deps/commander.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { BUILD_INFO } from "../build_info.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .option("--check", "ask the releases for their newest version, and change nothing")
    .option("--releases <url>", "address of the releases (default: $MODELOPS_RELEASES)")
    .action(async ({ check, releases: named }) => {
      if (!check) {
        throw new InvalidInputError("Cannot upgrade: the program does not replace itself", {
          remedy: "run `modelops upgrade --check`, and what installed it again",
        });
      }
      const releases = named ?? session.settings.releases ?? BUILD_INFO.releases;
      if (releases === "") {
        throw new InvalidInputError("Cannot look for releases: nobody says where they are", {
          setting: "releases",
        });
      }
      const { isNewer, newestVersion } = await import("../../library/releases.ts");
      const newest = await newestVersion(session.settings, releases, session.quiet());
      const { version } = BUILD_INFO;
      const available = isNewer(newest, version);
      session.output.result(
        { version, newest, available },
        available ? `${newest} is newer than ${version}` : `${version} is the newest`,
      );
    });
}
