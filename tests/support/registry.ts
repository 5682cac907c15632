/**
 * What end-to-end tests need: real registries, and a real client that is not ours.
 * @module
 */
import { findTool, missingTools, requireTool } from "../../scripts/services.ts";
import type { ToolName } from "../../scripts/services.ts";
import { runOk } from "./command.ts";

export { startAzurite, startRegistry } from "../../scripts/services.ts";
export type { RegistryOptions, RunningAzurite, RunningService } from "../../scripts/services.ts";

/** What a test depends on. */
export interface Needs {
  /** Programs that the test runs. */
  readonly needs: readonly ToolName[];
}

/**
 * Registers a test that runs real programs. When one is missing the test fails where `CI` is set,
 * and is skipped with a notice elsewhere.
 */
export function e2eTest(
  name: string,
  { needs }: Needs,
  fn: (context: Deno.TestContext) => void | Promise<void>,
): void {
  const missing = missingTools(needs);
  const inCi = (Deno.env.get("CI") ?? "") !== "";
  if (missing.length > 0 && !inCi) notice(name, missing);
  Deno.test({
    name,
    ignore: missing.length > 0 && !inCi,
    async fn(context) {
      for (const tool of needs) requireTool(tool);
      await fn(context);
    },
  });
}

function notice(name: string, missing: readonly ToolName[]): void {
  noteSkipped(name, `${missing.join(" and ")} not installed`);
}

/** Says that a test is skipped, and why, where everyone sees it. */
export function noteSkipped(name: string, reason: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`SKIPPED "${name}": ${reason}\n`));
}

/**
 * Runs `skopeo` and returns its standard output.
 * @throws {Error} with all that it printed when it fails.
 */
export async function skopeo(...args: string[]): Promise<string> {
  const program = findTool("skopeo") ?? "skopeo";
  // Debian's policy file comes with another package; what is copied here is ours anyway.
  return (await runOk(program, ["--insecure-policy", ...args])).stdout;
}
