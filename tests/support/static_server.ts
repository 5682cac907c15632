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
    // A URL has no ".." left when it comes here, and an encoded one does not leave the root.
    const file = new URL(`.${new URL(request.url).pathname}`, root);
    const contentType = CONTENT_TYPES[extname(file.pathname)];
    if (contentType === undefined || !file.href.startsWith(root.href)) return notFound();
    try {
      return new Response(await Deno.readFile(file), { headers: { "content-type": contentType } });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return notFound();
      throw error;
    }
  };
}

function notFound(): Response {
  return new Response("not found\n", { status: 404 });
}
