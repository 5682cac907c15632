/**
 * The `modelops` program: `deno run -A cli.ts`, by path or by URL.
 * @module
 */
import { main } from "./src/cli/main.ts";

if (import.meta.main) await main();
