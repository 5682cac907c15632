/** `inspect`: describes an artifact. @module */
import type { Command } from "../../deps/commander.ts";
import { goJson } from "../../core/json.ts";
import type { InspectResult } from "../../model/operations.ts";
import { addReading } from "../options.ts";
import { inspectionOf, withAllFields } from "../output/inspection.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addReading(
    command
      .argument("<target>", "name of the artifact")
      .option("--remote", "ask the registry, not the local store")
      .option("--config", "show the configuration document")
      .option(
        "--format <template>",
        "fill in a template, as '{{.Digest}}' or '{{range .Layers}}{{.Filepath}}\\n{{end}}'",
      ),
  )
    .action(async (target, { config, format, ...flags }) => {
      const template = format === undefined ? undefined : await compile(format);
      const models = await session.models();
      const result = await models.inspect(target, { ...session.quiet(), ...flags });
      if (template !== undefined) {
        session.output.text(template.render(templateValue(result, config)));
        return;
      }
      // The same with --json: it is a document already, indented as scripts know it.
      const document = config ? result.config : inspectionOf(result);
      session.output.document(goJson(document, "\t"));
    });
}

async function compile(format: string) {
  return (await import("../template/compile.ts")).compileTemplate(format);
}

/**
 * What the fields of a template are: those of the document that is shown, and the configuration.
 */
function templateValue(result: InspectResult, configOnly = false): unknown {
  const config = withAllFields(result.config);
  return configOnly ? config : { ...inspectionOf(result), Config: config };
}
