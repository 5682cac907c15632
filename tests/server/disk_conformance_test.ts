import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { distributionConformance } from "../conformance/distribution.ts";
import { tempFolder } from "../support/temp.ts";

distributionConformance("registry over the disk", async () => {
  const folder = await tempFolder();
  return {
    handle: createRegistryHandler(diskCatalog(folder.path)),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});
