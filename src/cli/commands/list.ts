/** `list`: the artifacts of the local store, or what a registry holds. @module */
import type { Command } from "../../deps/commander.ts";
import type { Models } from "../../library/models.ts";
import type { ListResult } from "../../model/operations/looking.ts";
import type { ConnectOptions } from "../../oci/connect.ts";
import { positiveCount } from "../arguments.ts";
import { addReading } from "../options.ts";
import { formatListing } from "../output/listing.ts";
import { endCut } from "../output/verdict.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  configureListing(command, session, { document: (result) => result });
}

/** What a listing is of. */
export interface Listed {
  /** The only kind of artifact that is listed; all when absent. */
  readonly kind?: string;
  /** What is found in the local store, as a document. */
  readonly document: (result: ListResult) => unknown;
  /** Opens the registry of a place; as that of models when absent. */
  readonly reach?: (place: string, access: ConnectOptions) => Promise<Reached>;
}

/** How a registry is asked. */
export interface Reached {
  readonly models: Models;
  readonly access: ConnectOptions;
}

/** Makes a command that lists artifacts. */
export function configureListing(
  command: Command,
  session: Session,
  { kind, document, reach }: Listed,
): void {
  addReading(
    command
      .argument("[place]", "a repository or a registry; the local store when absent")
      .option(
        "--limit <count>",
        "most lines; 100 of a registry when absent",
        positiveCount("--limit"),
      ),
  )
    .action(async (place, { limit, ...access }) => {
      const { stdout, now } = session.context;
      if (place !== undefined) {
        const { listPlace } = await import("../output/remote_listing.ts");
        const reached = await reach?.(place, access) ?? { models: await session.models(), access };
        return await listPlace(session, reached.models, { ...reached, place, limit, kind });
      }
      const models = await session.models();
      const result = await models.list({ ...session.quiet(), limit, kind });
      session.output.warnAll(result.warnings);
      session.output.result(document(result), formatListing(result.models, stdout, now()));
      endCut(result.warnings);
    });
}
