import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { storeConformance } from "../conformance/store.ts";

storeConformance("registry client over our own server", () => {
  const client = new RegistryClient({ transport: createRegistryHandler(memoryCatalog()) });
  return Promise.resolve({
    store: client.repository("registry.test/one"),
    sibling: client.repository("registry.test/models/two"),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  });
});
