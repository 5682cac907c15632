/**
 * What a person sees of a download in a terminal: a total that rises, Ctrl-C, and how it goes on.
 */
import assert from "node:assert/strict";
import { openProgram, PROGRAM, type Program } from "../support/program.ts";
import { startCommand } from "../support/command.ts";
import { e2eTest } from "../support/registry.ts";
import { pushModel, scriptedRegistry } from "../support/scripted_registry.ts";
import { denoCache } from "../support/deno_cache.ts";

const MIB = 1024 * 1024;
const COLUMNS = 80;

/** Three shards that differ in one letter of their names and in their bytes. */
const SHARDS = Object.fromEntries(
  [1, 2, 3].map((shard) => [
    `model-0000${shard}-of-00003-in-a-long-name.safetensors`,
    Uint8Array.from({ length: 6 * MIB }, (_, index) => index * 31 + (index >> 11) + shard),
  ]),
);

interface Screen {
  /** Everything that was written. */
  readonly text: string;
  readonly code: number;
}

/**
 * Runs the program in a terminal of its own, in a shell of 80 columns. Ctrl-C is typed as soon as
 * what was written matches `interruptAt`.
 */
async function inTerminal(
  { home }: Program,
  args: readonly string[],
  interruptAt?: (text: string) => boolean,
): Promise<Screen> {
  const words = [...PROGRAM, ...args].map((word) => `'${word}'`).join(" ");
  const command = `stty cols ${COLUMNS} rows 24; exec ${words}`;
  const child = startCommand("script", ["-qec", command, "/dev/null"], {
    cwd: home.path,
    env: { HOME: home.path, DENO_DIR: (await denoCache()).denoDir, CI: "", TERM: "xterm" },
  });
  const keys = child.stdin.getWriter();
  let text = "";
  let typed = false;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (typed || !interruptAt?.(text)) continue;
    typed = true;
    await keys.write(new TextEncoder().encode("\u0003"));
  }
  await child.stderr.cancel();
  await keys.close().catch(() => undefined);
  return { text, code: (await child.status).code };
}

/** The lines of a total, in order: how many percent of how much. */
function totals(text: string): { percent: number; size: string }[] {
  const pattern = /total +\d of \d files +(\d+)% +[\d.]+ \w+ \/ +([\d.]+ \w+)/g;
  return Array.from(text.matchAll(pattern), ([, percent, size]) => ({
    percent: Number(percent),
    size: size!,
  }));
}

function assertRises(shown: readonly { percent: number; size: string }[]): void {
  assert.ok(shown.length > 3, "the total is drawn");
  for (const [index, { percent, size }] of shown.entries()) {
    assert.equal(size, shown[0]!.size);
    assert.ok(percent >= (shown[index - 1]?.percent ?? 0), JSON.stringify(shown));
  }
}

const WAYS: Readonly<Record<string, (name: string) => readonly string[]>> = {
  "a pull": (name) => ["pull", name],
  "a pull into a folder": (name) => ["pull", name, "--extract-from-remote", "--extract-dir", "out"],
  "a fetch": (name) => ["fetch", name, "--patterns", "*.safetensors", "--output", "out"],
};

for (const [what, argsOf] of Object.entries(WAYS)) {
  const title = `${what} in a terminal shows a total that rises, and after Ctrl-C goes on`;
  e2eTest(title, { needs: ["script"] }, async () => {
    await using registry = scriptedRegistry();
    await using program = await openProgram();
    const name = registry.scripted((_request, pass) => pass());
    await pushModel(registry, SHARDS);
    const args = [...argsOf(`${name}:v1`), "--max-rate", "6MiB"];

    const first = await inTerminal(
      program,
      args,
      (text) => (totals(text).at(-1)?.percent ?? 0) > 40,
    );
    assert.equal(first.code, 130, first.text);
    assert.match(first.text, /downloading/);
    assert.doesNotMatch(first.text, /extract/);
    assertRises(totals(first.text));
    for (const shard of [1, 2, 3]) assert.match(first.text, new RegExp(`0000${shard}-of-`));
    assert.match(
      first.text,
      /Interrupted at [\d.]+ of 18 MiB\. Run the same command again: it goes on from there\./,
    );

    const second = await inTerminal(program, args);
    assert.equal(second.code, 0, second.text);
    assertRises(totals(second.text));
    const [, reached = ""] = /Interrupted at ([\d.]+)/.exec(first.text) ?? [];
    const [, moved = "", kept = ""] =
      /downloaded ([\d.]+) MiB in [^;]*; ([\d.]+) MiB were there/.exec(second.text) ?? [];
    assert.ok(Math.abs(Number(moved) + Number(kept) - 18) < 1, second.text);
    // What was on its way when the first run ended may have arrived.
    assert.ok(Number(kept) >= Number(reached) - 1, `${kept} of ${reached}`);
  });
}
