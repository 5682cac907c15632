/**
 * An exchange with a server whose body stays in the thread that has the connection.
 *
 * The thread that asks gets status and headers, decides what they mean, and orders what becomes of
 * the body: it goes to a file, or over in chunks, or nowhere.
 * @module
 */
import { createTransport, type DisposableTransport } from "../http/transport.ts";
import type { AnswerHints, TransportOptions } from "../http/transport_options.ts";
import { type FilePlace, receiveBody, type Received } from "./receive.ts";
import { type PlainError, plainError } from "./plain_error.ts";
import { type TaskControl, TaskStopped } from "./task.ts";

/** What to send, and from where orders come. */
export interface ExchangeInput {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly hints: Pick<AnswerHints, "namedBy" | "insideOnly" | "bytesToFile">;
  /** How the network is reached. */
  readonly network: TransportOptions;
  /** Takes a {@linkcode Head}, then answers to orders; gives {@linkcode Order}s. */
  readonly port: MessagePort;
}

/** The beginning of an answer. */
export interface Head {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
}

/** What came, on its way to the thread that asked. */
export type SentReceived = Omit<Received, "fault"> & { readonly fault?: PlainError };

/** What becomes of a body. */
export type Order =
  | { readonly kind: "chunk" }
  | { readonly kind: "file"; readonly place: FilePlace }
  | { readonly kind: "drop" }
  | { readonly kind: "stop" };

/**
 * Sends a request and follows the orders for its body; gives what came when that went to a file.
 */
export async function exchange(
  input: ExchangeInput,
  control: TaskControl,
): Promise<SentReceived | undefined> {
  const { port, url, method, hints } = input;
  const stop = new AbortController();
  const orders = new OrderQueue(port, (reason) => stop.abort(reason));
  try {
    const headers = input.headers.map(([name, value]): [string, string] => [name, value]);
    const request = new Request(url, { method, headers, signal: stop.signal });
    const response = await transportFor(input.network).send(request, hints);
    port.postMessage({ status: response.status, headers: [...response.headers] } satisfies Head);
    return await followOrders(orders, response, { port, control });
  } catch (error) {
    if (stop.signal.reason instanceof BodyDropped) return undefined;
    throw error;
  } finally {
    port.close();
  }
}

async function followOrders(
  orders: OrderQueue,
  { body }: Response,
  { port, control }: { readonly port: MessagePort; readonly control: TaskControl },
): Promise<SentReceived | undefined> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  for (;;) {
    const order = await orders.next();
    if (order.kind === "file") {
      const { fault, ...received } = await receiveBody(body, order.place, control);
      return { ...received, fault: fault === undefined ? undefined : plainError(fault) };
    }
    if (order.kind !== "chunk") {
      await (reader ?? body)?.cancel().catch(() => undefined);
      return undefined;
    }
    reader ??= body?.getReader();
    const chunk = (await reader?.read())?.value ?? null;
    port.postMessage(chunk, chunk ? [chunk.buffer as ArrayBuffer] : []);
    if (chunk === null) return undefined;
  }
}

/** Why a read ends whose bytes nobody wants any more. */
class BodyDropped extends Error {}

/** Orders as they come; one that ends the exchange counts at once, whatever is waited for. */
class OrderQueue {
  readonly #orders: Order[] = [];
  #waiting: ((order: Order) => void) | undefined;

  constructor(port: MessagePort, end: (reason: Error) => void) {
    port.onmessage = ({ data }: MessageEvent<Order>) => {
      if (data.kind === "stop") end(new TaskStopped());
      if (data.kind === "drop") end(new BodyDropped());
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting) waiting(data);
      else this.#orders.push(data);
    };
  }

  next(): Promise<Order> {
    const order = this.#orders.shift();
    if (order) return Promise.resolve(order);
    return new Promise((resolve) => this.#waiting = resolve);
  }
}

/** The connections of this thread, by how the network is reached. */
const transports = new Map<string, DisposableTransport>();

function transportFor(network: TransportOptions): DisposableTransport {
  const key = JSON.stringify(network);
  const known = transports.get(key);
  if (known) return known;
  const made = createTransport(network);
  transports.set(key, made);
  return made;
}
