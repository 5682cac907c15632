/** Azure Blob Storage; fetched and loaded when it is first used. @module */
export type {
  BlockBlobClient,
  HttpOperationResponse,
  WebResource,
} from "npm:@azure/storage-blob@12.34.0";

/** The package. The choice keeps the runtime from fetching it before that: see CONTRIBUTING.md. */
export async function azureStorageBlob(): Promise<
  typeof import("npm:@azure/storage-blob@12.34.0")
> {
  return await import(
    import.meta.url ? "npm:@azure/storage-blob@12.34.0" : "npm:@azure/storage-blob@12.34.0"
  );
}
