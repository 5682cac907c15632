/** A server in front of another one: it counts what is asked, and may answer itself. @module */

/** Passes a request on and gives the answer. */
export type Forward = () => Promise<Response>;

/** A proxy that runs until it is disposed. */
export interface ReverseProxy extends AsyncDisposable {
  /** Host and port that it listens on. */
  readonly address: string;
  /** Every request so far, as `METHOD /path?query`, with its range where it has one. */
  readonly requests: string[];
  /** Answers a request; passes it on when absent. */
  answer?: (request: Request, forward: Forward) => Promise<Response> | Response;
}

/** Starts a proxy in front of a server of plain HTTP, given as host and port. */
export function startReverseProxy(target: string): ReverseProxy {
  const requests: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    const range = request.headers.get("x-ms-range") ?? request.headers.get("range");
    requests.push([request.method, pathname + search, range].filter((part) => part).join(" "));
    const forward = () => passOn(request, `http://${target}${pathname}${search}`);
    return proxy.answer ? proxy.answer(request, forward) : forward();
  });
  const proxy: ReverseProxy = {
    address: `127.0.0.1:${server.addr.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return proxy;
}

async function passOn(request: Request, url: string): Promise<Response> {
  const { method, headers, body } = request;
  return await fetch(url, { method, headers, body, redirect: "manual" });
}

/** An answer that promises the whole body of another and ends after half of it. */
export function cutInHalf(response: Response, beforeCut?: () => void | Promise<void>): Response {
  const length = Number(response.headers.get("content-length"));
  let left = Math.floor(length / 2);
  const half = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      controller.enqueue(chunk.subarray(0, left));
      left -= Math.min(left, chunk.byteLength);
      if (left > 0) return;
      await beforeCut?.();
      // Fewer bytes than were promised: the server closes the connection.
      controller.terminate();
    },
  });
  return new Response(response.body?.pipeThrough(half) ?? null, response);
}
