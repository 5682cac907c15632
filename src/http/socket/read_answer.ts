/**
 * The answer to a request, as it comes in on a connection.
 * @module
 */
import { BadMessage } from "../../core/http1/bad_message.ts";
import type { Input } from "../../core/http1/input.ts";
import { type AnswerHead, parseAnswer } from "./answer_head.ts";

/** Interim answers that are passed over; a server that is busy sends one now and then. */
const INTERIM_LIMIT = 100;

/**
 * Reads the head of the answer to a request with a method, past interim ones. `begun` is called
 * when bytes of one come.
 * @throws {BadMessage} when one is malformed, ambiguous or too large, or no final one comes.
 */
export async function readAnswer(
  input: Input,
  method: string,
  begun: () => void = () => {},
): Promise<AnswerHead> {
  for (let count = 0; count < INTERIM_LIMIT; count++) {
    const text = await input.head(begun);
    if (text === undefined) throw new Error("The connection was closed before the answer");
    const head = parseAnswer(text, method);
    if (head.status >= 200) return head;
    if (head.status === 101) break;
  }
  throw new BadMessage(502, "The server does not come to an answer");
}
