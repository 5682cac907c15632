/**
 * What a token server answers.
 * See https://distribution.github.io/distribution/spec/auth/token/#token-response-fields
 * @module
 */
import * as form from "../../core/shapes/form.ts";

/** What a token is good for when the server does not say how long, in seconds. */
const DEFAULT_LIFETIME = 60;

/** Seconds before its end from which a token is not used any more. */
const SLACK = 10;

/** A token and the time until which it is used. */
export interface Token {
  /** What goes into the Authorization header. */
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly usableUntil: number;
}

/** What can stand in an Authorization header: visible ASCII and nothing else. */
const token = form.lenient(form.matching(/^[\x21-\x7e]+$/));

const answer = form.map({
  token,
  access_token: token,
  expires_in: form.otherwise(form.lenient(form.number((value) => value > 0)), DEFAULT_LIFETIME),
});

/** The token of a server's answer and its time; `undefined` when there is none that can be sent. */
export function parseToken(body: Uint8Array<ArrayBuffer>, now: number): Token | undefined {
  const said = form.inForm(answer, parse(body)).value;
  // The caller says that there is no token.
  if (said === undefined) return undefined;
  const value = said.token ?? said.access_token;
  const usable = Math.max(said.expires_in - SLACK, said.expires_in / 2);
  return value === undefined ? undefined : { value, usableUntil: now + usable * 1000 };
}

function parse(body: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
