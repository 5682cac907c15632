/**
 * Requests that write, of which a registry says that they belong elsewhere.
 *
 * Redirects of requests that read are followed below; the body of an upload is a stream, which can
 * be sent again only by who can open its source again.
 * @module
 */
import { discard } from "../http/bodies.ts";
import {
  checkRefusal,
  HOP_LIMIT,
  keepsMethod,
  redirectTarget,
  tooManyHops,
} from "../http/redirects.ts";
import type { Channel, RequestParts } from "./session.ts";

/** What to send, and where to first. */
export interface MovableRequest {
  /** A URL, or a path below the repository. */
  readonly url: string | URL;
  /** Makes what goes with the request, anew for each place. */
  readonly parts: () => RequestParts;
}

/**
 * Sends a request, to the next place where a registry answers 307 or 308, and gives the answer with
 * the URL that gave it.
 * @throws {TransferError} for a redirect that must not be followed, or more than ten of them.
 * @throws {AccessDeniedError} when another origin refuses what was sent on to it.
 */
export async function sendFollowing(
  channel: Channel,
  method: string,
  { url: target, parts }: MovableRequest,
): Promise<{ readonly response: Response; readonly url: URL }> {
  const first = parts();
  const base = await channel.session.base(first.signal);
  const start = channel.url(target, base);
  let url = start;
  let response = await channel.send(method, url, first);
  for (let hops = 0; keepsMethod(response); hops++) {
    await discard(response);
    if (hops === HOP_LIMIT) throw tooManyHops(base);
    url = redirectTarget(response, base, url);
    response = await channel.send(method, url, parts());
  }
  return { response: await checkRefusal(response, start, url), url };
}
