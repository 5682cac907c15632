/**
 * What a token server answers.
 * See https://distribution.github.io/distribution/spec/auth/token/#token-response-fields
 * @module
 */

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

/** The token of a server's answer and its time; `undefined` when there is none that can be sent. */
export function parseToken(body: Uint8Array<ArrayBuffer>, now: number): Token | undefined {
  const answer = parseObject(body);
  const value = [answer.token, answer.access_token].find((token) => token && isToken(token));
  if (typeof value !== "string") return undefined;
  const said = answer.expires_in;
  const lifetime = typeof said === "number" && said > 0 ? said : DEFAULT_LIFETIME;
  const usable = Math.max(lifetime - SLACK, lifetime / 2);
  return { value, usableUntil: now + usable * 1000 };
}

function parseObject(body: Uint8Array<ArrayBuffer>): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {}; // The caller says that there is no token.
  }
}

/** Whether a value can stand in an Authorization header: visible ASCII and nothing else. */
function isToken(value: unknown): boolean {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}
