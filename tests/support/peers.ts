/**
 * Programs of others that read and write what this one does. Nobody installs them here: a test
 * that needs one is skipped with a notice where it is not, also where `CI` is set.
 * @module
 */
import { findProgram, type ToolName } from "../../scripts/services.ts";
import { e2eTest } from "./registry.ts";

/** A program of others. */
interface Peer {
  /** Name of the command. */
  readonly command: string;
  /** Variable that names another place of it than the PATH. */
  readonly variable: string;
  /** What only its help says: this program is installed under the same names. */
  readonly help: RegExp;
}

const PEERS = {
  "modctl": {
    command: "modctl",
    variable: "MODCTL",
    help: /Use "modctl \[command\] --help"/,
  },
  "modelops-bundles (Python)": {
    command: "modelops-bundles",
    variable: "MODELOPS_BUNDLES",
    help: /\[OPTIONS\] COMMAND \[ARGS\]/,
  },
} as const satisfies Record<string, Peer>;

/** The name of a peer. */
export type PeerName = keyof typeof PEERS;

function helpOf(path: string): string {
  try {
    const { stdout } = new Deno.Command(path, { args: ["--help"], stderr: "null" }).outputSync();
    return new TextDecoder().decode(stdout);
  } catch {
    return ""; // No program at all.
  }
}

function findPeer({ command, variable, help }: Peer): string | undefined {
  const path = Deno.env.get(variable) || findProgram(command);
  return path !== undefined && help.test(helpOf(path)) ? path : undefined;
}

/** Registers a test with a peer, which gets the path of it. */
export function peerTest(
  name: string,
  { peer, needs }: { readonly peer: PeerName; readonly needs: readonly ToolName[] },
  fn: (path: string, context: Deno.TestContext) => Promise<void>,
): void {
  const path = findPeer(PEERS[peer]);
  if (path !== undefined) return e2eTest(name, { needs }, (context) => fn(path, context));
  const notice = `SKIPPED "${name}": ${peer} is not on the PATH\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(notice));
  Deno.test({ name, ignore: true, fn: () => {} });
}
