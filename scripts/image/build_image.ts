/** Makes the image for all machines, in a layout, with what refers to it. @module */
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { bundle } from "../bundle.ts";
import type { Architecture } from "../runtime/architectures.ts";
import { linuxRuntime } from "../runtime/linux_runtime.ts";
import type { PackagePlaces } from "../runtime/packages.ts";
import { packagesOfProgram } from "./bundled_packages.ts";
import { type Facts, writeImage, writeIndex, writeReferrer } from "./documents.ts";
import type { LayoutStore } from "./layout_store.ts";
import { signManifest } from "./signature.ts";
import { billOfMaterials, type Ingredients, provenance } from "./statements.ts";
import { execution, systemLayers } from "./system.ts";
import { writeLayer } from "./system_layer.ts";

/** What is made, and from what. */
export interface ImageOptions extends PackagePlaces {
  readonly architectures: readonly Architecture[];
  readonly version: string;
  readonly commit?: string | undefined;
  /** RFC 3339 time of the image. */
  readonly created?: string | undefined;
  /** Signs all manifests; nothing is signed when absent. */
  readonly key?: KeyObject | undefined;
  /** The repository that signatures name. */
  readonly repository: string;
  /** A folder for files on the way. */
  readonly scratch: string;
}

/** What was made. */
export interface BuiltImage {
  /** The index of the images. */
  readonly index: Descriptor;
  /** What refers to it and to its parts; signatures have a tag. */
  readonly referrers: readonly { readonly manifest: Descriptor; readonly tag?: string }[];
}

/** Writes everything into a layout; the index has the version as its tag. */
export async function buildImage(store: LayoutStore, options: ImageOptions): Promise<BuiltImage> {
  const { architectures, version, scratch } = options;
  const program = join(scratch, "bundle");
  await bundle(program);
  const bundled = await packagesOfProgram();
  const annotations = facts(options);
  const [images, signed, referrers]: [
    Descriptor[],
    Descriptor[],
    BuiltImage["referrers"][number][],
  ] = [[], [], []];
  for (const architecture of architectures) {
    const runtime = await linuxRuntime(architecture, options);
    const layers = [];
    for (const layer of await systemLayers(runtime, program)) {
      layers.push(await writeLayer(store, layer, scratch));
    }
    const image = await writeImage(store, {
      architecture: architecture.name,
      layers,
      config: execution(annotations),
      annotations,
      created: options.created,
    });
    // Some tools look for one machine by a tag of its own.
    await store.tag(image, `${version}-${architecture.name}`);
    images.push(image);
    const ingredients: Ingredients = { ...options, packages: runtime.packages, bundled };
    for (const statement of [billOfMaterials(ingredients), provenance(image, ingredients)]) {
      const manifest = await writeReferrer(store, image, statement);
      referrers.push({ manifest });
      signed.push(image, manifest);
    }
  }
  const index = await writeIndex(store, images, annotations);
  await store.tag(index, version);
  const { key, repository } = options;
  for (const subject of key === undefined ? [] : new Set([index, ...signed])) {
    const { signature, tag } = await signManifest(store, subject, { key: key!, repository });
    referrers.push({ manifest: signature, tag });
  }
  return { index, referrers };
}

/** What labels and annotations say. */
function facts({ version, commit, created }: ImageOptions): Facts {
  const name = (key: string) => `org.opencontainers.image.${key}`;
  return {
    [name("title")]: "modelops",
    [name("description")]: "Package machine-learning models as OCI artifacts, and move them",
    [name("version")]: version,
    [name("licenses")]: "Apache-2.0",
    ...commit === undefined ? {} : { [name("revision")]: commit },
    ...created === undefined ? {} : { [name("created")]: created },
  };
}
