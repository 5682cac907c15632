/**
 * The table of endpoints: which methods each takes and who answers them.
 * @module
 */
import { jsonResponse } from "./documents.ts";
import { deleteBlob, getBlob, headBlob } from "./blobs.ts";
import type { Action } from "./exchange.ts";
import type { ErrorCode } from "./fault.ts";
import { listReferrers, listRepositories, listTags } from "./listings.ts";
import { deleteManifest, getManifest, headManifest, putManifest } from "./manifests.ts";
import type { EndpointName } from "./route.ts";
import {
  cancelUpload,
  continueUpload,
  finishUpload,
  startUpload,
  uploadStatus,
} from "./uploads.ts";

/** One kind of path. */
export interface Endpoint {
  /** Code of the answer when the store does not have what is asked for. */
  readonly unknown: ErrorCode;
  /** Who answers, by method. */
  readonly actions: Readonly<Record<string, Action>>;
}

/** Methods that change nothing, the only ones of a read-only server. */
const READING: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** All endpoints. */
export const ENDPOINTS: Readonly<Record<EndpointName, Endpoint>> = {
  base: { unknown: "NAME_UNKNOWN", actions: { GET: checkVersion, HEAD: checkVersion } },
  catalog: { unknown: "NAME_UNKNOWN", actions: { GET: listRepositories, HEAD: listRepositories } },
  tags: { unknown: "NAME_UNKNOWN", actions: { GET: listTags, HEAD: listTags } },
  manifest: {
    unknown: "MANIFEST_UNKNOWN",
    actions: { GET: getManifest, HEAD: headManifest, PUT: putManifest, DELETE: deleteManifest },
  },
  blob: { unknown: "BLOB_UNKNOWN", actions: { GET: getBlob, HEAD: headBlob, DELETE: deleteBlob } },
  uploads: { unknown: "NAME_UNKNOWN", actions: { POST: startUpload } },
  upload: {
    unknown: "BLOB_UPLOAD_UNKNOWN",
    actions: {
      GET: uploadStatus,
      HEAD: uploadStatus,
      PATCH: continueUpload,
      PUT: finishUpload,
      DELETE: cancelUpload,
    },
  },
  referrers: { unknown: "MANIFEST_UNKNOWN", actions: { GET: listReferrers, HEAD: listReferrers } },
};

/** The methods an endpoint takes, in alphabetic order. */
export function allowedMethods(endpoint: Endpoint, options: { readOnly: boolean }): string[] {
  return Object.keys(endpoint.actions)
    .filter((method) => !options.readOnly || READING.has(method))
    .sort();
}

/** Answers that this is a registry (end-1). */
function checkVersion(): Promise<Response> {
  return Promise.resolve(jsonResponse({}));
}
