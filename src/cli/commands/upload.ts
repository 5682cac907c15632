/** `upload`: sends a file to a repository ahead of a build. @module */
import { quote } from "../../core/text.ts";
import type { Command } from "../../deps/commander.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { addAccess, nydusify, refuseNydusify } from "../options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addAccess(
    command
      .argument("<file>", "the file to send")
      .option("--repo <repository>", "repository that receives the file")
      .addOption(
        command.createOption(
          "-t, --target <reference>",
          "the same as --repo; a tag in it has no meaning",
        ),
      )
      .option("--destination-dir <folder>", "folder of the file in the model")
      .option("--raw", "the file as it is; --raw=false makes a tar layer", true),
  )
    .addOption(nydusify(command))
    .action(async (file, { nydusify, repo, target, ...flags }) => {
      refuseNydusify(nydusify);
      if (repo !== undefined && target !== undefined) {
        throw new InvalidInputError(
          `Cannot upload ${quote(file)}: --repo and --target are the same, and both were given`,
          { path: file, remedy: `leave out --target ${target}` },
        );
      }
      const repository = repo ?? target;
      if (repository === undefined) {
        throw new InvalidInputError(`Cannot upload ${quote(file)}: no repository given`, {
          path: file,
          remedy: "add `--repo registry.example.com/name`",
        });
      }
      const models = await session.models();
      const result = await session.operation((options) =>
        models.upload(file, { ...options, ...flags, repository })
      );
      const place = `model artifact repository: ${result.repository}`;
      session.output.result(result, `Successfully uploaded ${file} to ${place}`);
    });
}
