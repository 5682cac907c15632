/**
 * One connection: request after request, each answered before the next is read.
 * @module
 */
import { BadMessage } from "../../core/http1/bad_message.ts";
import { Input } from "../../core/http1/input.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { Body } from "./body.ts";
import { parseHead, type RequestHead } from "./head.ts";
import { sendResponse } from "./output.ts";
import { Patience, type PatienceLimits } from "./patience.ts";

/** Who asks, and what exactly. */
export interface Client {
  /** IP address of the other end. */
  readonly address: string;
  /** Path and query as they were sent: a `URL` would have resolved `..` already. */
  readonly target: string;
  /** Name of the user, where a password was checked. */
  user?: string;
}

/** Answers a request. It may leave the body unread. */
export type Handler = (request: Request) => Promise<Response> | Response;

const CLIENTS = new WeakMap<Request, Client>();

/** Who sent a request; `undefined` for one that came through no server. */
export function clientOf(request: Request): Client | undefined {
  return CLIENTS.get(request);
}

/** What was asked and answered, for logs and counters. */
export interface Answered {
  /** Who asked, and what. */
  readonly client: Client;
  /** Method of the request. */
  readonly method: string;
  /** Status of the answer. */
  readonly status: number;
  /** Bytes of the body that came. */
  readonly received: number;
  /** Bytes of the body that were sent. */
  readonly sent: number;
  /** From the end of the head to the end of the answer. */
  readonly milliseconds: number;
}

/** What a connection needs of its server. */
export interface ConnectionHost {
  readonly handler: Handler;
  readonly patience: PatienceLimits;
  readonly scheme: "http" | "https";
  /** Whether no further requests are wanted. */
  isStopping(): boolean;
  answered?(answered: Answered): void;
  /** Told what went wrong while an answer was made or sent. */
  failed(error: unknown): void;
}

/** Bytes of an unwanted body that are read, so that the client comes to read the answer. */
const LINGER_BYTES = 64 * 1024 * 1024;

/** How much of an unwanted body is worth reading to keep the connection. */
const SKIPPED_BYTES = 256 * 1024;

/** What takes part in one exchange. */
interface Exchange {
  readonly head: RequestHead;
  readonly client: Client;
  readonly body: Body;
  readonly begun: number;
}

/** A connection. */
export class Connection {
  /** How long the client may still be silent. */
  readonly patience: Patience;
  readonly #conn: Deno.Conn;
  readonly #host: ConnectionHost;
  readonly #input: Input;
  #isClosed = false;
  /** Where a request stands: none, its head comes, it is answered, or it came too slowly. */
  #state: "idle" | "head" | "busy" | "late" = "idle";

  /** Takes a connection over. */
  constructor(conn: Deno.Conn, host: ConnectionHost) {
    this.#conn = conn;
    this.#host = host;
    this.patience = new Patience(host.patience);
    this.#input = new Input((into) => conn.read(into));
  }

  /** Whether no request has come whole that is not answered yet. */
  get isIdle(): boolean {
    return this.#state !== "busy";
  }

  /** Answers requests until either side has had enough; it does not throw. */
  async run(): Promise<void> {
    try {
      while (!this.#isClosed && await this.#exchange());
    } catch (error) {
      if (error instanceof BadMessage) await this.#refuse(error);
      else if (!this.#isClosed && !isLost(error)) this.#host.failed(error);
    } finally {
      this.close();
    }
  }

  /** Ends the connection at once. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#conn.close();
  }

  /** Ends the connection of a client that has had its time; one that sent half a head is told. */
  giveUp(): void {
    if (this.#state !== "head") return this.close();
    this.#state = "late";
    const late = new BadMessage(408, "The request did not come in time");
    this.#refuse(late).finally(() => this.close());
  }

  /** One request and its answer; `false` when it was the last. */
  async #exchange(): Promise<boolean> {
    this.patience.idle();
    this.#state = "idle";
    if (this.#host.isStopping()) return false;
    const text = await this.#input.head(() => {
      this.patience.head();
      this.#state = "head";
    });
    if (text === undefined) return false;
    this.patience.rest();
    this.#state = "busy";
    // Whose requests are all here already could go on for ever, and keep others from being heard.
    await giveWay();
    const exchange = this.#begin(parseHead(text));
    const response = await this.#answer(exchange);
    return await this.#send(exchange, response);
  }

  #begin(head: RequestHead): Exchange {
    const address = this.#conn.remoteAddr as Deno.NetAddr;
    const client: Client = { address: address.hostname, target: head.target };
    const body = new Body(head, {
      read: head.length === "chunked"
        ? this.#input.chunkedBody()
        : this.#input.sizedBody(head.length),
      during: (work) => this.patience.during(work),
      invite: () => this.#write(CONTINUE),
    });
    return { head, client, body, begun: performance.now() };
  }

  async #answer({ head, client, body }: Exchange): Promise<Response> {
    const init: RequestInit & { duplex?: "half" } = {
      method: head.method,
      headers: head.headers,
      // Only these are allowed to have none.
      body: head.length === 0 || ["GET", "HEAD"].includes(head.method) ? undefined : body.stream(),
      duplex: "half",
    };
    try {
      const url = `${this.#host.scheme}://${head.host}${head.target}`;
      const request = new Request(url, init);
      CLIENTS.set(request, client);
      return await this.#host.handler(request);
    } catch (error) {
      this.#host.failed(error);
      return new Response("The server failed\n", { status: 500 });
    }
  }

  /** Sends the answer; `false` when the connection has to end with it. */
  async #send({ head, client, body, begun }: Exchange, response: Response): Promise<boolean> {
    const isOver = await this.#skipRest(body, response);
    const close = !head.keepAlive || !isOver || this.#host.isStopping();
    let sent = 0;
    try {
      const gone = isOver ? this.#gone() : undefined;
      const write = (bytes: Uint8Array) => this.#write(bytes);
      sent = await sendResponse(response, write, { request: head, close, gone });
    } finally {
      const milliseconds = performance.now() - begun;
      const { method } = head;
      const { status } = response;
      this.#host.answered?.({ client, method, status, received: body.bytes, sent, milliseconds });
    }
    if (close) await this.#linger(isOver ? undefined : body);
    return !close;
  }

  /** Reads what the handler left of the body, if it is little; whether the body is over. */
  async #skipRest(body: Body, response: Response): Promise<boolean> {
    try {
      return await body.skip(SKIPPED_BYTES);
    } catch (error) {
      await response.body?.cancel(error);
      throw error;
    }
  }

  /**
   * Settles when the client has left; bytes that come meanwhile are those of the next request. Who
   * has sent that already is not listened to: it could go on sending, and all would be kept.
   */
  #gone(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#input.hasMore) this.#input.fill().then((more) => more || resolve(), resolve);
    });
  }

  /** A connection that is closed while bytes come in loses the answer too (RFC 9112 §9.6). */
  async #linger(body: Body | undefined): Promise<void> {
    await this.#conn.closeWrite?.();
    if (body) await body.skip(LINGER_BYTES);
  }

  async #refuse({ status, message }: BadMessage): Promise<void> {
    try {
      const response = new Response(`${message}\n`, { status });
      await sendResponse(response, (bytes) => this.#write(bytes), { close: true });
      await this.#conn.closeWrite?.();
    } catch (error) {
      if (!isLost(error)) this.#host.failed(error);
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.byteLength;) {
      const rest = bytes.subarray(offset);
      offset += await this.patience.during(() => this.#conn.write(rest));
    }
  }
}

const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");

/** Whether an error is that of a connection that the other side, or we, have ended. */
function isLost(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.InvalidData ||
    error instanceof Deno.errors.NotConnected ||
    error instanceof Error && error.message === "The client is gone";
}
