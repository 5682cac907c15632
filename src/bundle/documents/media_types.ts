/**
 * The media types and titles of bundle documents, in all their generations.
 * @module
 */

/** Media types that mark bundles and their documents. */
export const BundleMediaType = {
  /** Artifact type of the manifests written here. */
  artifact: "application/vnd.modelops.bundle.v1+json",
  /** Documents written here, and those of the latest earlier generation. */
  json: "application/json",
  /** Bundle manifests of the first two generations. */
  manifest: "application/vnd.modelops.bundle.manifest+json",
  /** Layer indexes of the first two generations. */
  layerIndex: "application/vnd.modelops.layer+json",
} as const;

/** Annotation with the path or the role of a content. */
export const TITLE_ANNOTATION = "org.opencontainers.image.title";

/** Title of the bundle manifest. */
export const MANIFEST_TITLE = "bundle.manifest.json";

/** Title of the index of a layer. */
export function layerIndexTitle(layer: string): string {
  return `layer.${layer}.json`;
}

/** Media types by file name extension; what is not here is plain bytes. */
const FILE_TYPES: Readonly<Record<string, string>> = {
  csv: "text/csv",
  gz: "application/gzip",
  html: "text/html",
  ipynb: "application/x-ipynb+json",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  md: "text/markdown",
  parquet: "application/vnd.apache.parquet",
  pdf: "application/pdf",
  png: "image/png",
  py: "text/x-python",
  r: "text/x-r",
  sh: "application/x-sh",
  svg: "image/svg+xml",
  tar: "application/x-tar",
  toml: "application/toml",
  txt: "text/plain",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
  zst: "application/zstd",
};

/** The media type of a file, by its name. */
export function fileMediaType(path: string): string {
  const extension = /[^/]\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(FILE_TYPES, extension) ? FILE_TYPES[extension]! : "application/octet-stream";
}
