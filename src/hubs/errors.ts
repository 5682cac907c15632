/**
 * The errors that answers of hubs stand for.
 * @module
 */
import {
  AccessDeniedError,
  InvalidInputError,
  type ModelOpsError,
  NotFoundError,
  TransferError,
} from "../core/errors.ts";
import { quote } from "../core/text.ts";
import type { HubModel } from "./hub.ts";

/** What a hub's errors have in common. */
export interface HubErrorContext {
  /** The model that was asked for. */
  readonly model: HubModel;
  /** Name of the hub for people. */
  readonly title: string;
  /** Host of the hub. */
  readonly host: string;
  /** What to do when the hub wants to know who asks. */
  readonly login: string;
  /** Page on which the terms of a gated model are accepted. */
  readonly page?: string;
}

/**
 * The error for an answer that is no success. The header `X-Error-Code` is the one of the Hugging
 * Face hub, which says more than its statuses do.
 */
export function hubStatusError(response: Response, context: HubErrorContext): ModelOpsError {
  const code = response.headers.get("X-Error-Code") ?? undefined;
  const { status } = response;
  const facts = {
    reference: nameOf(context.model),
    registry: context.host,
    status,
    code: code?.slice(0, 100),
  };
  const said = (found: string) =>
    `Cannot read ${quote(nameOf(context.model))} from ${context.title}: ${found}`;
  if (code === "GatedRepo") {
    const page = context.page === undefined ? "" : `accept its terms at ${context.page}, then `;
    return new AccessDeniedError(said("the model is gated: its owner decides who may read it"), {
      ...facts,
      remedy: `${page}${context.login}`,
    });
  }
  if (status === 401) {
    const found = "it does not exist, or reading it needs credentials (status 401)";
    return new AccessDeniedError(said(found), { ...facts, remedy: context.login });
  }
  if (status === 403) {
    return new AccessDeniedError(said("the hub refuses it (status 403)"), {
      ...facts,
      remedy: context.login,
    });
  }
  if (status === 404) {
    const revision = code === "RevisionNotFound" && context.model.revision !== undefined;
    const what = revision ? "no such revision" : "no such model, revision or file";
    return new NotFoundError(said(what), facts);
  }
  return new TransferError(said(`it answered with status ${status}`), facts);
}

/** The error for a document that is not what the hub's API promises. */
export function hubAnswerError(context: HubErrorContext, found: string): InvalidInputError {
  return new InvalidInputError(
    `Cannot read ${quote(nameOf(context.model))} from ${context.title}: ${found}`,
    { reference: nameOf(context.model), registry: context.host },
  );
}

/** `owner/name@revision`. */
function nameOf({ repository, revision }: HubModel): string {
  return revision === undefined ? repository : `${repository}@${revision}`;
}
