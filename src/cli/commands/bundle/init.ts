/** `bundle init`: writes a first modelops.yaml. @module */
import { shellWord } from "../../../core/text.ts";
import type { Command } from "../../../deps/commander.ts";
import { commandWords } from "../../command.ts";
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
      const bundle = commandWords(command).replace(/ init$/, "");
      const place = folder === "." ? "" : ` ${shellWord(folder)}`;
      const [plan, push] = ["plan", "push"].map((verb) => `\`${bundle} ${verb}${place}\``);
      session.output.note(`Look at it with ${plan}, then publish it with ${push}`);
    });
}
