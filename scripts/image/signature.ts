/**
 * Signatures as cosign makes and verifies them with a key: the "simple signing" document names a
 * digest and is signed by ECDSA on the curve P-256 with SHA-256. A signature is a referrer of what
 * is signed, and has the tag besides under which earlier versions of cosign look for it.
 * See https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { encodeGoJson } from "../../src/core/json.ts";
import { readDocument } from "../../src/core/files.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { referrersTag } from "../../src/oci/referrer.ts";
import type { ContentStore } from "../../src/oci/store.ts";
import { writeReferrer } from "./documents.ts";

/** The type of a signature among referrers. */
export const SIGNATURE_TYPE = "application/vnd.dev.cosign.artifact.sig.v1+json";

/**
 * Reads a private key: PEM, PKCS #8 or SEC 1, without a password.
 * @throws {Error} when it is another kind of key.
 */
export async function readSigningKey(path: string): Promise<KeyObject> {
  const want = "want an EC key on P-256 in PEM without a password, as " +
    "`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes it";
  let key: KeyObject;
  try {
    key = createPrivateKey(Buffer.from(await readDocument(path)));
  } catch (cause) {
    throw new Error(`Cannot use ${path} as a key: ${want}`, { cause });
  }
  if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
  throw new Error(`Cannot use ${path} as a key: ${want}`);
}

/** Signs a manifest, and returns the signature's own. */
export async function signManifest(
  store: ContentStore,
  subject: Descriptor,
  { key, repository }: { readonly key: KeyObject; readonly repository: string },
): Promise<{ readonly signature: Descriptor; readonly tag: string }> {
  const payload = encodeGoJson({
    critical: {
      identity: { "docker-reference": repository },
      image: { "docker-manifest-digest": subject.digest },
      type: "cosign container image signature",
    },
    optional: null,
  });
  const signature = await writeReferrer(store, subject, {
    artifactType: SIGNATURE_TYPE,
    mediaType: "application/vnd.dev.cosign.simplesigning.v1+json",
    content: payload,
    annotations: {
      "dev.cosignproject.cosign/signature": sign("sha256", payload, key).toString("base64"),
    },
  });
  return { signature, tag: `${referrersTag(subject)}.sig` };
}
