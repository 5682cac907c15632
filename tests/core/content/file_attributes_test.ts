import assert from "node:assert/strict";
import fc from "fast-check";
import { setAttributes, unfinishedMode } from "../../../src/core/content/file_attributes.ts";
import { StagedFile } from "../../../src/core/staged_file.ts";
import { bytesSource } from "../../../src/core/content/source.ts";
import { transferToFile } from "../../../src/transfer/to_file.ts";
import { runOk } from "../../support/command.ts";
import { tempFolder } from "../../support/temp.ts";

const posix = { ignore: Deno.build.os === "windows" } as const;

Deno.test("a time keeps each of its milliseconds, in every year", async () => {
  await using temp = await tempFolder();
  const path = await temp.write("x", "content");
  const times = fc.integer({ min: Date.UTC(1902, 0), max: Date.UTC(2037, 0) });
  // The last ones were lost when they were set as seconds.
  const examples: [number][] = [[0], [-1], [1_073_944_977_113], [-1_092_398_379_354]];
  fc.assert(
    fc.property(times, (milliseconds) => {
      setAttributes(path, { mtime: milliseconds / 1000 });
      assert.equal(Deno.statSync(path).mtime?.getTime(), milliseconds);
    }),
    { examples, numRuns: 1000 },
  );
  assert.equal(await Deno.readTextFile(path), "content");
});

Deno.test({
  name: "a time keeps its microseconds since 1970, and its milliseconds before",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using temp = await tempFolder();
    const path = await temp.write("x", "content");
    const rows: readonly (readonly [mtime: number, kept: string])[] = [
      [1_700_000_000.123456, "1700000000.123456"],
      [1_700_000_000.5000005, "1700000000.500000"],
      [0.000001, "0.000001"],
      [2_000_000_000.999999, "2000000000.999999"],
      [-1_234_567.654321, "-1234567.654000"],
    ];
    for (const [mtime, kept] of rows) {
      setAttributes(path, { mtime });
      const { stdout } = await runOk("stat", ["-c", "%.6Y", path]);
      assert.equal(stdout.trim(), kept);
    }
  },
});

Deno.test("a time follows no link that took the place of the file", posix, async () => {
  await using temp = await tempFolder();
  const victim = await temp.write("victim", "");
  const { mtime } = await Deno.stat(victim);
  await Deno.symlink(victim, temp.join("link"));
  for (const time of [0, 1_700_000_000.123456]) {
    assert.throws(() => setAttributes(temp.join("link"), { mtime: time }), /a link took its place/);
  }
  assert.deepEqual((await Deno.stat(victim)).mtime, mtime);
});

Deno.test(
  "a file that nobody may write to is its owner's to write while it is unfinished",
  posix,
  async () => {
    for (
      const [mode, meanwhile] of [[0o444, 0o644], [0o400, 0o600], [0o111, 0o711], [0o644, 0o644]]
    ) {
      assert.equal(unfinishedMode(mode), meanwhile);
      await using temp = await tempFolder();
      const modes = async (): Promise<number[]> => {
        const names = await Array.fromAsync(Deno.readDir(temp.path), ({ name }) => temp.join(name));
        return names.filter((path) => !path.endsWith(".journal")).map((path) =>
          Deno.statSync(path).mode! & 0o777
        );
      };
      const onOpen = async () => assert.deepEqual(await modes(), [meanwhile]);
      const staged = await StagedFile.write(temp.join("x"), [new Uint8Array(1)], { mode, onOpen });
      await staged.commit();
      assert.deepEqual(await modes(), [mode]);
      await Deno.remove(temp.join("x"));
      await transferToFile(bytesSource(new Uint8Array(1)), temp.join("x"), {
        what: "it",
        mode,
        onWhole: (path) => {
          assert.equal(Deno.statSync(path).mode! & 0o777, meanwhile);
          setAttributes(path, { mode });
        },
      });
      assert.deepEqual(await modes(), [mode]);
    }
    assert.equal(unfinishedMode(0), undefined);
  },
);
