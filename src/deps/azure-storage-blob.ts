/** Azure Blob Storage; slow to load, so import it only where it is used. @module */
export {
  AnonymousCredential,
  BlobServiceClient,
  StorageSharedKeyCredential,
} from "npm:@azure/storage-blob@12.34.0";
export type {
  BlockBlobClient,
  HttpOperationResponse,
  IHttpClient,
  StoragePipelineOptions,
  WebResource,
} from "npm:@azure/storage-blob@12.34.0";
