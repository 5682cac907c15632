import assert from "node:assert/strict";
import { Extraction } from "../../src/archive/extract.ts";
import type { SelfWritingContent } from "../../src/archive/file_content.ts";
import { ModelOpsError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { streamOf } from "../../src/core/streams.ts";
import { transferToFile } from "../../src/transfer/to_file.ts";
import { rounds, whileSwapped } from "../support/link_swapper.ts";
import { tempFolder } from "../support/temp.ts";
import { rawTar } from "./raw_tar.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test({
  name: "a link that takes turns with a folder leads nothing outside, not even an empty file",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using temp = await tempFolder();
    const source = bytesSource(bytes("whole"));
    const selfWriting: SelfWritingContent = {
      key: "whole",
      open: () => source.open(),
      receive: async ({ path, ...place }) => {
        await transferToFile(source, path, { ...place, what: "it" });
      },
    };
    const ways: ((extraction: Extraction, path: string) => Promise<unknown>)[] = [
      (extraction, path) => extraction.writeFile(path, streamOf([bytes("1")])),
      (extraction, path) => extraction.writeFile(path, selfWriting),
      (extraction, path) => extraction.makeFolder(path),
      async (extraction, path) => {
        await extraction.adoptFile(path, await temp.write("finished", "1"));
      },
      (extraction, path) => extraction.extractTar(streamOf([rawTar({ name: path, body: "1" })])),
    ];
    const written = ways.map(() => 0);
    const gotThrough = () => written.every((count) => count > 0);
    const seen = await whileSwapped(temp, async () => {
      await using extraction = await Extraction.open(temp.join("root"));
      for (const round of rounds(200, gotThrough)) {
        for (const [way, write] of ways.entries()) {
          await write(extraction, `a/${round % 2 ? "b/" : ""}${way}-${round}`).then(
            () => written[way]!++,
            (error) => assert.ok(error instanceof ModelOpsError, Deno.inspect(error)),
          );
        }
      }
    });
    assert.deepEqual(seen, []);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(temp.join("outside"))), []);
    assert.ok(gotThrough(), String(written));
  },
});
