/**
 * `deno task docs-serve [--port PORT]`: the documentation that `deno task docs` made, on this
 * machine only.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { extname } from "node:path";
import { parseArgs } from "node:util";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Answers GET with the files below a folder, given as a `file:` URL that ends in a slash. */
export function serveFolder(root: URL): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url);
    const file = new URL(`.${pathname}${pathname.endsWith("/") ? "index.html" : ""}`, root);
    const type = CONTENT_TYPES[extname(file.pathname)];
    // A name with an encoded slash would leave the folder.
    if (type === undefined || /%2f|%5c/i.test(file.pathname)) return notFound();
    try {
      return new Response(await Deno.readFile(file), { headers: { "content-type": type } });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return notFound();
      throw error;
    }
  };
}

function notFound(): Response {
  return new Response("not found\n", { status: 404 });
}

/** A port number, 0 for a free one. */
export function readPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  return port <= 65535 ? port : undefined;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "8080" } } });
  const port = readPort(values.port);
  if (port === undefined) {
    console.error(`Cannot serve on port "${values.port}": want a number from 0 to 65535`);
    Deno.exit(2);
  }
  const onListen = ({ port }: Deno.NetAddr) => console.log(`http://127.0.0.1:${port}/`);
  const root = new URL("../dist/docs/", import.meta.url);
  try {
    await Deno.stat(new URL("index.html", root));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("Cannot show the documentation: it is not made yet; run `deno task docs` first");
    Deno.exit(1);
  }
  await Deno.serve({ hostname: "127.0.0.1", port, onListen }, serveFolder(root)).finished;
}
