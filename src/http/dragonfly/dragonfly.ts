/**
 * Content by way of a Dragonfly daemon, which gets it from other machines that have it already.
 *
 * The daemon's HTTP proxy takes the request as the server would (its mirror mode), with headers
 * that name the server. It is not trusted: whoever takes the content compares its digest, and says
 * when it was wrong; it is then asked for at the server itself. See
 * https://github.com/dragonflyoss/client/blob/main/dragonfly-client/src/proxy/header.rs
 * @module
 */
import { AccessDeniedError, isAbort, ModelOpsError, TransferError } from "../../core/errors.ts";
import type { Log } from "../../core/operation.ts";
import { completePolicy, type RetryPolicy } from "../../core/retry.ts";
import { base64, quote } from "../../core/text.ts";
import { discard } from "../bodies.ts";
import { retrying } from "../retrying.ts";
import type { AnswerHints, Transport } from "../transport_options.ts";
import { proxyOfSocket } from "./proxy_of_socket.ts";
import { checkDragonfly, type DragonflySettings, parseDragonflyEndpoint } from "./settings.ts";

/** How a daemon is reached. */
export interface DragonflyNetwork {
  /** Sends requests to the daemon itself, by no proxy. */
  readonly transport: Transport;
  /** How requests are tried again where the daemon has to help. */
  readonly retry?: RetryPolicy;
  readonly log?: Log;
}

/** The headers of a request that the daemon gets too. */
const PASSED_HEADERS = ["Accept", "If-Range", "Range", "User-Agent"];

/** Milliseconds without an answer after which the server itself is asked. */
const DAEMON_SILENCE = 60_000;

/** The header that tells an answer of trouble from one with content. */
const ERROR_TYPE = "X-Dragonfly-Error-Type";

/** Contents that may come wrong before the daemon is asked for nothing more. */
const WRONG_CONTENTS = 3;

/**
 * How often bytes may be asked for again that were on their way already, where nobody keeps them.
 */
const REPEATS = 3;

/** Where the daemon is, and with what it is entered. */
interface Daemon {
  readonly url: URL;
  readonly login?: string;
}

/** A daemon, as one client sees it. */
export class Dragonfly {
  readonly #settings: DragonflySettings;
  readonly #network: DragonflyNetwork;
  readonly #send: Transport;
  #daemon: Promise<Daemon> | undefined;
  #isDown = false;
  #hasWarned = false;
  /** Servers that want a login which the daemon is not shown. */
  readonly #closed = new Set<string>();
  /** How often the daemon has answered for some bytes: URL and end of the range. */
  readonly #answered = new Map<string, number>();
  /** Content that came from the daemon. */
  readonly #delivered = new Set<string>();
  /** Content that came wrong. */
  readonly #distrusted = new Set<string>();

  /**
   * Makes a client of a daemon; nothing is sent.
   * @throws {InvalidInputError} when the settings make no sense.
   */
  constructor(settings: DragonflySettings, network: DragonflyNetwork) {
    checkDragonfly(settings);
    this.#settings = settings;
    this.#network = network;
    const policy = completePolicy(network.retry);
    this.#send = retrying(network.transport, {
      ...policy,
      attempts: settings.required ? policy.attempts : 1,
      stallTime: Math.min(policy.stallTime, DAEMON_SILENCE),
    });
  }

  /**
   * A transport that asks the daemon for what `isShared` says, and `direct` for everything else and
   * for what the daemon does not have.
   * @throws {TransferError} where the daemon has to help and does not.
   */
  around(direct: Transport, isShared: (request: Request) => boolean): Transport {
    return async (request, hints) => {
      const daemon = await (this.#daemon ??= findDaemon(this.#settings));
      if (!isShared(request) || !this.#isAsked(request, hints)) return await direct(request, hints);
      const answer = await this.#ask(daemon, request, hints);
      if (answer === "challenged") return await this.#challenge(direct, request, hints);
      return answer ?? await direct(request, hints);
    };
  }

  /**
   * Told that content at a URL failed: `true` when it came from the daemon, and comes from the
   * server itself when it is asked for again.
   */
  distrust(url: URL, failure: unknown): boolean {
    const key = keyOf(url);
    const isFault = failure instanceof ModelOpsError &&
      (failure.kind === "integrity" || failure.kind === "transfer");
    if (!isFault || !this.#delivered.has(key) || this.#distrusted.has(key)) return false;
    this.#distrusted.add(key);
    const what = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
    const wrong = failure.kind === "integrity" ? "sent wrong bytes of" : "did not bring";
    const then = this.#settings.required ? "" : `: fetching it from ${url.host}`;
    this.#network.log?.("warning", `Dragonfly at ${this.#shown} ${wrong} ${quote(what)}${then}`);
    if (this.#distrusted.size === WRONG_CONTENTS && !this.#settings.required) {
      this.#isDown = true;
      this.#warn(`${WRONG_CONTENTS} contents came wrong`, url);
    }
    return !this.#settings.required;
  }

  get #shown(): string {
    return this.#settings.endpoint.replace(/\/\/[^/@]*@/, "//");
  }

  #isAsked(request: Request, hints?: AnswerHints): boolean {
    const url = new URL(request.url);
    if (this.#settings.required) return true;
    if (this.#isDown || this.#closed.has(url.origin) || this.#distrusted.has(keyOf(url))) {
      return false;
    }
    const { start, key } = rangeOf(request);
    const times = this.#answered.get(key) ?? 0;
    const most = start > 0 || hints?.bytesToFile !== undefined ? 1 : REPEATS;
    if (times < most) return true;
    this.#warn("it broke off", url);
    return false;
  }

  /**
   * What the server says for itself where the daemon brought its 401: whoever answers there would
   * otherwise say where passwords go. Headers that come twice are lost on the way, too.
   */
  async #challenge(
    direct: Transport,
    request: Request,
    hints: AnswerHints | undefined,
  ): Promise<Response> {
    const response = await direct(request, hints);
    if (!this.#settings.required || response.status === 401) return response;
    await discard(response);
    throw this.#failed(`status 401, where ${new URL(request.url).host} lets us in`);
  }

  /**
   * The answer of the daemon; `"challenged"` for the server's wish for a login, which may be shown
   * to it, and `undefined` when the server itself is to be asked.
   */
  async #ask(
    daemon: Daemon,
    request: Request,
    hints: AnswerHints | undefined,
  ): Promise<Response | "challenged" | undefined> {
    const url = new URL(request.url);
    const response = await this.#reach(daemon, request, hints);
    if (response === undefined) return undefined;
    // Trouble with what a server answered comes with the status of that answer, 200 too.
    if (!response.ok || response.headers.has(ERROR_TYPE)) {
      return await this.#refused(response, daemon, url);
    }
    const { key } = rangeOf(request);
    this.#answered.set(key, (this.#answered.get(key) ?? 0) + 1);
    this.#delivered.add(keyOf(url));
    return response;
  }

  /** Whatever the daemon answers; `undefined` where it does not, and need not. */
  async #reach(
    daemon: Daemon,
    request: Request,
    hints: AnswerHints | undefined,
  ): Promise<Response | undefined> {
    try {
      return await this.#send(this.#requestTo(daemon, request), hints);
    } catch (error) {
      if (isAbort(error, request.signal) || !(error instanceof TransferError)) throw error;
      if (this.#settings.required) throw this.#failed(error.message, error);
      this.#isDown = true;
      this.#warn(error.message, new URL(request.url));
      return undefined;
    }
  }

  /** What becomes of an answer that is no content. */
  async #refused(
    response: Response,
    daemon: Daemon,
    url: URL,
  ): Promise<Response | "challenged" | undefined> {
    const { status, headers } = response;
    const { required, forwardAuth } = this.#settings;
    // A redirect is nothing that a daemon answers: it follows those of servers itself.
    const isServers = headers.get(ERROR_TYPE)?.toLowerCase() === "backend" && status >= 400;
    if (isServers && status !== 401 && required) return response;
    await discard(response);
    if (isServers && status === 401) {
      return forwardAuth ? "challenged" : this.#wantsLogin(url, daemon);
    }
    const reason = `status ${status}`;
    if (required) throw this.#failed(reason);
    // What the server said is asked for again there, where it may have a login.
    if (isServers) this.#network.log?.("info", `${url.host} answered Dragonfly with ${reason}`);
    else this.#warn(`it answered with ${reason}`, url);
    return undefined;
  }

  #wantsLogin(url: URL, { login }: Daemon): undefined {
    // A daemon with a login of its own passes that on in the one header that there is.
    const isShowable = login === undefined;
    if (this.#settings.required) {
      throw new AccessDeniedError(
        `Cannot fetch from ${quote(url.host)} through Dragonfly: it wants a login`,
        {
          registry: url.host,
          remedy: isShowable
            ? "add --dragonfly-forward-auth to show it to the daemon"
            : "use a daemon without a login of its own, with --dragonfly-forward-auth",
        },
      );
    }
    this.#closed.add(url.origin);
    const then = isShowable
      ? "which --dragonfly-forward-auth would show to it"
      : "which cannot be shown to a daemon that wants one itself";
    this.#warn(`${url.host} wants a login, ${then}`, url);
  }

  #failed(reason: string, cause?: unknown): TransferError {
    return new TransferError(`Cannot fetch through Dragonfly at ${this.#shown}: ${reason}`, {
      cause,
      remedy: "leave out --dragonfly-required to go on without it",
    });
  }

  #warn(reason: string, { host }: URL): void {
    const message = `Dragonfly at ${this.#shown} is not used: ${reason}`;
    this.#network.log?.(this.#hasWarned ? "info" : "warning", message, { server: host });
    this.#hasWarned = true;
  }

  #requestTo({ url: daemon, login }: Daemon, request: Request): Request {
    const { tag, application = "modelops", priority, forwardAuth } = this.#settings;
    const { origin, pathname, search, searchParams } = new URL(request.url);
    const headers = new Headers({
      "X-Dragonfly-Registry": origin,
      "X-Dragonfly-Use-P2P": "true",
      "X-Dragonfly-Enable-Task-ID-Based-Blob-Digest": "true",
      "X-Dragonfly-Application": application,
    });
    if (tag !== undefined) headers.set("X-Dragonfly-Tag", tag);
    if (priority !== undefined) headers.set("X-Dragonfly-Priority", String(priority));
    // Signatures differ from one URL to the next of the same content.
    const names = [...new Set(searchParams.keys())].filter((name) => /^[\w.~-]+$/.test(name));
    if (names.length > 0) headers.set("X-Dragonfly-Filtered-Query-Params", names.join(","));
    for (const name of forwardAuth ? [...PASSED_HEADERS, "Authorization"] : PASSED_HEADERS) {
      const value = request.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    if (login !== undefined) headers.set("Authorization", `Basic ${base64(login)}`);
    return new Request(new URL(pathname + search, daemon), { headers, signal: request.signal });
  }
}

async function findDaemon(settings: DragonflySettings): Promise<Daemon> {
  const endpoint = parseDragonflyEndpoint(settings.endpoint);
  if (endpoint.kind === "proxy") return endpoint;
  return { url: await proxyOfSocket(endpoint.path, settings.configFile) };
}

/** What tells a content from others, whatever signs its URL. */
function keyOf({ origin, pathname }: URL): string {
  return origin + pathname;
}

/**
 * Where the bytes begin that a request asks for, and what they are when they are asked for again.
 */
function rangeOf(request: Request): { readonly start: number; readonly key: string } {
  const [, first = "0", last = ""] =
    /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("Range") ?? "") ??
      [];
  return { start: Number(first), key: `${keyOf(new URL(request.url))} ${last}` };
}
