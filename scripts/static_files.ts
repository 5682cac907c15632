/** A folder over HTTP, as a web host would serve it. @module */
import { extname } from "node:path";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ts": "text/typescript; charset=utf-8",
};

/** Answers GET with the files below a folder, given as a `file:` URL that ends in a slash. */
export function staticFiles(root: URL): (request: Request) => Promise<Response> {
  return async (request) => {
    // A URL has no ".." left when it comes here.
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
