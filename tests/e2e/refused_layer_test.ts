/** One layer is refused while the others come: what was finished is not received again. */
import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import type { OperationOptions } from "../../src/core/operation.ts";
import { createModelBackend } from "../../src/model/backend.ts";
import type { ModelBackend } from "../../src/model/operations.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { pushModel, refusal, scriptedRegistry } from "../support/scripted_registry.ts";
import { tempFolder } from "../support/temp.ts";

const SIZES = { "large.bin": 3_000_000, "middle.bin": 200_000, "small.bin": 5_000 };
type FileName = keyof typeof SIZES;
const NAMES = Object.keys(SIZES) as FileName[];

const FILES = Object.fromEntries(NAMES.map((name, seed) => [
  name,
  Uint8Array.from({ length: SIZES[name] }, (_, index) => index * 31 + (index >> 10) + seed),
])) as Record<FileName, Uint8Array<ArrayBuffer>>;

type Download = (
  backend: ModelBackend,
  name: string,
  options: OperationOptions & { readonly output: string; readonly concurrency: number },
) => Promise<unknown>;

const WAYS: Readonly<Record<string, Download>> = {
  "pull": (backend, name, { output: _output, ...options }) => backend.pull(name, options),
  "pull --extract-from-remote": (backend, name, { output, ...options }) =>
    backend.pull(name, { ...options, extractDir: output, extractFromRemote: true }),
  "fetch": (backend, name, options) => backend.fetch(name, { ...options, patterns: ["*.bin"] }),
};

for (const [way, download] of Object.entries(WAYS)) {
  for (const refused of NAMES) {
    Deno.test(`${way}: only the layer that was refused is asked for again (${refused})`, async () => {
      await using registry = scriptedRegistry();
      await using folder = await tempFolder();
      await using client = new RegistryClient();
      await pushModel(registry, FILES);
      const missing = new Set<string>(NAMES.filter((name) => name !== refused));
      const othersAreDone = Promise.withResolvers<void>();
      let refusing = true;
      const name = registry.scripted(async (request, pass) => {
        const isRefused = request.url.endsWith(digestBytes(FILES[refused]));
        if (!refusing || !isRefused) return await pass();
        await othersAreDone.promise;
        return refusal(403);
      });
      const catalog = diskCatalog(folder.join("store"));
      const backend = createModelBackend({ catalog, connect: client.connect });
      const options = { output: folder.join("out"), concurrency: 3 };
      const first = download(backend, `${name}:v1`, {
        ...options,
        progress: (event) => {
          if (event.state !== "done") return;
          missing.delete(event.name);
          if (missing.size === 0) othersAreDone.resolve();
        },
      });
      await assert.rejects(first, /403/);
      const layers = NAMES.map((name) => `blobs/${digestBytes(FILES[name])}`);
      const received = () =>
        registry.ledger
          .filter(({ method, repository, target }) =>
            method === "GET" && repository !== "demo" && layers.includes(target)
          )
          .map(({ target, sent }) => ({ target, sent }));
      refusing = false;
      registry.ledger.length = 0;
      await download(backend, `${name}:v1`, options);
      const again = { target: `blobs/${digestBytes(FILES[refused])}`, sent: SIZES[refused] };
      assert.deepEqual(received(), [again]);
    });
  }
}
