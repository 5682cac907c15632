// deno-lint-ignore-file no-console -- this program is the command line of the package
/**
 * Runs the bundle that lies beside this file with the Deno that npm has installed. This part runs
 * in Node.
 * @module
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";

const BUNDLE = fileURLToPath(new URL("./bundle/modelops.js", import.meta.url));

/** The file of the runtime; npm may have been told to run no scripts, so it may not be linked yet. */
function runtime() {
  try {
    return createRequire(import.meta.url)("deno/install_api.cjs").runInstall();
  } catch (error) {
    console.error(`error: Cannot find Deno, which npm should have installed: ${error.message}`);
    process.exit(1);
  }
}

/** Runs the program under a name, to its end, and ends as it does. */
export function launch(name) {
  const args = ["run", "-A", "--quiet", "--no-config", "--no-lock", BUNDLE];
  const child = spawn(runtime(), [...args, ...process.argv.slice(2)], {
    argv0: name,
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // A terminal interrupts both; twice would stop the program at once.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`error: Cannot start Deno: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}
