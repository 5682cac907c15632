/** Mirrors whose certificates are at fault: another place is asked, and why is told. */
import assert from "node:assert/strict";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { openModels } from "../../src/library/models.ts";
import { CERTIFICATE_FAULTS, makeFaulty } from "../support/certificates.ts";
import { e2eTest } from "../support/registry.ts";
import {
  pushModel,
  type ScriptedRegistry,
  scriptedRegistry,
} from "../support/scripted_registry.ts";
import { tempFolder } from "../support/temp.ts";

const FILES = { "small.bin": new TextEncoder().encode("small") };

/** What is said of each fault. */
const TOLD: Readonly<Record<(typeof CERTIFICATE_FAULTS)[number], RegExp>> = {
  "expired": /its certificate has expired/,
  "not valid yet": /its certificate is not valid yet/,
  "for another name": /its certificate is for another name/,
  "signed by itself": /its certificate is not trusted/,
  "of an unknown authority": /its certificate is not trusted/,
};

async function copyModel(from: ScriptedRegistry, to: ScriptedRegistry): Promise<void> {
  const model = from.catalog.repository("demo");
  const root = await model.resolve("v1");
  await copyGraph(model, to.catalog.repository("demo"), root, { tag: "v1" });
}

for (const fault of CERTIFICATE_FAULTS) {
  e2eTest(`a mirror whose certificate is ${fault} is passed by, and that is said`, {
    needs: ["openssl"],
  }, async () => {
    await using folder = await tempFolder();
    const { caFile, certFile, keyFile } = await makeFaulty(folder.path, fault);
    const [cert, key] = await Promise.all(
      [certFile, keyFile].map((file) => Deno.readTextFile(file)),
    );
    await using origin = scriptedRegistry();
    await using second = scriptedRegistry();
    await using faulty = scriptedRegistry({ cert, key });
    await pushModel(origin, FILES);
    for (const mirror of [second, faulty]) await copyModel(origin, mirror);
    for (const others of [[], [second.host]]) {
      const mirrors = [faulty.host, ...others].map((host) => `  - location: ${host}\n`).join("");
      const rule = `registry:\n- location: ${origin.host}\n  mirror:\n${mirrors}`;
      const own = { path: await folder.write("mirrors.yaml", rule) };
      const storageDir = folder.join(`store-${others.length}`);
      const warnings: string[] = [];
      await using models = await openModels({
        storageDir,
        mirrors: { own },
        caFile,
        retry: { firstWait: 1 },
      });
      for (const each of [origin, second]) each.ledger.length = 0;
      const log = (level: string, message: string) => {
        if (level === "warning") warnings.push(message);
      };
      await models.pull(`${origin.host}/demo:v1`, { log });
      const blobs = ({ ledger }: ScriptedRegistry) =>
        ledger.filter(({ target }) => target.startsWith("blobs/")).length;
      assert.equal(blobs(others.length > 0 ? second : origin) > 0, true);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, new RegExp(`^Going past the mirror ${faulty.host}/demo: `));
      assert.match(warnings[0]!, TOLD[fault]);
    }
    // Nothing of the faulty one was asked for.
    assert.deepEqual(faulty.ledger, []);
  });
}
