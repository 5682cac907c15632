/**
 * What an image says about itself: what is in it (CycloneDX 1.6), and how it was made (SLSA
 * provenance 1.0 in a statement of in-toto 1.0). Neither has a time or the name of a machine, so
 * that the same image says the same.
 * @module
 */
import { digestAlgorithm, digestHex } from "../../src/core/digest.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { FetchedPackage } from "../runtime/packages.ts";
import type { BundledPackage } from "./bundled_packages.ts";
import type { Statement } from "./documents.ts";

/** What an image is made of. */
export interface Ingredients {
  /** Version of the program. */
  readonly version: string;
  /** The commit it was made from; absent where the tree has changes, or is no repository. */
  readonly commit?: string | undefined;
  readonly packages: readonly FetchedPackage[];
  readonly bundled: readonly BundledPackage[];
}

const CYCLONE_TYPE = "application/vnd.cyclonedx+json";
const IN_TOTO_TYPE = "application/vnd.in-toto+json";

const npmUrl = ({ name, version }: BundledPackage) =>
  `pkg:npm/${name.replace("@", "%40")}@${version}`;

/** The parts of an image: the program, the packages in its bundle, and those it runs in. */
export function billOfMaterials({ version, packages, bundled }: Ingredients): Statement {
  const component = (
    name: string,
    version: string,
    purl: string,
    alg: string,
    content: string,
  ) => ({
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    hashes: [{ alg, content }],
  });
  return {
    artifactType: CYCLONE_TYPE,
    mediaType: CYCLONE_TYPE,
    content: {
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      version: 1,
      metadata: {
        component: {
          type: "container",
          "bom-ref": "modelops",
          name: "modelops",
          version,
          licenses: [{ license: { id: "Apache-2.0" } }],
        },
      },
      components: [
        ...packages.map(({ name, version, purl, digest }) =>
          component(name, version, purl, HASH_NAMES[digestAlgorithm(digest)], digestHex(digest))
        ),
        ...bundled.map((each) =>
          component(each.name, each.version, npmUrl(each), HASH_NAMES.sha512, each.sha512)
        ),
      ],
    },
  };
}

const HASH_NAMES = { sha256: "SHA-256", sha512: "SHA-512" } as const;

/** How an image was made: by which task, and from what. */
export function provenance(
  subject: Descriptor,
  { version, commit, packages, bundled }: Ingredients,
): Statement {
  const source = commit === undefined ? [] : [{ name: "modelops", digest: { gitCommit: commit } }];
  return {
    artifactType: IN_TOTO_TYPE,
    mediaType: IN_TOTO_TYPE,
    annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1" },
    content: {
      _type: "https://in-toto.io/Statement/v1",
      subject: [{
        name: "modelops",
        digest: { [digestAlgorithm(subject.digest)]: digestHex(subject.digest) },
      }],
      predicateType: "https://slsa.dev/provenance/v1",
      predicate: {
        buildDefinition: {
          buildType: "urn:modelops:deno-task-image:v1",
          externalParameters: { version },
          resolvedDependencies: [
            ...source,
            ...packages.map(({ purl, digest }) => ({
              uri: purl,
              digest: { [digestAlgorithm(digest)]: digestHex(digest) },
            })),
            ...bundled.map((each) => ({ uri: npmUrl(each), digest: { sha512: each.sha512 } })),
          ],
        },
        runDetails: { builder: { id: "urn:modelops:deno-task-image" } },
      },
    },
  };
}
