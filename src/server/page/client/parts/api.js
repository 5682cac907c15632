/**
 * What the registry answers to the page.
 * @module
 */

import { isAnswer } from "../values/answer_shape.js";

/** @import { Answers } from "../answers.d.ts" */

/** An answer that is none: the registry refused, or was not reached. */
export class RequestError extends Error {
  /**
   * @param {string} message
   * @param {number} status 0 where there was no answer.
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * Asks for one of the documents below `/_/`.
 * @template {keyof Answers} Name
 * @param {Name} name
 * @param {Readonly<Record<string, string | number | undefined>>} query
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answers[Name]>}
 */
export async function ask(name, query, signal) {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, `${value}`]]
  );
  const address = `_/${name}?${new URLSearchParams(given)}`;
  /** @type {Response} */
  let response;
  try {
    response = await fetch(address, { signal, headers: { accept: "application/json" } });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestError("The registry does not answer", 0);
  }
  if (!response.ok) throw new RequestError(await saidBy(response), response.status);
  /** @type {unknown} */
  let document;
  try {
    document = await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestError("The answer was cut off, or is not that of a registry", response.status);
  }
  if (isAnswer(name, document)) return /** @type {Answers[Name]} */ (document);
  throw new RequestError("The answer is not that of this registry", response.status);
}

/**
 * What an error document says.
 * @param {Response} response
 */
async function saidBy(response) {
  const fallback = `The registry answered ${response.status}`;
  try {
    const { errors } = await response.json();
    return `${errors?.[0]?.message ?? fallback}`;
  } catch {
    return fallback; // Not ours: a proxy that stands between.
  }
}
