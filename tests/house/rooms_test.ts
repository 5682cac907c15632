import assert from "node:assert/strict";
import { crowdedFolders, MOST_FILES } from "../../scripts/rooms.ts";

function files(folder: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${folder}/${index}.ts`);
}

Deno.test("crowdedFolders() names a folder with one file too many", () => {
  assert.deepEqual(crowdedFolders(files("src/oci", MOST_FILES + 1)), [
    "src/oci has 26 files, more than 25",
  ]);
});

Deno.test("crowdedFolders() does not count the files of inner folders", () => {
  const inner = ["a", "b"].flatMap((name) => files(`src/bundle/${name}`, MOST_FILES));
  assert.deepEqual(crowdedFolders([...files("src/bundle", MOST_FILES), ...inner]), []);
});
