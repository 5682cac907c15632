import assert from "node:assert/strict";
import { AccessDeniedError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { Dragonfly } from "../../src/http/dragonfly/dragonfly.ts";
import type { DragonflySettings } from "../../src/http/dragonfly/settings.ts";
import { fetchTransport } from "../../src/http/fetch_sender.ts";
import type { Transport } from "../../src/http/transport_options.ts";
import { sharedObjects } from "../../src/library/shared_objects.ts";
import type { AzureSettings } from "../../src/objects/azure_access.ts";
import { openObjectStore } from "../../src/objects/dispatch.ts";
import { downloadToFile } from "../../src/objects/download.ts";
import { noise, sha256Of } from "../conformance/object_store.ts";
import { azureWorld, sasOf } from "../objects/azurite.ts";
import { e2eTest } from "../support/registry.ts";
import { type DaemonScript, scriptedDaemon } from "../support/scripted_daemon.ts";
import { changed } from "../support/scripted_registry.ts";
import { tempFolder } from "../support/temp.ts";

const CONTENT = noise(40 * 1024 * 1024);

/** An object store behind a daemon, and what it asked the service for itself. */
function through(
  azure: AzureSettings,
  settings: DragonflySettings,
) {
  const direct: string[] = [];
  const warnings: string[] = [];
  const log = (level: string, message: string) => {
    if (level === "warning") warnings.push(message);
  };
  const noted: Transport = (request, hints) => {
    if (request.method === "GET") direct.push(request.url);
    return fetchTransport(request, hints);
  };
  const daemon = new Dragonfly(settings, { transport: fetchTransport, log });
  const store = openObjectStore({ azure }, {
    transport: sharedObjects(noted, { daemon, settings, log }),
    distrust: (url, failure) => daemon.distrust(url, failure),
    retry: { firstWait: 1 },
  });
  return { store, direct, warnings };
}

e2eTest("external files come through Dragonfly where a signature is in their URL", {
  needs: ["azurite-blob"],
}, async (context) => {
  await using world = await azureWorld();
  await using folder = await tempFolder();
  const { account, endpoint, key } = world.azurite;
  const sha256 = sha256Of(CONTENT);
  await world.store().put("az://data/big", bytesSource(CONTENT), { sha256 });
  const fetchBig = async (parts: ReturnType<typeof through>) => {
    const path = folder.join(crypto.randomUUID());
    await downloadToFile(parts.store, "az://data/big", path, { size: CONTENT.byteLength, sha256 });
    assert.deepEqual(await Deno.readFile(path), CONTENT);
    return parts;
  };
  const signed = async (from: number) => ({
    account,
    endpoint,
    sas: await sasOf(world, "r", new Date(Date.now() + from * 3_600_000)),
  });

  await context.step("two signatures are one task of the daemon", async () => {
    await using daemon = scriptedDaemon();
    const settings = { endpoint: daemon.endpoint, forwardAuth: true };
    for (const hours of [1, 2]) {
      const { direct, warnings } = await fetchBig(through(await signed(hours), settings));
      assert.deepEqual([direct, warnings], [[], []]);
    }
    assert.equal(daemon.fetched, CONTENT.byteLength);
    const names = daemon.requests[0]?.headers.get("X-Dragonfly-Filtered-Query-Params");
    assert.match(names ?? "", /\bsig\b/);
  });

  await context.step("a poisoned object is fetched again from the service", async () => {
    const poison: DaemonScript = async (_request, pass) =>
      await changed(await pass(), { bytes: (bytes) => bytes.fill(0) });
    await using daemon = scriptedDaemon(poison);
    const settings = { endpoint: daemon.endpoint, forwardAuth: true };
    const { direct, warnings } = await fetchBig(through(await signed(1), settings));
    assert.ok(direct.length > 0);
    assert.match(warnings.join(), /sent wrong bytes of "big"/);
  });

  await context.step(
    "without leave no signature reaches the daemon, and a key never does",
    async () => {
      for (
        const [azure, more] of [
          [await signed(1), {}],
          [{ account, endpoint, key }, { forwardAuth: true }],
        ] as const
      ) {
        await using daemon = scriptedDaemon();
        const settings = { endpoint: daemon.endpoint, ...more };
        const { warnings } = await fetchBig(through(azure, settings));
        assert.deepEqual(daemon.requests, []);
        assert.match(warnings.join(), /come without Dragonfly: .*--dragonfly-forward-auth/);
        await assert.rejects(
          fetchBig(through(azure, { ...settings, required: true })),
          (error) => error instanceof AccessDeniedError && error.facts.remedy !== undefined,
        );
      }
    },
  );
});
