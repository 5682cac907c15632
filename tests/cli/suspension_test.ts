/** Ctrl-Z and `fg`, as the system tells of them. */
import assert from "node:assert/strict";

/** Says what it is told of, and stays until it is ended. */
const PROGRAM = `
  import { aroundSuspension } from ${
  JSON.stringify(import.meta.resolve("../../src/cli/suspension.ts"))
};
  const around = aroundSuspension({
    before: () => console.log("before"),
    after: () => {
      console.log("after");
      around[Symbol.dispose]();
    },
  });
  console.log("ready");
  setInterval(() => {}, 1000);
`;

/** The letter of what a process does: T where it is stopped. */
async function stateOf(pid: number): Promise<string | undefined> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  return /\) (\w)/.exec(stat)?.[1];
}

Deno.test({
  name: "what is to be done before and after a stop is done, and the process does stop",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", "--no-check", PROGRAM],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const seen: string[] = [];
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      seen.push(text.trim());
      if (text.startsWith("ready")) child.kill("SIGTSTP");
      if (text.startsWith("before")) {
        while (await stateOf(child.pid) !== "T");
        child.kill("SIGCONT");
      }
      if (text.startsWith("after")) child.kill("SIGKILL");
    }
    assert.deepEqual(seen, ["ready", "before", "after"]);
  },
});
