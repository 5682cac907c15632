/** `completion`: the scripts that complete commands in a shell. @module */
import type { Command } from "../../deps/commander.ts";
import { completionScript, SHELLS } from "../completion/scripts.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  const { programName: name } = session.context;
  command
    .addArgument(
      command.createArgument("<shell>", "the shell that reads the script").choices(SHELLS),
    )
    .option("--no-descriptions", "do not show what the words mean")
    .addHelpText(
      "after",
      [
        "",
        "To complete (zsh: after compinit):",
        `  bash        echo 'source <(${name} completion bash)' >> ~/.bashrc`,
        `  zsh         echo 'source <(${name} completion zsh)' >> ~/.zshrc`,
        `  fish        ${name} completion fish > ~/.config/fish/completions/${name}.fish`,
        `  powershell  ${name} completion powershell >> $PROFILE`,
      ].join("\n"),
    )
    .action((shell, { descriptions }) => {
      const script = completionScript(shell, name, { descriptions });
      session.output.result({ shell, script }, script.trimEnd());
    });
}
