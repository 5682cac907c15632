import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BundleEntry } from "../../../src/bundle/documents/bundle.ts";
import { digestBytes } from "../../../src/core/digest.ts";
import { FileStore } from "../../../src/objects/file_store.ts";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import { materializeFolder } from "./killed_materialize.ts";
import { externalEntry, registryEntry, tree } from "./support.ts";

const SCRIPT = fileURLToPath(new URL("./killed_materialize.ts", import.meta.url));
const MIB = 1024 * 1024;

/** A registry and an object store in a folder, as the script expects them. */
async function bundleFolder(): Promise<TempFolder & { entries: BundleEntry[] }> {
  const temp = await tempFolder();
  const store = diskCatalog(temp.join("store")).repository("my-model");
  const objects = new FileStore({ root: temp.join("objects") });
  const noise = (size: number, seed: number) =>
    Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8) * seed) & 255);
  const entries: BundleEntry[] = [];
  for (let index = 0; index < 6; index++) {
    const path = `code/файл-${index}.bin`;
    entries.push(await registryEntry(store, { path, text: noise(MIB + index, index) }));
  }
  entries.push(await externalEntry(objects, { path: "data/big.bin", text: noise(40 * MIB, 7) }));
  entries.push(await externalEntry(objects, { path: "data/small.bin", text: noise(1000, 8) }));
  await temp.write("entries.json", JSON.stringify(entries));
  return Object.assign(temp, { entries });
}

/** Runs the script and kills it when it has opened a number of things; returns what it opened. */
async function killAfter(folder: string, count: number): Promise<string[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", SCRIPT, folder],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let text = "";
  const decoder = new TextDecoder();
  const errors = new Response(child.stderr).text();
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split("\n").length > count) {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        // It may have come to its end at this moment.
        if (!(error instanceof TypeError)) throw error;
      }
    }
  }
  await child.status;
  assert.equal(await errors, "");
  return text.trim().split("\n");
}

/** The files of a workspace that have their final names, by digest. */
async function finished(root: string, entries: readonly BundleEntry[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const entry of entries) {
    const expected = entry.kind === "external" ? `sha256:${entry.sha256}` : entry.blob.digest;
    const bytes = await Deno.readFile(join(root, entry.path)).catch(() => undefined);
    if (bytes === undefined) continue;
    assert.equal(digestBytes(bytes), expected, `${entry.path} is there in part`);
    found.add(entry.kind === "external" ? entry.uri : expected);
  }
  return found;
}

Deno.test({
  name:
    "a materialization that is killed leaves no partial file, and the next one fetches the rest",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using temp = await bundleFolder();
    const workspace = temp.join("workspace");
    await materializeFolder(temp.path, () => undefined);
    const whole = await tree(workspace);
    for (const count of [1, 4, 7, 9, 12]) {
      await Deno.remove(workspace, { recursive: true });
      await killAfter(temp.path, count);
      const there = await finished(workspace, temp.entries);
      const again: string[] = [];
      await materializeFolder(temp.path, (line) => again.push(line));
      const twice = again.filter((line) => there.has(line.split(" ")[0] ?? ""));
      assert.deepEqual(twice, [], `fetched again after ${count} openings: ${twice}`);
      assert.deepEqual(await tree(workspace), whole);
      // Twelve openings are all: a range of the large object was whole before its last one began.
      const ranges = again.filter((line) => line.includes("big.bin"));
      if (count === 12) assert.ok(ranges.length < 5, `not taken up again: ${ranges}`);
    }
  },
});

Deno.test({
  name: "processes that materialize one folder at once end well",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using temp = await bundleFolder();
    const runs = await Promise.all([1, 2].map(() => killAfter(temp.path, Infinity)));
    assert.ok(runs.every((lines) => lines.at(-1) === "finished"), JSON.stringify(runs));
    assert.equal((await finished(temp.join("workspace"), temp.entries)).size, 8);
    const opened = runs.flat().filter((line) => line.startsWith("sha256:"));
    assert.equal(opened.length, 6);
  },
});
