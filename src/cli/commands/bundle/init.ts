/** `bundle init`: writes a first modelops.yaml. @module */
import type { Command } from "../../../deps/commander.ts";
import { textOf } from "../../output/bundle_text.ts";
import { countOf } from "../../output/format.ts";
import type { Session } from "../../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .argument("[folder]", "folder with the files of the bundle", ".")
    .option("--name <name>", "name of the bundle (default: that of the folder)")
    .option("--force", "replace a modelops.yaml that is there")
    .action(async (folder, flags) => {
      const bundles = await session.bundles();
      const { path, name, layers } = await session.operation((options) =>
        bundles.init(folder, { ...options, ...flags })
      );
      const lines = layers.map((layer) => `  ${layer.name}: ${countOf(layer.files, "file")}`);
      session.output.result({ path, name, layers }, textOf([`Wrote ${path}`, ...lines]));
      session.output.note("Look at it with `bundle plan`, then publish it with `bundle push`");
    });
}
