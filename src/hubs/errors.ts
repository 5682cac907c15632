/**
 * The errors that answers of hubs stand for.
 * @module
 */
import {
  AccessDeniedError,
  InvalidInputError,
  type ModelOpsError,
  NotFoundError,
  type SettingFact,
  TransferError,
} from "../core/errors.ts";
import { quote } from "../core/text.ts";
import type { RepositoryName } from "./paths.ts";

/** What a hub's errors have in common. */
export interface HubErrorContext {
  readonly model: RepositoryName;
  /** Name of the hub for people. */
  readonly title: string;
  readonly host: string;
  /** The setting with the login, for when the hub wants to know who asks. */
  readonly login: SettingFact;
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
  const { host: registry, login: setting, page, model } = context;
  const facts = { reference: nameOf(model), registry, status, code: code?.slice(0, 100) };
  const said = (found: string) => messageOf(context, found);
  if (code === "GatedRepo") {
    const found = "the model is gated: its owner decides who may read it";
    const remedy = page && `accept its terms at ${page}`;
    return new AccessDeniedError(said(found), { ...facts, remedy, setting });
  }
  if (status === 401) {
    const found = "it does not exist, or reading it needs credentials (status 401)";
    return new AccessDeniedError(said(found), { ...facts, setting });
  }
  if (status === 403) {
    const found = "the hub refuses it (status 403)";
    return new AccessDeniedError(said(found), { ...facts, setting });
  }
  if (status === 404) {
    const revision = code === "RevisionNotFound" && model.revision !== undefined;
    const found = revision ? "no such revision" : "no such model, revision or file";
    return new NotFoundError(said(found), facts);
  }
  return new TransferError(said(`it answered with status ${status}`), facts);
}

/** The error for a document that is not what the hub's API promises. */
export function hubAnswerError(context: HubErrorContext, found: string): InvalidInputError {
  const facts = { reference: nameOf(context.model), registry: context.host };
  return new InvalidInputError(messageOf(context, found), facts);
}

function messageOf({ model, title }: HubErrorContext, found: string): string {
  return `Cannot read ${quote(nameOf(model))} from ${title}: ${found}`;
}

/** `owner/name@revision`. */
function nameOf({ repository, revision }: RepositoryName): string {
  return revision === undefined ? repository : `${repository}@${revision}`;
}
