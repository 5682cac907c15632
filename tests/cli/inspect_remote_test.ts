/** `inspect --remote` of a model of many shards: what is shown of what was not read. */
import assert from "node:assert/strict";
import { safetensors } from "../model/facts/support.ts";
import { Home } from "./support.ts";

const NAME = "registry.test/models/large:v1";
const SHARDS = 20;

const shardName = (index: number) =>
  `model-${String(index + 1).padStart(5, "0")}-of-${String(SHARDS).padStart(5, "0")}.safetensors`;
const tensorName = (index: number) => `model.layers.${index}.mlp.up_proj.weight`;

/** A home whose registry has a model of twenty shards with a tensor each. */
async function openHome(): Promise<Home> {
  const home = await Home.open();
  const indexes = Array.from({ length: SHARDS }, (_, index) => index);
  for (const index of indexes) {
    const tensor = { dtype: "BF16", shape: [4, 8], width: 2 };
    await home.folder.write(
      `large/${shardName(index)}`,
      safetensors({ [tensorName(index)]: tensor }),
    );
  }
  const weight_map = Object.fromEntries(
    indexes.map((index) => [tensorName(index), shardName(index)]),
  );
  const index = JSON.stringify({ metadata: { total_size: 64 * SHARDS }, weight_map });
  await home.folder.write("large/model.safetensors.index.json", index);
  await home.done("build", home.at("large"), "-t", NAME);
  await home.done("push", NAME);
  return home;
}

Deno.test("a table at a distance has all names, and says which shapes it does not know", async () => {
  await using home = await openHome();
  const { code, stdout, stderr } = await home.run(["inspect", NAME, "--remote", "--tensors"]);
  assert.equal(code, 10);
  const lines = stdout.trim().split("\n");
  assert.equal(lines.length, 1 + SHARDS);
  assert.match(
    lines[1] ?? "",
    /^4x8 +bfloat16 +64 +model-00001-of-00020\.safetensors +model\.layers\.0/,
  );
  assert.match(
    lines.at(-1) ?? "",
    /^unknown +unknown +unknown +model-00020-of-00020\.safetensors /,
  );
  const unknown = lines.filter((line) => line.startsWith("unknown")).length;
  assert.ok(unknown >= SHARDS - 8 && unknown < SHARDS, `${unknown} unknown`);
  assert.match(
    stderr,
    new RegExp(
      `The shapes of ${unknown} tensors in ${unknown} files are not read \\(--remote --all-headers`,
    ),
  );
  for (const columns of [120, 80, 40]) {
    const shown = await home.run(["inspect", NAME, "--remote", "--tensors"], {
      terminal: true,
      columns,
    });
    for (const line of shown.stdout.split("\n")) assert.ok(line.length <= columns, line);
    assert.match(shown.stdout, /not read/);
  }
});

Deno.test("as a document, the tensors that were not read are a list of their own", async () => {
  await using home = await openHome();
  const { code, stdout, stderr } = await home.run(
    ["inspect", NAME, "--remote", "--tensors", "--json"],
  );
  assert.equal(code, 10);
  assert.match(stderr, /are not read \(--remote --all-headers reads them\): model-0/);
  const { tensors, unreadTensors, unread } = JSON.parse(
    stdout,
  );
  assert.equal(tensors.length + unreadTensors.length, SHARDS);
  assert.deepEqual(unreadTensors.at(-1), { name: tensorName(19), file: shardName(19) });
  assert.equal(unread.length, unreadTensors.length);
});

Deno.test("--all-headers reads every shard, for the table and for the card", async () => {
  await using home = await openHome();
  const { tensors, unreadTensors, unread } = JSON.parse(
    await home.done("inspect", NAME, "--remote", "--tensors", "--all-headers", "--json"),
  );
  assert.deepEqual([tensors.length, unreadTensors, unread], [SHARDS, [], []]);
  const card = JSON.parse(
    await home.done("inspect", NAME, "--remote", "--card", "--all-headers", "--json"),
  );
  assert.deepEqual([card.facts.paramCount, card.facts.paramCountIsEstimate], [
    32 * SHARDS,
    undefined,
  ]);
});

Deno.test("a card at a distance tells how to read the rest", async () => {
  await using home = await openHome();
  const { stdout } = await home.run(["inspect", NAME, "--remote"], {
    terminal: true,
    columns: 80,
    env: { NO_COLOR: "1" },
  });
  assert.match(stdout, /headers of \d+ files were not read: --all-headers reads them/);
  assert.match(
    stdout,
    /^20 tensors \(all with --tensors\), the largest of the \d that were read:$/m,
  );
  assert.match(stdout, /^Parameters {2}about 0\.6k$/m);
});

Deno.test("--all-headers is refused where it would do nothing", async () => {
  await using home = await Home.open();
  const rows = [
    [["--all-headers"], /without --remote/],
    [["--tensors", "--all-headers"], /without --remote/],
    // In a pipe nothing of the model is read but its manifest and configuration.
    [["--remote", "--all-headers"], /without --card or --tensors/],
    [["--remote", "--all-headers", "--config"], /without --card or --tensors/],
    [["--remote", "--all-headers", "--format", "{{.Id}}"], /without --card or --tensors/],
  ] as const;
  for (const [flags, says] of rows) {
    const { code, stderr } = await home.run(["inspect", NAME, ...flags]);
    assert.equal(code, 2, flags.join(" "));
    assert.match(stderr, says);
  }
});

Deno.test("a registry that does not say what refers to a model leaves its card, with a warning", async () => {
  const refused = () => new Response("", { status: 403 });
  await using home = await Home.open((_request, { url }) =>
    url.pathname.includes("/referrers/") ? refused() : undefined
  );
  await home.build("-t", NAME);
  await home.done("push", NAME);
  for (const flag of ["--card", "--files"]) {
    const { code, stdout, stderr } = await home.run(["inspect", NAME, "--remote", flag, "--json"]);
    assert.equal(code, 0, stderr);
    const [warning] = JSON.parse(stdout).warnings;
    assert.match(warning, /^Not all that refers to the model is known: Cannot .* answered 403/);
  }
});
