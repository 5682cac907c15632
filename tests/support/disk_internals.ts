/**
 * What lies in the folder of a local store, for tests that damage it or lock it from outside.
 * @module
 */
import { join } from "node:path";
import { DiskLayout } from "../../src/oci/disk_layout.ts";
import { StoreLock } from "../../src/oci/store_lock.ts";

/** The paths and the lock of the local store below a storage folder. */
export function diskInternals(storageDir: string): { layout: DiskLayout; lock: StoreLock } {
  return {
    layout: new DiskLayout(join(storageDir, "content.v1")),
    lock: new StoreLock(join(storageDir, "modelops.lock")),
  };
}
