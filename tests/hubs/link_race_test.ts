import assert from "node:assert/strict";
import { HubClient } from "../../src/hubs/client.ts";
import { downloadFiles } from "../../src/hubs/download_files.ts";
import { ModelOpsError, TransferError } from "../../src/core/errors.ts";
import { rounds, whileSwapped } from "../support/link_swapper.ts";
import { tempFolder } from "../support/temp.ts";
import { FAST, serve, sha256, snapshotOf } from "./support.ts";

Deno.test({
  name: "a link that takes turns with a folder leads no file of a hub outside",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using temp = await tempFolder();
    await using hub = await serve(() => new Response("whole"));
    const client = new HubClient({
      hubUrl: hub.url,
      retry: FAST,
      explain: ({ status }) => new TransferError(`status ${status}`),
      malformed: (found: string) => new TransferError(found),
    });
    const promises = [{ size: 5, sha256: sha256("whole") }, { size: 5 }, {}];
    const written = promises.map(() => 0);
    const gotThrough = () => written.every((count) => count > 0);
    const seen = await whileSwapped(temp, async () => {
      for (const round of rounds(60, gotThrough)) {
        for (const [index, promise] of promises.entries()) {
          const path = `a/${round % 2 ? "b/" : ""}${index}-${round}`;
          const snapshot = snapshotOf(client, hub.url, [{ path, ...promise }]);
          await downloadFiles(snapshot, temp.join("root")).then(
            () => written[index]!++,
            (error) => assert.ok(error instanceof ModelOpsError, Deno.inspect(error)),
          );
        }
      }
    });
    assert.deepEqual(seen, []);
    assert.ok(gotThrough(), String(written));
  },
});
