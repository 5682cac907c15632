/** `bundle schema`: shows the JSON Schema of modelops.yaml. @module */
import { specJsonSchema } from "../../../bundle/spec/json_schema.ts";
import type { Command } from "../../../deps/commander.ts";
import type { Session } from "../../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .addHelpText(
      "after",
      "\nTo have an editor use it, save it and write at the top of modelops.yaml:\n" +
        "  # yaml-language-server: $schema=modelops.schema.json",
    )
    .action(() => session.output.document(specJsonSchema()));
}
