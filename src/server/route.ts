/**
 * From the path of a request to the endpoint it asks for.
 *
 * A name may hold any number of components, so a path is read from its end: what stands before the
 * fixed words is the name. Components are decoded after the path was split; a decoded slash stays
 * within its component, where no grammar takes it.
 * See https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints
 * @module
 */

/** The kinds of paths the server answers to. */
export type EndpointName =
  | "base"
  | "catalog"
  | "tags"
  | "manifest"
  | "blob"
  | "uploads"
  | "upload"
  | "referrers";

/** What a path asks for. */
export interface Route {
  /** Which endpoint. */
  readonly endpoint: EndpointName;
  /** Name of the repository, not yet checked; empty where the endpoint has none. */
  readonly name: string;
  /** The reference, digest or upload that is meant, not yet checked; empty where there is none. */
  readonly target: string;
}

interface Pattern {
  readonly endpoint: EndpointName;
  /** Last components of the path; `*` is the target. */
  readonly tail: readonly string[];
}

/** Read from the top; uploads come before blobs, which they look like. */
const PATTERNS: readonly Pattern[] = [
  { endpoint: "uploads", tail: ["blobs", "uploads", ""] },
  { endpoint: "uploads", tail: ["blobs", "uploads"] },
  { endpoint: "upload", tail: ["blobs", "uploads", "*"] },
  { endpoint: "tags", tail: ["tags", "list"] },
  { endpoint: "manifest", tail: ["manifests", "*"] },
  { endpoint: "blob", tail: ["blobs", "*"] },
  { endpoint: "referrers", tail: ["referrers", "*"] },
];

/** Reads the path of a request, as it was sent; `undefined` when it is no path of the protocol. */
export function parseRoute(path: string): Route | undefined {
  const components = decodeComponents(path);
  if (components?.[0] !== "" || components[1] !== "v2") return undefined;
  const rest = components.slice(2);
  const text = rest.join("/");
  if (text === "") return { endpoint: "base", name: "", target: "" };
  if (text === "_catalog") return { endpoint: "catalog", name: "", target: "" };
  for (const { endpoint, tail } of PATTERNS) {
    const end = rest.slice(-tail.length);
    const fits = rest.length > tail.length &&
      tail.every((word, index) => word === "*" || word === end[index]);
    if (!fits) continue;
    const target = end[tail.indexOf("*")] ?? "";
    return { endpoint, name: rest.slice(0, -tail.length).join("/"), target };
  }
  return undefined;
}

/** The components of a path, `undefined` when one is badly encoded or hides a slash. */
function decodeComponents(path: string): string[] | undefined {
  try {
    const components = path.split("/").map(decodeURIComponent);
    return components.some((component) => component.includes("/")) ? undefined : components;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
