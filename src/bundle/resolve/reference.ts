/**
 * The ways to name a bundle.
 *
 * A bundle is named by `name:version`, by the digest of its manifest, by both, by a full reference
 * with the host of a registry, or by the path of a folder or of an export archive.
 * @module
 */
import { isAbsolute } from "../../core/runtime/path.ts";
import { shaped } from "../../core/shapes/shape.ts";
import { quote } from "../../core/text.ts";
import * as z from "../../deps/zod.ts";
import type { Digest } from "../../core/digest.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { isTag, parseReference, referenceTarget, startsWithHost } from "../../oci/reference.ts";
import type { Bundle, BundleRef, BundleRefFields } from "../documents/bundle.ts";
import { isBundleName, NAME_RULE } from "../documents/names.ts";

const ARCHIVE = /\.(tar|tar\.zst|zst)$/;

/**
 * Reads the text form of a reference; white space around it does not count, names are put in lower
 * case, and so are the hexadecimal digits of digests.
 * @throws {InvalidInputError} naming the part that is wrong.
 */
export function parseBundleRef(text: string): BundleRef {
  const trimmed = text.trim();
  if (trimmed === "") throw refuse(text, "it is empty", "write name:version");
  if (isLocalPath(trimmed)) return { kind: "path", localPath: trimmed };
  const at = trimmed.indexOf("@");
  if (at < 0 && trimmed.startsWith("sha256:")) {
    return { kind: "digest", digest: bundleDigest(trimmed, text) };
  }
  const named = at < 0 ? trimmed : trimmed.slice(0, at);
  const digest = at < 0 ? undefined : bundleDigest(trimmed.slice(at + 1), text);
  if (named === "" && digest !== undefined) return { kind: "digest", digest };
  if (startsWithHost(named)) return fullReference(named, digest);
  return shortReference(named, digest, text);
}

/** Whether a text is a path by its form; the file system is not read. */
function isLocalPath(text: string): boolean {
  if (text === "." || text === "..") return true;
  if (isAbsolute(text) || /^(\.{1,2}|[A-Za-z]:)[\\/]/.test(text)) return true;
  return ARCHIVE.test(text) && !/[:@]/.test(text);
}

function fullReference(named: string, digest: Digest | undefined): BundleRef {
  const reference = digest === undefined ? named : `${named}@${digest}`;
  referenceTarget(parseReference(reference));
  return { kind: "reference", reference };
}

function shortReference(named: string, digest: Digest | undefined, text: string): BundleRef {
  const colon = named.indexOf(":");
  const name = bundleName(colon < 0 ? named : named.slice(0, colon), text);
  const version = colon < 0 ? undefined : bundleVersion(named.slice(colon + 1), text);
  const found = refByName(name, version, digest);
  if (found) return found;
  const remedy = `write ${name}:latest, or ./${named}`;
  throw refuse(text, "it has neither a version nor a digest", remedy);
}

/** The reference of a name with a version, a digest or both; none for the name alone. */
function refByName(name: string, version?: string, digest?: Digest): BundleRef | undefined {
  if (version === undefined) return digest && { kind: "pinned", name, digest };
  return digest ? { kind: "pinned", name, version, digest } : { kind: "version", name, version };
}

function bundleName(text: string, whole: string): string {
  const name = text.toLowerCase();
  if (isBundleName(name)) return name;
  throw refuse(whole, `${quote(text)} is not the name of a bundle (${NAME_RULE})`);
}

function bundleVersion(text: string, whole: string): string {
  if (isTag(text)) return text;
  const rule = '(letters, digits, "_", "." and "-", at most 128 of them)';
  throw refuse(whole, `${quote(text)} is not a version ${rule}`);
}

function bundleDigest(text: string, whole: string): Digest {
  const hex = /^sha256:([0-9A-Fa-f]{64})$/.exec(text)?.[1];
  if (hex !== undefined) return `sha256:${hex.toLowerCase()}`;
  const rule = "(sha256: and 64 hexadecimal digits)";
  throw refuse(whole, `${quote(text, 200)} is not a digest ${rule}`);
}

function refuse(text: string, reason: string, remedy?: string): InvalidInputError {
  return new InvalidInputError(
    `Cannot use bundle reference ${quote(text, 400)}: ${reason}`,
    { reference: text, remedy },
  );
}

const fieldsSchema = z.strictObject({
  kind: z.string().optional(),
  name: z.string().optional(),
  version: z.string().optional(),
  digest: z.string().optional(),
  localPath: z.string().min(1).optional(),
  reference: z.string().optional(),
  role: z.string().optional(),
});

/**
 * Takes a reference as text, or as fields that are checked by the same rules.
 * @throws {InvalidInputError} when a field is unknown or malformed, or not exactly one way to name
 * a bundle is used.
 */
export function toBundleRef(ref: string | BundleRefFields): BundleRef {
  if (typeof ref === "string") return parseBundleRef(ref);
  const shown = JSON.stringify(ref);
  const { value, problems = [] } = shaped(fieldsSchema, ref);
  if (value === undefined) {
    throw refuse(
      shown,
      problems.map(({ path, message }) => [...path, message].join(" ")).join("; "),
    );
  }
  const { kind, role, ...fields } = value;
  const found = refOfFields(fields, shown);
  if (kind !== undefined && kind !== found.kind) {
    throw refuse(shown, `its fields are of kind ${quote(found.kind)}`);
  }
  return role === undefined ? found : { ...found, role };
}

function refOfFields(fields: BundleRefFields, shown: string): BundleRef {
  const { localPath, reference, ...named } = fields;
  const byName = Object.values(named).some((value) => value !== undefined);
  const ways = [byName, localPath !== undefined, reference !== undefined];
  if (ways.filter(Boolean).length !== 1) {
    const one = "a name with a version, a digest, a reference and a path";
    throw refuse(shown, `exactly one of ${one} is needed`);
  }
  if (localPath !== undefined) return { kind: "path", localPath };
  if (reference !== undefined) return parsedReference(reference);
  return namedRef(named, shown);
}

function namedRef(fields: BundleRefFields, shown: string): BundleRef {
  const digest = fields.digest === undefined ? undefined : bundleDigest(fields.digest, shown);
  const version = fields.version === undefined ? undefined : bundleVersion(fields.version, shown);
  if (fields.name === undefined) {
    if (digest !== undefined && version === undefined) return { kind: "digest", digest };
    throw refuse(shown, "a version needs a name");
  }
  const found = refByName(bundleName(fields.name, shown), version, digest);
  if (found) return found;
  throw refuse(shown, "a name needs a version or a digest");
}

function parsedReference(reference: string): BundleRef {
  if (!startsWithHost(reference)) {
    throw refuse(reference, "it does not start with the host of a registry");
  }
  return parseBundleRef(reference);
}

/** The text form of a reference; reading it gives the same reference, but for its role. */
export function formatBundleRef(ref: BundleRef): string {
  switch (ref.kind) {
    case "version":
      return `${ref.name}:${ref.version}`;
    case "digest":
      return ref.digest;
    case "pinned":
      return `${ref.name}${ref.version === undefined ? "" : `:${ref.version}`}@${ref.digest}`;
    case "reference":
      return ref.reference;
    case "path":
      return ref.localPath;
  }
}

/** What a bundle is called in output: `name:version`, else the start of its manifest's digest. */
export function bundleLabel(bundle: Pick<Bundle, "name" | "version" | "manifestDigest">): string {
  if (bundle.name && bundle.version) return `${bundle.name}:${bundle.version}`;
  return `${bundle.manifestDigest.slice(0, 18)}…`;
}
