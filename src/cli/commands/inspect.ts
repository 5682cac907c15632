/** `inspect`: describes an artifact. @module */
import type { Command } from "../../deps/commander.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { goJson } from "../../core/json.ts";
import { areTensorsCut } from "../../model/card/cut.ts";
import type { CardParts } from "../../model/card/documents.ts";
import type { InspectResult } from "../../model/operations/looking.ts";
import { addReading } from "../options.ts";
import { EXIT_CODES } from "../output/exit_codes.ts";
import { inspectionOf, withAllFields } from "../output/inspection.ts";
import { Verdict } from "../output/verdict.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addReading(
    command
      .argument("<target>", "name of the artifact")
      .option("--remote", "ask the registry, not the local store")
      .option("--card", "show the facts of the model, as on a terminal")
      .option("--files", "list the files: kind, size, digest, path")
      .option("--tensors", "list all tensors: name, shape, type, size, file")
      .option("--all-headers", "with --remote: read all headers, a request or more for each file")
      .option("--config", "show the configuration document")
      .option(
        "--format <template>",
        "fill in a template, as '{{.Digest}}' or '{{range .Layers}}{{.Filepath}}\\n{{end}}'",
      )
      .addHelpText("after", TEMPLATES),
  )
    .action(async (target, { config, format, card, files, tensors, ...flags }) => {
      checkViews({ config, format }, { card, files, tensors });
      if (format !== undefined && session.settings.json) {
        throw new InvalidInputError("Cannot show --format and --json at once: name one of them");
      }
      const isAsked = Boolean(card || files || tensors);
      const isForPerson = session.context.stdout.isTerminal && !session.settings.json &&
        !config && format === undefined;
      checkHeaders(flags, isAsked || isForPerson);
      if (isAsked || isForPerson) {
        const parts = isAsked ? { card, files, tensors } : { card: true };
        return await showCard(session, target, parts, flags);
      }
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

/** What help says of templates; their parser is loaded when there is one. */
const TEMPLATES = `
Templates are those of Go, and have the
keys of --json, such as .Digest:
  blocks     if, with, range, else, end
  functions  json, len, index, print,
             println, join, split,
             lower, upper, eq, ne, not,
             and, or`;

/** @throws {InvalidInputError} when two documents are asked for at once. */
function checkViews(
  documents: { readonly config?: boolean; readonly format?: string },
  parts: CardParts,
): void {
  const given = Object.entries({ ...documents, ...parts })
    .filter(([, value]) => value !== undefined && value !== false).map(([name]) => `--${name}`);
  const [document] = given.filter((flag) => flag === "--config" || flag === "--format");
  const part = given.find((flag) => flag !== "--config" && flag !== "--format");
  if (document === undefined || part === undefined) return;
  throw new InvalidInputError(`Cannot show ${document} and ${part} at once: name one of them`);
}

/** @throws {InvalidInputError} when all headers are asked for where none or all are read anyway. */
function checkHeaders(
  { allHeaders, remote }: { readonly allHeaders?: boolean; readonly remote?: boolean },
  areRead: boolean,
): void {
  if (!allHeaders || areRead && remote) return;
  if (remote) {
    throw new InvalidInputError(
      "Cannot use --all-headers without --card or --tensors: nothing else needs headers",
    );
  }
  throw new InvalidInputError(
    "Cannot use --all-headers without --remote: in the local store all headers are read",
  );
}

async function showCard(
  session: Session,
  target: string,
  parts: CardParts,
  flags: Readonly<Record<string, unknown>>,
): Promise<void> {
  const [{ showCard }, models] = await Promise.all([
    import("../output/card/show.ts"),
    session.models(),
  ]);
  const onlyTensors = parts.tensors && !parts.card;
  const options = { ...session.quiet(), ...flags, onlyTensors };
  const card = await models.card(target, options);
  showCard(session, target, { card, parts, allHeaders: Boolean(flags["allHeaders"]) });
  if (parts.tensors && areTensorsCut(card)) throw new Verdict(EXIT_CODES.unsupported);
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
