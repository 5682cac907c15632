/**
 * `deno task docs-serve [--port PORT]`: the documentation that `deno task docs` made, on this
 * machine only.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { parseArgs } from "node:util";
import { staticFiles } from "./static_files.ts";

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
  await Deno.serve({ hostname: "127.0.0.1", port, onListen }, staticFiles(root)).finished;
}
