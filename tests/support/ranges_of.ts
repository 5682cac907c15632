/** A server of one file, as a function. @module */

/** Answers every request with the bytes that it asks for, as the hubs of models do. */
export function rangesOf(bytes: Uint8Array): typeof fetch {
  return async (_input, init) => {
    const range = new Headers(init?.headers).get("range");
    const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
    const start = Number(from);
    const end = Math.min(bytes.byteLength, to === "" ? Infinity : Number(to) + 1);
    const headers = {
      "content-length": String(end - start),
      "content-range": `bytes ${start}-${end - 1}/${bytes.byteLength}`,
      "etag": '"1"',
    };
    const body = init?.method === "HEAD" ? null : bytes.slice(start, end);
    return new Response(body, { status: range === null ? 200 : 206, headers });
  };
}
