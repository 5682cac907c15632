import assert from "node:assert/strict";
import { tempFolder } from "../support/temp.ts";

/** What an error that nobody waits for comes from. */
const ORIGINS: Readonly<Record<string, string>> = {
  "a timer": `throw new TypeError("boom");`,
  "work that nobody waits for": `void Promise.reject(new TypeError("boom"));`,
  "an emitter without a listener": `new EventEmitter().emit("error", new TypeError("boom"));`,
  "a stream that pulls too late": `
    let controller;
    new ReadableStream({ start: (made) => controller = made });
    controller.close();
    try { controller.enqueue(1); } catch { throw new TypeError("boom"); }`,
};

/** Runs `serve` in a process where something goes wrong as soon as it listens. */
async function runWith(origin: string, ...args: string[]) {
  await using folder = await tempFolder();
  const main = new URL("../../src/cli/main.ts", import.meta.url).href;
  const script = await folder.write(
    "run.ts",
    `import { EventEmitter } from "node:events";
import { main } from ${JSON.stringify(main)};
void EventEmitter;
const { listen } = Deno;
Deno.listen = (options) => {
  setTimeout(() => { ${origin} });
  return listen(options);
};
await main();`,
  );
  const serve = ["serve", "--address", "127.0.0.1:0", "--storage-dir", folder.join("store")];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", script, ...args, ...serve],
    env: { HOME: folder.path, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return { code, text: new TextDecoder().decode(stderr) };
}

for (const [what, origin] of Object.entries(ORIGINS)) {
  Deno.test(`an error of ${what} is said to be a fault of ours, without a stack`, async () => {
    const { code, text } = await runWith(origin);
    assert.equal(code, 3, text);
    assert.match(text, /^error: This is a fault of modelops: TypeError: boom\nhint: report/m);
    assert.doesNotMatch(text, /Uncaught|^\s+at /m);
  });
}

Deno.test("the debug log has the stack of an error that nobody waited for", async () => {
  const { code, text } = await runWith(ORIGINS["a timer"]!, "--log-level", "debug");
  assert.equal(code, 3, text);
  assert.match(text, /^\s+at .*run\.ts/m);
});

Deno.test("a run that cannot load what words its failure says so, and does not end with 0", async () => {
  await using folder = await tempFolder();
  const failure = new URL("../../src/cli/output/failure.ts", import.meta.url).href;
  const imports = { [failure]: `${new URL(`file://${folder.join("gone.ts")}`)}` };
  const map = await folder.write("map.json", JSON.stringify({ imports }));
  const cli = new URL("../../cli.ts", import.meta.url).href;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", `--import-map=${map}`, cli, "tag"],
    env: { HOME: folder.path, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stderr);
  assert.equal(code, 3, text);
  assert.match(text, /^error: Cannot load the program: .*gone\.ts/);
  assert.doesNotMatch(text, /Uncaught|^\s+at /m);
});
