import assert from "node:assert/strict";
import { escapeTextControls } from "../../src/cli/output/format.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { readContent } from "../../src/oci/store.ts";
import { Home } from "./support.ts";

/** Names that clear the screen, go back over the line, turn the writing, or hide. */
const NAMES = [
  ...["a\u001b[2Jb.bin", "a\rb.bin", "a\u202egpj.bin", "a\u2066b.bin", "a\u009b31mb.bin"],
  ...["a\u200bb.bin", "a\u3164.bin", "a\u{e0062}.bin", "a\u200d.bin", "a\ufe0f.bin", "a\u00ad.bin"],
];

/** Fails when anything that was written steers a terminal. */
function assertHarmless(
  what: string,
  { stdout, stderr }: { stdout: string; stderr: string },
): void {
  for (const text of [stdout, stderr]) {
    assert.equal(text, escapeTextControls(text), `${what}: ${JSON.stringify(text)}`);
  }
}

/** Gives the model of a home layers with such names, and returns the name of what that makes. */
async function withHostileNames({ store }: Home): Promise<string> {
  const from = store.repository("r.test/m");
  const root = await from.resolve("v1");
  const document = JSON.parse(new TextDecoder().decode(await readContent(from, root)));
  const [layer] = document.layers;
  const keys = Object.keys(layer.annotations).filter((key) => key.endsWith("filepath"));
  document.layers = NAMES.map((name) => ({
    ...layer,
    annotations: { ...layer.annotations, ...Object.fromEntries(keys.map((key) => [key, name])) },
  }));
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const hostile = describeBytes(root.mediaType, bytes);
  await from.write(hostile, bytesSource(bytes));
  await from.tag(hostile, "hostile");
  return "r.test/m:hostile";
}

Deno.test({
  name: "names from outside cannot steer a terminal, whatever shows them",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await Home.open();
    await home.build("-t", "r.test/m:v1");
    const name = await withHostileNames(home);
    await home.folder.write(`files/${NAMES[0]}`, "more");
    await home.folder.write(`files/${NAMES[2]}`, "more");
    const commands = [
      ["push", name],
      ["rm", name],
      ["prune"],
      ["pull", name],
      ["pull", name, "--json"],
      ["inspect", name],
      ["inspect", name, "--json"],
      ["list"],
      ["extract", name, "--output", home.at("out")],
      ["fetch", name, "--output", home.at("out2"), "--patterns", "a*"],
      ["attach", home.at("files", NAMES[0]!), "-s", name, "-t", "r.test/m:v2"],
      ["attach", home.at("files", NAMES[2]!), "-s", name, "-t", "r.test/m:v2", "--json"],
      ["fetch", name, "--output", home.at("out3"), "--patterns", "none\u001b[2J"],
      ["inspect", "r.test/\u202em:v1"],
      ["build", home.at("files"), "-t", name],
      ["build", home.at("no\u001b[2Jwhere"), "-t", name],
      ["modelfile", "generate", home.at("files"), "--overwrite"],
    ];
    for (const args of commands) {
      for (const progress of ["plain", "json"]) {
        const run = await home.run([...args, "--progress", progress, "--log-level", "debug"]);
        assertHarmless(args.join(" "), run);
        if (
          ["push", "pull", "inspect", "list"].includes(args[0]!) && !args[1]?.includes("\u202e")
        ) {
          assert.equal(run.code, 0, run.stderr);
        }
      }
    }
  },
});
