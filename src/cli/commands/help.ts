/** `help`: the help of a command, as its own `--help` shows it. @module */
import type { Command } from "../../deps/commander.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  const root = command.parent as Command;
  command
    .argument("[command...]", "the command to explain")
    .action(async (words) => {
      const [name] = words;
      const known = name === undefined || root.commands
        .some((row) => row.name() === name || row.aliases().includes(name));
      // A word that is no command fails as it would without "help" before it.
      const again = known ? [...words, "--help"] : [name];
      // Flags before the words are forgotten when the parser starts again.
      const json = session.settings.json ? ["--json"] : [];
      await root.parseAsync([...again, ...json], { from: "user" });
    });
}
