/** `modelfile`: the commands about Modelfiles. @module */
import type { Command } from "../../deps/commander.ts";
import { addCommands, type CommandRow } from "../command.ts";
import type { Session } from "../session.ts";

const COMMANDS: readonly CommandRow[] = [
  {
    name: "generate",
    summary: "Write a Modelfile for the files of a folder",
    examples: ["./llama", "./llama --name llama --overwrite"],
    load: () => import("./modelfile/generate.ts"),
  },
  {
    name: "validate",
    summary: "Find everything that is wrong with a Modelfile",
    examples: ["Modelfile", "./llama/Modelfile --json"],
    load: () => import("./modelfile/validate.ts"),
  },
];

export function configure(command: Command, session: Session): void {
  addCommands(command, COMMANDS, () => session);
}
