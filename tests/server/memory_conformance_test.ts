import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { distributionConformance } from "../conformance/distribution.ts";

distributionConformance("registry over memory", () =>
  Promise.resolve({
    handle: createRegistryHandler(memoryCatalog()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }));
