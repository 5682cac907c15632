import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { storeConformance } from "../conformance/store.ts";

storeConformance("memory store", () => {
  const catalog = memoryCatalog();
  return Promise.resolve({
    store: catalog.repository("registry.test/one"),
    sibling: catalog.repository("registry.test/two"),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
