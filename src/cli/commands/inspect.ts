/** `inspect`: describes an artifact. @module */
import type { Command } from "../../deps/commander.ts";
import { goJson } from "../../core/json.ts";
import type { ModelCapabilities, ModelConfig } from "../../model/config.ts";
import type { ModelDescriptor, ModelExecution } from "../../model/config.ts";
import type { InspectResult } from "../../model/operations.ts";
import { insecure, plainHttp, proxy } from "../options.ts";
import type { Session } from "../session.ts";

/** Gives the command its arguments, flags and action. */
export function configure(command: Command, session: Session): void {
  command
    .argument("<target>", "name of the artifact")
    .option("--remote", "ask the registry, not the local store")
    .option("--config", "show the configuration document")
    .option(
      "--format <template>",
      "fill in a template, as '{{.Digest}}' or '{{range .Layers}}{{.Filepath}}\\n{{end}}'",
    )
    .addOption(plainHttp)
    .addOption(insecure)
    .addOption(proxy)
    .action(async (target, { config, format, ...flags }) => {
      const template = format === undefined ? undefined : await compile(format);
      const backend = await session.backend();
      const result = await backend.inspect(target, { ...session.quiet(), ...flags });
      if (template !== undefined) {
        session.output.text(template.render(templateValue(result, config)));
        return;
      }
      // The same with --json: it is a document already, indented as scripts know it.
      const document = config ? result.config : result.view;
      session.output.document(goJson(document, "\t"));
    });
}

async function compile(format: string) {
  return (await import("../template/compile.ts")).compileTemplate(format);
}

/** What the fields of a template are: those of the document that is shown, and the configuration. */
function templateValue({ view, config }: InspectResult, configOnly = false): unknown {
  return configOnly ? withAllFields(config) : { ...view, Config: withAllFields(config) };
}

const DESCRIPTOR: Readonly<Record<keyof ModelDescriptor, undefined>> = {
  createdAt: undefined,
  authors: undefined,
  family: undefined,
  name: undefined,
  docURL: undefined,
  sourceURL: undefined,
  datasetsURL: undefined,
  version: undefined,
  revision: undefined,
  vendor: undefined,
  licenses: undefined,
  title: undefined,
  description: undefined,
};

const CAPABILITIES: Readonly<Record<keyof ModelCapabilities, undefined>> = {
  inputTypes: undefined,
  outputTypes: undefined,
  knowledgeCutoff: undefined,
  reasoning: undefined,
  toolUsage: undefined,
  reward: undefined,
  languages: undefined,
};

const EXECUTION: Readonly<Record<keyof ModelExecution, undefined>> = {
  architecture: undefined,
  format: undefined,
  paramSize: undefined,
  precision: undefined,
  quantization: undefined,
  capabilities: undefined,
};

/** A configuration in which a fact that it does not have is a field all the same. */
function withAllFields({ descriptor, modelfs, config }: ModelConfig): unknown {
  const capabilities = { ...CAPABILITIES, ...config.capabilities };
  return {
    descriptor: { ...DESCRIPTOR, ...descriptor },
    modelfs,
    config: { ...EXECUTION, ...config, capabilities },
  };
}
