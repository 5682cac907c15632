/**
 * Answers whose bodies are in another thread.
 * @module
 */
import type { Log } from "../core/operation.ts";
import { onAbort } from "../core/waiting/on_abort.ts";
import type { AnswerHints, Transport, TransportOptions } from "../http/transport_options.ts";
import type { Head, Order, SentReceived } from "./exchange.ts";
import { errorOf } from "./plain_error.ts";
import { isForThisThread, runElsewhere, runsElsewhere, WorkerFailure } from "./pool.ts";
import type { FilePlace, Received } from "./receive.ts";
import { runHere, type TellOptions } from "./telling.ts";
import { taskHere } from "./this_thread.ts";

/** A body that another thread holds. */
interface RemoteBody {
  toFile(place: FilePlace, onBytes?: (bytes: number) => void): Promise<Received>;
}

const remoteBodies = new WeakMap<Response, RemoteBody>();

/**
 * A transport that has another thread receive what goes into a file, where there is much of it.
 * `network` describes what `transport` was made from.
 */
export function offloaded(
  transport: Transport,
  network: TransportOptions,
  log?: Log,
): Transport {
  const plain = plainOptions(network);
  return async (request, hints) => {
    const elsewhere = request.body === null && runsElsewhere(hints?.bytesToFile ?? 0);
    if (!elsewhere) return await transport(request, hints);
    if (isForThisThread()) {
      using _here = taskHere();
      return await transport(request, hints);
    }
    try {
      return await sendElsewhere(request, plain, hints);
    } catch (error) {
      if (!(error instanceof WorkerFailure)) throw error;
      log?.("debug", `Receiving in place, for lack of workers: ${error.message}`);
      return await transport(request, hints);
    }
  };
}

/** The options alone: what else a client was made with cannot be sent to another thread. */
function plainOptions(options: TransportOptions): TransportOptions {
  const { caCerts, authorities, cert, key, insecure, proxy, stallTime, ...rest } = options;
  const { userAgent, maxRate } = rest;
  return { caCerts, authorities, cert, key, insecure, proxy, stallTime, userAgent, maxRate };
}

/**
 * Sends a request without a body from another thread and gives its answer. The body can be read
 * like any other; {@linkcode bodyToFile} spares its bytes the way through this thread.
 */
async function sendElsewhere(
  request: Request,
  network: TransportOptions,
  { namedBy, insideOnly, bytesToFile }: AnswerHints = {},
): Promise<Response> {
  request.signal.throwIfAborted();
  const { port1: port, port2 } = new MessageChannel();
  const order = (what: Order) => port.postMessage(what);
  const messages = messagesOf(port);
  let report: ((bytes: number) => void) | undefined;
  const { signal } = request;
  const stopping = onAbort(signal, () => order({ kind: "stop" }));
  const task = runElsewhere("exchange", {
    url: request.url,
    method: request.method,
    headers: [...request.headers],
    hints: { namedBy, insideOnly, bytesToFile },
    network,
    port: port2,
  }, { signal, transfer: [port2], onBytes: (bytes) => report?.(bytes) });
  const ended = task.finally(() => {
    stopping[Symbol.dispose]();
    port.close();
  });
  // Whoever waits for the end is told of a failure; when nobody does, there is nobody to tell.
  ended.catch(() => undefined);
  const head = await Promise.race([messages.next<Head>(), ended.then(neverWithoutHead)]);
  const body = bodyOf(order, messages, ended);
  const response = await responseOf(head, body).catch(async (error) => {
    await body.cancel();
    throw error;
  });
  remoteBodies.set(response, {
    toFile: async (place, onBytes) => {
      report = onBytes;
      order({ kind: "file", place });
      const received = await ended as SentReceived | undefined;
      signal.throwIfAborted();
      if (received === undefined) throw new Error("The body was dropped before it came");
      const { fault } = received;
      return { ...received, fault: fault && errorOf(fault) };
    },
  });
  return response;
}

/** Statuses of answers that cannot have a body. */
const WITHOUT_BODY = [101, 103, 204, 205, 304];

async function responseOf(
  { status, headers }: Head,
  body: ReadableStream<Uint8Array>,
): Promise<Response> {
  const init = {
    status,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  };
  if (!WITHOUT_BODY.includes(status)) return new Response(body, init);
  await body.cancel();
  return new Response(null, init);
}

function neverWithoutHead(): never {
  throw new Error("The exchange ended before its answer");
}

/** Reads the body over, chunk by chunk; whoever cancels it frees the connection. */
function bodyOf(
  order: (what: Order) => void,
  messages: { next<Message>(): Promise<Message> },
  ended: Promise<unknown>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      order({ kind: "chunk" });
      const chunk = await Promise.race([
        messages.next<Uint8Array | null>(),
        ended.then(() => null),
      ]);
      if (chunk === null) controller.close();
      else controller.enqueue(chunk);
    },
    async cancel() {
      order({ kind: "drop" });
      // A connection that broke already needs no closing.
      await ended.catch(() => undefined);
    },
  }, { highWaterMark: 0 });
}

/** The messages of a port, each asked for when it is wanted. */
function messagesOf(port: MessagePort): { next<Message>(): Promise<Message> } {
  const arrived: unknown[] = [];
  let waiting: ((message: unknown) => void) | undefined;
  port.onmessage = ({ data }) => {
    if (waiting) waiting(data);
    else arrived.push(data);
    waiting = undefined;
  };
  return {
    next: <Message>() =>
      arrived.length > 0
        ? Promise.resolve(arrived.shift() as Message)
        : new Promise<Message>((resolve) => waiting = resolve as (message: unknown) => void),
  };
}

/**
 * Writes the body of an answer into a file: in the thread that has it.
 * @throws {TransferError} when the file cannot be written.
 */
export async function bodyToFile(
  response: Response,
  place: FilePlace,
  options: TellOptions = {},
): Promise<Received> {
  const remote = remoteBodies.get(response);
  if (remote) return await remote.toFile(place, options.onBytes);
  using _here = taskHere();
  const { receiveBody } = await import("./receive.ts");
  return await runHere(options, (control) => receiveBody(response.body, place, control));
}
