/** A server of a home's store, asked over HTTP. @module */
import { type ServeOptions, serveStore } from "../../../src/library/serve.ts";
import type { Home } from "../../cli/support.ts";

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A server, and a way to ask it. */
export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly address: string;
  ask(path: string, init?: RequestInit): Promise<Answer>;
  /** The document at a path of the API, whose status must be 200. */
  // deno-lint-ignore no-explicit-any
  json(path: string, parameters?: Readonly<Record<string, string>>): Promise<any>;
}

/** Serves a store until it is disposed. */
export async function serveFolder(
  storageDir: string,
  options: Partial<ServeOptions> = {},
): Promise<Served> {
  const stop = new AbortController();
  const { signal } = stop;
  const server = await serveStore({ storageDir }, { address: "127.0.0.1:0", signal, ...options });
  async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const { status, headers, ...response } = await fetch(server.url + path, init)
      .then(async (answer) => ({
        status: answer.status,
        headers: answer.headers,
        text: await answer.text(),
      }));
    return { status, headers, text: response.text };
  }
  return {
    url: server.url,
    address: server.address,
    ask,
    async json(path, parameters = {}) {
      const query = new URLSearchParams(parameters);
      const { status, text } = await ask(`${path}?${query}`);
      if (status !== 200) throw new Error(`${path}?${query} answers ${status}: ${text}`);
      return JSON.parse(text);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

/** Serves the store of a home. */
export function serveHome(home: Home, options: Partial<ServeOptions> = {}): Promise<Served> {
  return serveFolder(home.at(".modctl"), options);
}

/** Builds a model of these files in the store of a home. */
export async function build(
  home: Home,
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  ...flags: string[]
): Promise<void> {
  const folder = crypto.randomUUID();
  for (const [path, content] of Object.entries(files)) {
    await home.folder.write(`${folder}/${path}`, content);
  }
  await home.done("build", home.at(folder), "-t", name, ...flags);
}
