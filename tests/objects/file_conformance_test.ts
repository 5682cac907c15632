import { openObjectStore } from "../../src/objects/dispatch.ts";
import { OBJECT_STORE_ROWS } from "../conformance/object_store.ts";
import { tempFolder } from "../support/temp.ts";

for (const row of OBJECT_STORE_ROWS) {
  Deno.test(`the file store ${row.name}`, async () => {
    await using folder = await tempFolder();
    const store = openObjectStore({ fileRoot: folder.join("objects") });
    await row.run({ store, uri: (name) => `az://data/${name}` });
  });
}
